import type { HtmlElement, HtmlIndex } from '../../../core/source/html.ts';
import { hasClass, textOf } from '../../../core/source/html.ts';
import type { Discovery, ListedStatus, Partition, Rejected } from '../../../core/source/source.ts';
import { discoverRaces, type ListedRace } from '../listed-races.ts';
import { countryOfMeeting } from '../meeting-country.ts';
import type { RacePath } from '../race-path.ts';
import { parseRacePath } from '../race-path.ts';
import { rejected } from '../rejected.ts';
import { findNotice } from './not-held.ts';

const PANEL = 'rp-raceCourse__panel__race';
const SECTION = 'course-container';
const TITLE_LINK = 'link-listCourseNameLink';

/** A meeting, with its races in the order of the page. */
interface Section {
  readonly element: HtmlElement;
  readonly courseId: string;
  readonly heading: string;
  /** The whole meeting is lost. */
  readonly isAbandoned: boolean;
  readonly panels: HtmlElement[];
}

/**
 * Reads a day of the classic markup: sections are meetings, and their headings say the country; panels are
 * races. Sections whose course id is no positive number repeat races of others (worldwide stakes, pool lists)
 * and are left out. An empty day says so in `div[data-test-selector=text-errorMessageText]`; a page without
 * meetings that does not is HTML_CHANGED, and so is everything that would make a race lose its meeting.
 */
export function readClassicIndex(page: HtmlIndex, partition: Partition): Discovery {
  const meetings = meetingsOf(page, partition.date);
  if ('kind' in meetings) return meetings;
  const listed: ListedRace[] = [];
  for (const { section, country, races } of meetings) {
    if (section.panels.length === 0 && country === partition.value.toUpperCase() && !isLost(section))
      return rejected('HTML_CHANGED', `${section.heading}: the meeting lists no div.${PANEL}`);
    for (const race of races) {
      if ('kind' in race) return race;
      listed.push(race);
    }
  }
  return discoverRaces(listed, partition);
}

interface Meeting {
  readonly section: Section;
  readonly country: string;
  /** Up to the first that cannot be read. */
  readonly races: readonly (ListedRace | Rejected)[];
}
type Meetings = readonly Meeting[] | Discovery;

/** The countries of a day have one index together. */
const meetingsOfPages = new WeakMap<HtmlIndex, { readonly date: string; readonly meetings: Meetings }>();

function meetingsOf(page: HtmlIndex, date: string): Meetings {
  const known = meetingsOfPages.get(page);
  if (known?.date === date) return known.meetings;
  const meetings = readMeetings(page, date);
  meetingsOfPages.set(page, { date, meetings });
  return meetings;
}

/** The meetings of the page, whatever their country, or what it says in their place. */
function readMeetings(page: HtmlIndex, date: string): Meetings {
  const elements = page.withSelector(SECTION, 'section');
  if (elements.length === 0) return withoutMeetings(page);
  const sections = new Map<HtmlElement, Section>();
  for (const element of elements) {
    const section = readSection(page, element);
    if (section === 'repeats') continue;
    if (section.kind === 'rejected') return section;
    sections.set(element, section.section);
  }
  if (sections.size === 0) return withoutMeetings(page);
  const numbered = new Set<string>();
  for (const panel of page.withClass(PANEL, 'div')) {
    const element = ancestor(panel, isSection);
    if (!element)
      return rejected('HTML_CHANGED', `a race stands outside section[data-test-selector=${SECTION}]`);
    numbered.add(idOf(panel));
    sections.get(element)?.panels.push(panel);
  }
  const stray = findStrayLink(page, sections, numbered);
  if (stray) return stray;

  return [...sections.values()].map((section) => ({
    section,
    country: countryOfSection(section),
    races: readRaces(section, { numbered, date }),
  }));
}

