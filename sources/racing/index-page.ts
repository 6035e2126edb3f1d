import { HtmlIndex, own, readHtml, textOf } from '../../core/source/html.ts';
import type { Page } from '../../core/source/page.ts';
import type { Discovery, Item, Partition } from '../../core/source/source.ts';
import { countryOfMeeting } from './meeting-country.ts';
import type { RacePath } from './race-path.ts';
import { parseRacePath, pathOf } from './race-path.ts';
import { rejected } from './rejected.ts';

interface ListedRace {
  readonly race: RacePath;
  meeting: string;
}

/**
 * The races of one country on a day, each once, in the order of the page. Never throws.
 * The frame (`main`) without a race of the country is a truly empty day. An abandoned meeting is listed without links, or with
 * links to pages that say so themselves. Links to other dates are not of this day and are left out; a page on which all
 * links are of other dates, or that was redirected to another date, is not the index that was asked for: HTML_CHANGED.
 * A race link that cannot be read is PARSE_ERROR, for skipping it would lose a race without a trace.
 */
export function parseIndexPage(page: Page, partition: Partition): Discovery {
  const index = new HtmlIndex(readHtml(page.text));
  if (index.tag('main').length === 0) return rejected('HTML_CHANGED', 'main is gone');
  const links = index.withSelector('link-listCourseNameLink', 'a');
  if (links.length === 0 && index.tag('a').some((link) => parseRacePath(link.attributes.href ?? ''))) {
    return rejected(
      'HTML_CHANGED',
      'races are linked, but not by a[data-test-selector=link-listCourseNameLink]',
    );
  }

  const races = new Map<string, ListedRace>();
  let otherDates = 0;
  for (const link of links) {
    const { href = '' } = link.attributes;
    const race = parseRacePath(href);
    if (!race)
      return rejected('PARSE_ERROR', `link ${JSON.stringify(href.slice(0, 200))} is no address of a race`);
    if (race.date !== partition.date) {
      otherDates++;
      continue;
    }
    const meeting = textOf(link);
    const listed = races.get(race.raceId);
    if (!listed) races.set(race.raceId, { race, meeting });
    else if (listed.race.courseId !== race.courseId) {
      return rejected('PARSE_ERROR', `race ${race.raceId} is listed at two courses`);
    } else if (listed.meeting === '') listed.meeting = meeting;
  }
  if (races.size === 0 && (otherDates > 0 || isOfAnotherDay(page.url, partition.date))) {
    return rejected('HTML_CHANGED', `the index is not of ${partition.date}`);
  }

  const items: Item[] = [];
  for (const { race, meeting } of races.values()) {
    if (meeting === '')
      return rejected('HTML_CHANGED', `race ${race.raceId} is listed without the name of its meeting`);
    if (countryOfMeeting(race, meeting).toLowerCase() === partition.target) {
      items.push({ id: own(race.raceId), url: own(race.path) });
    }
  }
  return { kind: 'items', items };
}

function isOfAnotherDay(address: string, date: string): boolean {
  return !pathOf(address).split('/').includes(date);
}
