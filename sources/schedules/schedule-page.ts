import type { Page } from '../../core/source/page.ts';
import { isOfSite } from '../../core/source/site.ts';
import type { Item, ItemContext, Parsed, Partition } from '../../core/source/source.ts';
import { type ChosenDay, type CountedDay, chooseDay, countedDays } from './choose-day.ts';
import { scheduleLinks } from './links.ts';
import { type PrintedPage, readPrintedPage } from './printed-page.ts';
import { GRADE_LEVELS, type GradeLevel, type Schedule } from './schema.ts';
import { schoolYearOf } from './school-year.ts';
import { whyUnreadable } from './unreadable.ts';

/** Pages of a district beyond its own address. */
const MOST_FOLLOWED = 4;

/**
 * Reads a page of a district: a record for each grade level whose regular day it prints, and further pages of
 * the same site that speak of schedules. What cannot be read is no error: `empty` says why, with the links.
 */
export function parseSchedulePage(
  page: Page,
  item: Item,
  { date }: Partition,
  { page: number, requests }: ItemContext,
): Parsed<Schedule> {
  if (!isHtml(page))
    return { kind: 'empty', reason: `${page.url} is ${page.contentType}, which is not read` };
  if (number > 0 && !isOfSite(page.url, item.url))
    return { kind: 'empty', reason: `${item.url} leads to another site, ${page.url}` };
  const year = schoolYearOf(date);
  const read = readPrintedPage(page);
  const records = recordsOf(read, { id: item.id, url: page.url, year });
  const left = MOST_FOLLOWED + 1 - requests.length;
  const isDone = number === 0 && records.length === GRADE_LEVELS.length;
  const follow = isDone || left <= 0 ? [] : scheduleLinks(read.html, page.url, year, requests).slice(0, left);
  if (records.length === 0 && follow.length === 0)
    return { kind: 'empty', reason: whyUnreadable(page, read, year) };
  const optional = follow.map((url) => ({ url, optional: true }));
  return { kind: 'records', records, ...(optional.length > 0 && { follow: optional }) };
}

function isHtml({ contentType, text }: Page): boolean {
  return (
    /^(?:text\/html|application\/xhtml\+xml)$/.test(contentType) || (contentType === '' && /^\s*</.test(text))
  );
}

interface Place {
  readonly id: string;
  readonly url: string;
  /** The year that is looked for. */
  readonly year: string;
}

function recordsOf(page: PrintedPage, place: Place): Schedule[] {
  const days = countedDays(page.days.filter(({ facets }) => isOfYear(facets.years, page, place.year)));
  return GRADE_LEVELS.flatMap((level) => {
    const chosen = chooseDay(days, level);
    return chosen ? [recordOf(chosen, level, page, place)] : [];
  });
}

/**
 * A year at the times decides, then those of the page, then its dates; a page without any may be this year's.
 */
function isOfYear(years: readonly string[] | undefined, page: PrintedPage, year: string): boolean {
  for (const named of [years ?? [], page.years, page.dated])
    if (named.length > 0) return named.includes(year);
  return true;
}

function saysYear({ facets }: CountedDay, page: PrintedPage, year: string): boolean {
  return (facets.years ?? page.years).includes(year);
}

/** Minutes; outside of them something is amiss. */
const PLAUSIBLE = { least: 240, most: 420 };

function recordOf(
  { day, schools, differs }: ChosenDay,
  level: GradeLevel,
  page: PrintedPage,
  place: Place,
): Schedule {
  const { start, end, instructional, lunch, passing, recess, isDetailed, hidden, ignored } = day.minutes;
  const hasYear = saysYear(day, page, place.year);
  const isPlausible = instructional >= PLAUSIBLE.least && instructional <= PLAUSIBLE.most;
  const notes = [
    ...(isDetailed ? [] : ['no breaks are printed: the minutes are those of the whole day']),
    ...hidden.map((kind) => `a ${kind} within a period is not taken off: its length is not printed`),
    ...(hasYear ? [] : ['the page names no school year']),
    ...(isPlausible ? [] : [`${instructional} minutes are unlikely`]),
    ...(differs ? ['schools differ: these are the usual times'] : []),
    ...(ignored.length > 0 ? [`ignored: ${ignored.slice(0, 5).join('; ')}`] : []),
  ];
  const isSure = isDetailed && hidden.length === 0 && hasYear && ignored.length === 0;
  return {
    district_id: place.id,
    year: place.year,
    grade_level: level,
    start_time: start.minutes,
    end_time: end.minutes,
    start_time_printed: start.text,
    end_time_printed: end.text,
    instructional_minutes: instructional,
    lunch_duration: lunch,
    passing_periods: passing,
    recess_duration: recess,
    schools_sampled: [...schools],
    source_urls: [place.url],
    confidence: isPlausible ? (isSure ? 'high' : 'medium') : 'low',
    method: 'automated_enrichment',
    notes: notes.length > 0 ? notes.join('. ') : null,
  };
}