function readRaces(section: Section, known: KnownRaces): readonly (ListedRace | Rejected)[] {
  const races: (ListedRace | Rejected)[] = [];
  for (const panel of section.panels) {
    const race = readPanel(section, panel, known);
    if (race === undefined) continue;
    if (race.kind === 'rejected') return [...races, race];
    const country = countryOfMeeting(race.path, section.heading);
    races.push({ path: race.path, status: race.status, country });
  }
  return races;
}

function withoutMeetings(page: HtmlIndex): Discovery {
  const [message] = page.withSelector('text-errorMessageText', 'div');
  const text = message && textOf(message);
  if (!text) return rejected('HTML_CHANGED', `section[data-test-selector=${SECTION}] of a meeting is gone`);
  // The same element may tell of a fault or of maintenance, which says nothing about the day.
  return NOTHING_RUN.test(text) && !PASSING.test(text)
    ? { kind: 'empty', sign: text }
    : rejected('NO_RECORDS', `the index says: ${text}`);
}

/** `There are no results for this date`. */
const NOTHING_RUN = /\b(?:no|not any)\b.{0,60}\b(?:results?|races?|racing|meetings?|fixtures?)\b/i;
/** What the site says while it cannot tell. */
const PASSING =
  /\b(?:error|wrong|again|unavailable|later|maintenance|moment|currently|temporar(?:y|ily)|yet)\b/i;

function readSection(
  page: HtmlIndex,
  element: HtmlElement,
): { readonly kind: 'section'; readonly section: Section } | 'repeats' | Rejected {
  const id = element.attribute('data-course-id')?.trim();
  if (id === undefined) return rejected('HTML_CHANGED', 'a meeting has no data-course-id');
  if (!/^0*[1-9]\d*$/.test(id)) return 'repeats';
  const headings = page.withSelector('course-name', 'h2');
  const own = headings.find((heading) => ancestor(heading, isSection) === element);
  const heading = own && textOf(own);
  if (!heading) return rejected('HTML_CHANGED', `meeting ${id} has no h2[data-test-selector=course-name]`);
  const isAbandoned = /\babandoned\b(?!\s+(?:after|from)\b)/i.test(heading);
  return { kind: 'section', section: { element, courseId: id, heading, isAbandoned, panels: [] } };
}

/** A link that stands in no panel, to a race that has none either, would be a race that is lost. */
function findStrayLink(
  page: HtmlIndex,
  sections: ReadonlyMap<HtmlElement, Section>,
  numbered: ReadonlySet<string>,
): Rejected | undefined {
  for (const link of page.withSelector(TITLE_LINK)) {
    const race = parseRacePath(link.attribute('href') ?? '');
    if (race && numbered.has(race.raceId)) continue;
    const section = ancestor(link, isSection);
    const href = JSON.stringify((link.attribute('href') ?? '').slice(0, 200));
    if (!section) return rejected('HTML_CHANGED', `link ${href} stands in no meeting`);
    if (sections.has(section) && !ancestor(link, isPanel))
      return rejected('HTML_CHANGED', `link ${href} stands in no div.${PANEL}`);
  }
  return undefined;
}

interface KnownRaces {
  /** Ids of the races that have a panel of their own. */
  readonly numbered: ReadonlySet<string>;
  /** Of the index. */
  readonly date: string;
}

/**
 * A race from its panel. A panel without an id takes the one of its link, unless that race has a panel of its
 * own; without either it is no race. Only a link makes it ready: a race is not asked for before it has one.
 */
function readPanel(
  section: Section,
  panel: HtmlElement,
  { numbered, date }: KnownRaces,
): { readonly kind: 'race'; readonly path: RacePath; readonly status: ListedStatus } | Rejected | undefined {
  const id = idOf(panel);
  const path = linkOf(panel, id);
  if (path?.kind === 'rejected') return path;
  if (path && id === '' && numbered.has(path.path.raceId)) return undefined;
  if (path && id !== '' && path.path.raceId !== id)
    return rejected('HTML_CHANGED', `the panel of race ${id} links race ${path.path.raceId}`);
  const lost = section.isAbandoned ? 'abandoned' : lostStatus(panel);
  if (path) return { kind: 'race', path: path.path, status: lost ?? 'ready' };
  if (id === '') return undefined;
  const promised = parseRacePath(`/results/${section.courseId}/${slugOf(section.heading)}/${date}/${id}`);
  if (!promised) return rejected('PARSE_ERROR', `race id ${JSON.stringify(id.slice(0, 40))} is no id`);
  return { kind: 'race', path: promised, status: lost ?? 'pending' };
}

