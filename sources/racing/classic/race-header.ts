import type { HtmlElement, HtmlIndex } from '../../../core/source/html.ts';
import { textOf } from '../../../core/source/html.ts';
import type { Rejected } from '../../../core/source/source.ts';
import { parseDistance } from '../distance.ts';
import { parseLocalStart } from '../local-start.ts';
import { countryOfMeeting } from '../meeting-country.ts';
import type { PrintedRace } from '../printed-race.ts';
import { readPrizes } from '../prize.ts';
import { findOtherRace, type PromisedRace } from '../promised-race.ts';
import { parseRacePath } from '../race-path.ts';
import { rejected } from '../rejected.ts';
import { readPrizeBlock } from './prize-block.ts';
import { type RaceInfo, readRaceInfo } from './race-info.ts';

const NAME = 'rp-raceTimeCourseName';
/** Countries whose races all say how the ground is; elsewhere the line is left out where nobody knows. */
const GOING_SAID: ReadonlySet<string> = new Set(['GB', 'IRE']);

/** The page's frame: the main element of a race. Undefined where it is gone. */
export function frameOf(page: HtmlIndex): HtmlElement | undefined {
  return page.tag('main').find((main) => main.attribute('data-analytics-race-date-time')?.trim());
}

/** Which race the page is of, as far as it says: rejected where that is not the one that was promised. */
export interface ClassicIdentity {
  readonly kind: 'identity';
  readonly off: string;
  readonly course: string;
  /** Undefined where the page does not name its course. */
  readonly country: string | undefined;
}

export function readIdentity(
  page: HtmlIndex,
  frame: HtmlElement,
  promised: PromisedRace,
): ClassicIdentity | Rejected {
  const start = frame.attribute('data-analytics-race-date-time') ?? '';
  const local = parseLocalStart(start);
  if (!local) return rejected('PARSE_ERROR', `start ${JSON.stringify(start)} is no date-time`);
  const [heading] = page.withClass(`${NAME}__name`);
  const country = heading && countryOfMeeting(promised.path, textOf(heading));
  const course = frame.attribute('data-analytics-coursename')?.trim() ?? '';
  const other =
    canonicalOf(page, promised) ??
    findOtherRace({ date: local.date, course: course || undefined, country }, promised);
  return other ?? { kind: 'identity', off: local.off, course, country };
}

/** The page's own address in its head, where it has one. */
function canonicalOf(page: HtmlIndex, promised: PromisedRace): Rejected | undefined {
  const link = page.tag('link').find((each) => each.attribute('rel')?.toLowerCase() === 'canonical');
  const path = parseRacePath(link?.attribute('href') ?? '');
  return path && findOtherRace({ raceId: path.raceId, date: path.date }, promised);
}

/**
 * Reads everything around the runners. A landmark that is gone is HTML_CHANGED, a landmark with junk in it
 * PARSE_ERROR. The box with the winning time is one where there were rivals (`runners`): a walkover has no
 * time.
 */
export function readHeader(
  page: HtmlIndex,
  { off, course, country }: ClassicIdentity,
  runners: number,
): { readonly kind: 'header'; readonly race: PrintedRace } | Rejected {
  const info = readRaceInfo(page);
  const gone = goneLandmark(page, course, country, info, runners);
  if (gone !== undefined || country === undefined) return rejected('HTML_CHANGED', `${gone} is gone`);

  const printedExact = text(page.withSelector('block-fullDistanceInd'));
  const exactDistance = parseDistance(printedExact);
  if (printedExact !== '' && !exactDistance)
    return rejected('PARSE_ERROR', `distance ${JSON.stringify(printedExact)} is no distance`);
  const [block] = page.withSelector('text-prizeMoney');
  const printedPrizes = block ? readPrizeBlock(block) : [];
  const prizes = printedPrizes && readPrizes(printedPrizes);
  if (!prizes) return rejected('PARSE_ERROR', 'the block of prizes has no readable amount');
  const race: PrintedRace = {
    country,
    course,
    off,
    title: text(page.withClass(`${NAME}__title`)),
    class: text(page.withClass(`${NAME}_class`)),
    bands: text(page.withClass(`${NAME}_ratingBandAndAgesAllowed`)),
    distance: text(page.withSelector('block-distanceInd')),
    exactDistance,
    courseDetail: text(page.withClass(`${NAME}_distanceDetail`)),
    going: text(page.withClass(`${NAME}_condition`)),
    obstacles: text(page.withClass(`${NAME}_hurdles`)),
    typeCode: '',
    ran: info.ran,
    winningTime: info.winningTime ?? '',
    prizes,
  };
  return { kind: 'header', race };
}

/** The first landmark that a race must have and this page has not. */
function goneLandmark(
  page: HtmlIndex,
  course: string,
  country: string | undefined,
  info: RaceInfo,
  runners: number,
): string | undefined {
  if (course === '') return 'main[data-analytics-coursename]';
  if (country === undefined) return `a.${NAME}__name`;
  if (page.withClass(`${NAME}__title`).length === 0) return `h2.${NAME}__title`;
  if (page.withSelector('block-distanceInd').length === 0) return '[data-test-selector=block-distanceInd]';
  if (GOING_SAID.has(country) && page.withClass(`${NAME}_condition`).length === 0)
    return `span.${NAME}_condition`;
  if (runners > 1 && info.filled === 0) return 'div.rp-raceInfo span.rp-raceInfo__value';
  if (runners > 1 && info.filled > 1 && info.winningTime === undefined)
    return 'the label of the winning time';
  return undefined;
}

function text(elements: readonly HtmlElement[]): string {
  return elements[0] ? textOf(elements[0]) : '';
}
