import { memoized } from './memoized.ts';
import { parseMixedNumber } from './mixed-number.ts';

/** Margins that have names, in lengths. `dht` is a dead heat, `dist` a distance: further than is measured. */
const NAMED: ReadonlyMap<string, number> = new Map(
  Object.entries({
    dht: 0,
    nse: 0.05,
    shd: 0.1,
    'sht-hd': 0.1,
    hd: 0.2,
    snk: 0.2,
    nk: 0.3,
    lgnk: 0.4,
    dist: 30,
  }),
);

/** A margin in lengths: `1¼`, `nk`, `[4½]`; undefined where the text is no margin. */
export const parseLengths: (text: string) => number | undefined = memoized((text) => {
  const bare = text
    .replace(/[[\]\s]+/g, ' ')
    .trim()
    .toLowerCase();
  const named = NAMED.get(bare.replaceAll(' ', '-')) ?? NAMED.get(bare.replaceAll(' ', ''));
  return named ?? parseMixedNumber(bare.replace(/\s*l$/, ''));
});

/** The columns btn and ovr_btn, in lengths. */
export interface Beaten {
  /** Behind the horse in front. */
  readonly by: number | null;
  /** Behind the winner. */
  readonly overall: number | null;
}

export const NOT_MEASURED: Beaten = { by: null, overall: null };
const WON: Beaten = { by: 0, overall: 0 };

/**
 * Reads the margins of a finisher, the text of each non-empty span: one is the margin to the horse in front
 * and to the winner alike, two are the margin and, in square brackets, the overall one. A lone `dht` shares
 * the overall margin of the horse that it dead-heated with (`previous`). The winner's empty cell means that
 * nothing beat it: 0. Undefined where there are more than two or one cannot be read.
 */
export function readBeaten(
  texts: readonly string[],
  isWinner: boolean,
  previous: number | null,
): Beaten | undefined {
  const [text, other] = texts;
  if (text === undefined) return isWinner ? WON : NOT_MEASURED;
  const first = parseLengths(text);
  if (texts.length > 2 || first === undefined) return undefined;
  if (other !== undefined) {
    const second = parseLengths(other);
    return second === undefined ? undefined : { by: first, overall: second };
  }
  if (text.startsWith('[')) return { by: null, overall: first };
  return { by: first, overall: text.toLowerCase() === 'dht' ? (previous ?? 0) : first };
}