function idOf(panel: HtmlElement): string {
  return panel.attribute('data-diffusion-race-id')?.trim() ?? '';
}

/**
 * The address of the race: of its title, else of any element of the panel that links it (some are `div`s with
 * `href`).
 */
function linkOf(
  panel: HtmlElement,
  id: string,
): { readonly kind: 'path'; readonly path: RacePath } | Rejected | undefined {
  const paths: RacePath[] = [];
  const titles: RacePath[] = [];
  let broken: string | undefined;
  const visit = (element: HtmlElement): void => {
    for (const child of element.children) {
      if (typeof child === 'string') continue;
      const href = child.attribute('href');
      const path = href?.includes('/results/') ? parseRacePath(href) : undefined;
      const isTitle = child.attribute('data-test-selector')?.trim() === TITLE_LINK;
      if (path) (isTitle ? titles : paths).push(path);
      else if (isTitle) broken = href ?? '';
      visit(child);
    }
  };
  visit(panel);
  if (broken !== undefined)
    return rejected('PARSE_ERROR', `link ${JSON.stringify(broken.slice(0, 200))} is no address of a race`);
  const path = titles[0] ?? paths.find(({ raceId }) => raceId === id) ?? paths[0];
  return path && { kind: 'path', path };
}

/** `Abandoned` or `Void` in a panel; the title of the race and names of horses are left out. */
function lostStatus(panel: HtmlElement): ListedStatus | undefined {
  const notice = findNotice(panel, isTitleOrName);
  if (notice === undefined) return undefined;
  return notice === 'void' ? 'void' : 'abandoned';
}

const BARE_NOTICE = /^\W*(?:race |meeting )?(?:abandoned|cancelled|void)\W*$/i;

/**
 * Any element may link the race with its title inside, and a `dd` lists non-runners, of which one may be
 * named Void Of Sense; one that says nothing but the notice is one.
 */
function isTitleOrName(element: HtmlElement): boolean {
  const href = element.attribute('href');
  const isTitle = element.attribute('data-test-selector')?.trim() === TITLE_LINK;
  if (isTitle || href?.includes('/profile/')) return true;
  const mayName = element.tag === 'dd' || href?.includes('/results/') === true;
  return mayName && !BARE_NOTICE.test(textOf(element));
}

function isLost(section: Section): boolean {
  return section.isAbandoned || lostStatus(section.element) !== undefined;
}

function countryOfSection({ courseId, heading }: Section): string {
  return countryOfMeeting({ courseId, courseSlug: slugOf(heading) }, heading);
}

/** `GOWRAN PARK (IRE)` is `gowran-park`, where no link says how the site spells it. */
function slugOf(heading: string): string {
  const words = heading
    .replace(/\([A-Z]{2,3}\)/g, (bracket) => (bracket === '(AW)' ? ' aw ' : ' '))
    .replace(/\babandoned\b.*$/i, '')
    .toLowerCase()
    .match(/[a-z0-9]+/g);
  return words?.join('-') || 'course';
}

function isSection(element: HtmlElement): boolean {
  return element.tag === 'section' && element.attribute('data-test-selector')?.trim() === SECTION;
}

function isPanel(element: HtmlElement): boolean {
  return element.tag === 'div' && hasClass(element, PANEL);
}

function ancestor(element: HtmlElement, is: (element: HtmlElement) => boolean): HtmlElement | undefined {
  for (let at = element.parent; at; at = at.parent) if (is(at)) return at;
  return undefined;
}
