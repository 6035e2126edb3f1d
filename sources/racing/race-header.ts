import type { HtmlElement } from '../../core/source/html.ts';
import { HtmlIndex, hasClass, textOf } from '../../core/source/html.ts';
import type { Rejected } from '../../core/source/source.ts';
import { parseDistance, raceDistance } from './distance.ts';
import { parseWinningTime } from './finish-time.ts';
import { surfaceOf } from './going.ts';
import { textOrNull, withoutBrackets } from './none.ts';
import { readPrizes } from './prize.ts';
import { classOf, readTitle } from './race-name.ts';
import { raceType } from './race-type.ts';
import { rejected } from './rejected.ts';
import type { RaceColumns } from './schema.ts';

/** What a race page says above its runners. */
export interface RaceHeader {
  readonly kind: 'header';
  readonly columns: Omit<RaceColumns, 'race_id' | 'course_id' | 'ran'>;
  /** Date of the start on the page, `YYYY-MM-DD`. */
  readonly date: string;
  /** `12 ran`; null where the page does not count. */
  readonly ran: number | null;
  /** Prize of each place, the winner's first. */
  readonly prizes: readonly (number | null)[];
}

const START = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})/;
const NAME = 'rp-raceTimeCourseName';

/** The page's frame: the main element of a race. Undefined where it is gone. */
export function frameOf(page: HtmlIndex): HtmlElement | undefined {
  return page.tag('main').find((main) => main.attributes['data-analytics-race-date-time']?.trim());
}

/**
 * Reads everything around the runners. A landmark that is gone is HTML_CHANGED, a landmark with junk in it PARSE_ERROR.
 * The box with the winning time is one where there were rivals (`runners`): a walkover has no time.
 */
export function readHeader(page: HtmlIndex, frame: HtmlElement, runners: number): RaceHeader | Rejected {
  const { 'data-analytics-race-date-time': start = '', 'data-analytics-coursename': course = '' } =
    frame.attributes;
  const [, date, off] = START.exec(start.trim()) ?? [];
  if (date === undefined || off === undefined)
    return rejected('PARSE_ERROR', `start ${JSON.stringify(start)} is no date-time`);
  const first = (...elements: readonly (readonly HtmlElement[])[]) => elements.flat()[0];
  const landmarks = {
    'main[data-analytics-coursename]': course.trim() === '' ? undefined : frame,
    [`h2.${NAME}__title`]: first(page.withClass(`${NAME}__title`)),
    '[data-test-selector=block-distanceInd]': first(page.withSelector('block-distanceInd')),
    [`span.${NAME}_condition`]: first(page.withClass(`${NAME}_condition`)),
    'div.rp-raceInfo span.rp-raceInfo__value':
      runners > 1 ? first(page.withClass('rp-raceInfo__value')) : frame,
  };
  const gone = Object.entries(landmarks).find(([, element]) => element === undefined)?.[0];
  if (gone !== undefined) return rejected('HTML_CHANGED', `${gone} is gone`);

  const text = (elements: readonly HtmlElement[]) => (elements[0] ? textOf(elements[0]) : '');
  const printedTitle = text(page.withClass(`${NAME}__title`));
  if (printedTitle === '') return rejected('HTML_CHANGED', 'the title of the race is empty');
  const title = readTitle(printedTitle);
  const printed = withoutBrackets(text(page.withSelector('block-distanceInd')));
  const exact = parseDistance(text(page.withSelector('block-fullDistanceInd')));
  const distance = raceDistance(parseDistance(printed), exact);
  if (!distance) return rejected('PARSE_ERROR', `distance ${JSON.stringify(printed)} is no distance`);
  const going = textOrNull(withoutBrackets(text(page.withClass(`${NAME}_condition`))));
  const winningTime = winningTimeText(page);
  const winningSecs = parseWinningTime(winningTime);
  if (winningSecs === undefined)
    return rejected('PARSE_ERROR', `winning time ${JSON.stringify(winningTime)} is no time`);
  const prizes = readPrizes(page.withSelector('text-prizeMoney').map((prize) => textOf(prize)));
  if (!prizes) return rejected('PARSE_ERROR', 'a prize has no readable amount');

  const columns: RaceHeader['columns'] = {
    course: course.trim(),
    off,
    race_name: title.name === '' ? printedTitle : title.name,
    class: classOf(text(page.withClass(`${NAME}_class`)), title),
    pattern: title.pattern,
    ...bands(text(page.withClass(`${NAME}_ratingBandAndAgesAllowed`))),
    sex_rest: title.sexRestriction,
    dist: textOrNull(printed),
    dist_y: distance.yards,
    dist_f: distance.furlongs,
    dist_m: distance.metres,
    course_detail: textOrNull(text(page.withClass(`${NAME}_distanceDetail`))),
    going,
    surface: surfaceOf(going),
    type: raceType(distance.furlongs, text(page.withClass(`${NAME}_hurdles`)), printedTitle),
    winning_time: textOrNull(winningTime),
    winning_secs: winningSecs,
  };
  return { kind: 'header', columns, date, ran: ranOf(page), prizes };
}

/** `(0-85, 3yo+)`: either may be missing. */
function bands(printed: string): Pick<RaceColumns, 'rating_band' | 'age_band'> {
  const parts = printed
    .replace(/^\(|\)$/g, '')
    .split(',')
    .map((part) => part.trim());
  return {
    rating_band: parts.find((part) => /^\d+\s*[-–]\s*\d+$/.test(part)) ?? null,
    age_band: parts.find((part) => /\dyo/i.test(part)) ?? null,
  };
}

function ranOf(page: HtmlIndex): number | null {
  const counts = page
    .withClass('rp-raceInfo__value_black')
    .map((value) => /^(\d+)(?:\s*ran\b|$)/i.exec(textOf(value))?.[1]);
  const count = counts.find((digits) => digits !== undefined);
  return count === undefined ? null : Number(count);
}

/** The last but one value of the first line under the runners; the last is the sum of the prices. */
function winningTimeText(page: HtmlIndex): string {
  const [box] = page.withClass('rp-raceInfo', 'div');
  const line = box && new HtmlIndex(box).tag('li')[0];
  if (!line) return '';
  const values = new HtmlIndex(line)
    .withClass('rp-raceInfo__value')
    .filter((value) => !hasClass(value, 'rp-raceInfo__value_black'));
  const value = values.at(-2) ?? values.at(-1);
  return value && !textOf(value).endsWith('%') ? textOf(value) : '';
}
