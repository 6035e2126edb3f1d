import { memoized } from './memoized.ts';
import { isNone } from './none.ts';

/** The columns sp and dec. */
export interface StartingPrice {
  /**
   * As printed, with the favourite's mark: `9/4F` favourite, `J` joint, `C` co-favourite. Even money is
   * `Evens`, for one markup prints `EvensF` where the other prints `EvsF`.
   */
  readonly sp: string | null;
  /** What a stake of 1 returns, the stake included; two decimals, as bookmakers quote. */
  readonly dec: number | null;
}

const NO_PRICE: StartingPrice = { sp: null, dec: null };
const PRICE = /^(?:(\d+)\/(\d+)|(evens?|evs|evn)|(\d+\.\d+)) ?([FJC]{0,2})$/i;
const WORDS = /^[A-Za-z][A-Za-z ]*$/;

/**
 * `9/4F` pays 3.25, `EvensF` 2; a dash and an empty cell are no price. Words such as `No Odds` are kept in
 * `sp` without a decimal. Undefined where the text is no price: a number from a neighbouring cell, say.
 */
export const parseStartingPrice: (text: string) => StartingPrice | undefined = memoized((text) => {
  if (isNone(text)) return NO_PRICE;
  const match = PRICE.exec(text);
  if (!match) return WORDS.test(text) ? { sp: text, dec: null } : undefined;
  const [, over, under, evens, decimal, mark = ''] = match;
  const dec = evens ? 2 : decimal ? Number(decimal) : Number(over) / Number(under) + 1;
  if (!Number.isFinite(dec)) return undefined;
  return { sp: evens ? `Evens${mark}` : text.replaceAll(' ', ''), dec: Math.round(dec * 100) / 100 };
});
