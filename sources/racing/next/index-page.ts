import type { HtmlElement } from '../../../core/source/html.ts';
import type {
  Discovery,
  IndexContext,
  ListedStatus,
  Partition,
  Rejected,
} from '../../../core/source/source.ts';
import { discoverRaces, type ListedRace } from '../listed-races.ts';
import type { Markup } from '../markup.ts';
import { countryByCode, isArabian } from '../meeting-country.ts';
import { parseRacePath } from '../race-path.ts';
import { rejected } from '../rejected.ts';
import type { JsonNode } from './json-node.ts';

/** The note of a page without data that carried the site's own message of a day without racing. */
const MESSAGE_STOOD = 'no data, and the message that there are no results';
const NO_MESSAGE = 'no data, and no message';

type NextMarkup = Extract<Markup, { readonly kind: 'next' }>;

/**
 * Reads a day of today's markup. Special meetings repeat races of others and are left out. Data that is null,
 * or a list beside an error, proves nothing, even beside the message that there are no results, for the site
 * has answered so for days that had racing: it is NO_RECORDS at the first try, then the list by time is
 * asked. The day is empty where the list is, or where both pages carry the message.
 */
export function readNextIndex(
  { state, visible }: NextMarkup,
  partition: Partition,
  context: IndexContext & { readonly isTimeOrder: boolean },
): Discovery {
  const results = state.key('results');
  const meetings = results.key('data').list();
  if (state.faults[0] !== undefined) return rejected('HTML_CHANGED', state.faults[0]);
  const trouble = troubleOf(results);
  if (meetings === null || (meetings.length === 0 && trouble !== undefined))
    return withoutData(visible(), partition, context);
  if (trouble !== undefined) return rejected('NO_RECORDS', `the list of meetings is not all: ${trouble}`);
  if (meetings.length === 0) return { kind: 'empty', sign: 'results.data is an empty list' };

  const races: ListedRace[] = [];
  for (const node of meetings) {
    const meeting = readMeeting(node);
    if (state.faults[0] !== undefined) return rejected('HTML_CHANGED', state.faults[0]);
    if (meeting === 'repeats') continue;
    if (meeting.code === '' || (isArabian(meeting.code) && meeting.name === ''))
      return rejected('HTML_CHANGED', `${node.path} has no country: countryCode or courseName is empty`);
    const course = { courseId: meeting.courseId, courseSlug: '' };
    const isOurs = countryByCode(course, meeting.code, meeting.name) === partition.value.toUpperCase();
    if (meeting.races.length === 0 && isOurs && !meeting.isAbandoned)
      return rejected('HTML_CHANGED', `${node.path}.races is empty`);
    for (const race of meeting.races) {
      const listed = readRace(meeting, race, partition);
      if (state.faults[0] !== undefined) return rejected('HTML_CHANGED', state.faults[0]);
      if (listed.kind === 'rejected') return listed;
      races.push(listed);
    }
  }
  return discoverRaces(races, partition);
}

/**
 * Why a list may be less than the day: an error that the site puts beside it, or that it is still loading.
 */
function troubleOf(results: JsonNode): string | undefined {
  const { error, isLoading } = results.value as { readonly error?: unknown; readonly isLoading?: unknown };
  if (error !== undefined && error !== null && error !== false && error !== '')
    return `results.error is ${JSON.stringify(error).slice(0, 200)}`;
  return isLoading === true ? 'results.isLoading is true' : undefined;
}

interface Meeting {
  readonly courseId: string;
  /** `Bellewstown (IRE)`. */
  readonly name: string;
  /** `GB`, `IRE`, `ARO`. */
  readonly code: string;
  readonly isAbandoned: boolean;
  readonly races: readonly JsonNode[];
}

function readMeeting(node: JsonNode): Meeting | 'repeats' {
  if (node.key('isSpecialMeeting').flag()) return 'repeats';
  return {
    courseId: node.key('courseId').text(),
    name: node.key('courseName').text(),
    code: node.key('countryCode').text(),
    isAbandoned: node.key('isAbandoned').flag(),
    races: node.key('races').list() ?? [],
  };
}

function withoutData(
  page: HtmlElement | undefined,
  { date }: Partition,
  { attempt, notes, isTimeOrder }: IndexContext & { readonly isTimeOrder: boolean },
): Discovery {
  const note = page && hasMessage(page) ? MESSAGE_STOOD : NO_MESSAGE;
  if (isTimeOrder) {
    return note === MESSAGE_STOOD && notes.includes(MESSAGE_STOOD)
      ? { kind: 'empty', sign: 'both lists of the day say that there are no results' }
      : rejected('NO_RECORDS', `both lists of the day came without data: ${note}`);
  }
  return attempt <= 1
    ? rejected('NO_RECORDS', `results.data is null, or empty beside an error: ${note}`)
    : { kind: 'follow', url: `/results/${date}/time-order`, note };
}

function hasMessage(element: HtmlElement): boolean {
  return element.children.some(
    (child) =>
      typeof child !== 'string' &&
      (child.attributes['data-testid']?.trim() === 'Text__NoResultsMessage' || hasMessage(child)),
  );
}

function readRace(
  meeting: Meeting,
  race: JsonNode,
  { date }: Partition,
): ({ readonly kind: 'race' } & ListedRace) | Rejected {
  const id = race.key('raceUid').text();
  const link = race.key('fullResultLink').text();
  const slug = race.key('courseKey').text() || 'course';
  const status = statusOf(meeting, race, link);
  const address = link || `/results/${meeting.courseId}/${slug}/${date}/${id}`;
  const path = parseRacePath(address);
  if (!path)
    return rejected('PARSE_ERROR', `link ${JSON.stringify(address.slice(0, 200))} is no address of a race`);
  if (path.raceId !== id)
    return rejected('HTML_CHANGED', `${race.path} is race ${id}, and links race ${path.raceId}`);
  return { kind: 'race', path, country: countryByCode(path, meeting.code, meeting.name), status };
}

/**
 * How a race stands, judged by the race itself, for a meeting that is lost in part does not say so. A race
 * with a full result is asked for whatever else is said of it.
 */
function statusOf(meeting: Meeting, race: JsonNode, link: string): ListedStatus {
  const isVoid = race.key('isVoidRace').flag();
  const isAbandoned = race.key('isAbandoned').flag();
  const code = race.key('raceStatusCode').text();
  const isResult = race.key('isResult').flag();
  const hasPage = race.key('fullResultAvailable').flag();
  const runners = race.key('runnersCount').text();
  if (isVoid) return 'void';
  const isLost = isAbandoned || code === 'A' || (meeting.isAbandoned && runners === '0');
  if (isLost && !hasPage) return 'abandoned';
  return isResult && hasPage && link !== '' ? 'ready' : 'pending';
}
