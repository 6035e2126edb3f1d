import { DEAD_HEAT, FIRST_MARGINS, lengthsOf, MARGINS, WINNER } from './measures.ts';
import type { Lengths, RaceType } from './racing-day.ts';
import type { Random } from './random.ts';

/** The place of one runner in the order of the page. */
export interface Placing {
  readonly position: string;
  readonly beaten: Lengths | null;
  readonly overall: Lengths | null;
}

/** What is out of the ordinary about a race. */
export type Special =
  | 'dead-heat-first'
  | 'dead-heat-third'
  | 'disqualified-winner'
  | 'disqualified-behind'
  | 'void'
  | 'void-with-prizes'
  | 'abandoned'
  | 'walkover'
  | 'riderless'
  | 'no-odds'
  | 'zero-time'
  | 'standard-time'
  | null;

const FALLS = ['PU', 'PU', 'F', 'UR', 'BD', 'RR', 'CO', 'SU', 'REF', 'RO', 'LFT', 'RTR'];
const FLAT_FALLS = ['PU', 'UR', 'RR', 'SU', 'RTR'];

/**
 * In the order of the page: a horse disqualified from first place stays first, then numbered finishers, then
 * a horse disqualified behind them, then those that did not finish.
 */
export function placingsOf(runners: number, type: RaceType, special: Special, random: Random): Placing[] {
  if (isVoid(special)) return Array.from({ length: runners }, () => unplaced('VOI'));
  const jumps = type === 'Hurdle' || type === 'Chase';
  const lost = special === 'walkover' ? 0 : lostRunners(runners, jumps, random);
  const crossed = runners - lost;

  const placings: Placing[] = [];
  let total = 0;
  for (let row = 0; row < crossed; row++) {
    if (row === 0 && special === 'disqualified-winner') {
      placings.push(unplaced('DSQ'));
      continue;
    }
    const place = special === 'disqualified-winner' ? row : row + 1;
    const tied = (special === 'dead-heat-first' && row === 1) || (special === 'dead-heat-third' && row === 3);
    const margin = row === 0 ? WINNER : tied ? DEAD_HEAT : random.pick(total === 0 ? FIRST_MARGINS : MARGINS);
    total += margin.value;
    const behind = special === 'disqualified-behind' && row === crossed - 1;
    const position = behind ? 'DSQ' : tied ? placings[row - 1]!.position : String(place);
    // Behind the winner and behind a dead-heater for first there is one margin only, and it is both.
    const overall = row === 0 || total === 0 ? margin : total === margin.value ? margin : lengthsOf(total);
    placings.push({ position, beaten: margin, overall });
  }
  const kinds = jumps ? FALLS : FLAT_FALLS;
  for (let row = 0; row < lost; row++) placings.push(unplaced(random.pick(kinds)));
  return placings;
}

export function isVoid(special: Special): boolean {
  return special === 'void' || special === 'void-with-prizes';
}

function lostRunners(runners: number, jumps: boolean, random: Random): number {
  if (jumps) return Math.min(runners - 5, random.int(0, 4));
  return random.chance(0.06) ? 1 : 0;
}

function unplaced(position: string): Placing {
  return { position, beaten: null, overall: null };
}

/**
 * One amount a place, whole pounds where `whole`. A disqualified horse gets none, so that one place more may
 * be printed than there are takers. A dead heat shares the two amounts evenly.
 */
export function prizesOf(
  first: number,
  placings: readonly Placing[],
  special: Special,
  whole: boolean,
): number[] {
  const crossed = placings.filter((one) => one.beaten !== null || one.position === 'DSQ').length;
  const disqualified = special === 'disqualified-winner' || special === 'disqualified-behind';
  const paid = isVoid(special) ? 4 : Math.min(crossed, disqualified ? crossed : 8);
  const unit = whole ? 1 : 100;
  const prizes = Array.from(
    { length: paid },
    (_, place) => Math.round(first * 0.48 ** Math.min(place, 6) * unit) / unit,
  );
  const tied = placings.findIndex(
    (one, row) => row > 0 && /^\d/.test(one.position) && one.position === placings[row - 1]?.position,
  );
  if (tied > 0 && tied < prizes.length) {
    const share = Math.round((prizes[tied - 1]! + prizes[tied]!) * 50) / 100;
    prizes[tied - 1] = share;
    prizes[tied] = share;
  }
  return prizes;
}
