import { AMPERSAND, BANG, LESS_THAN, QUESTION_MARK, SLASH } from '../../core/source/html-characters.ts';
import { byte, find, isLetter, length } from './page.ts';

// Where the page is read, and what is seen from there.

/** The next byte to read. */
export let at: i32 = 0;
/** The next ampersand; found once and not for each text. */
let ampersand: i32 = 0;

export function beginCursor(): void {
  at = 0;
  ampersand = find(AMPERSAND, 0);
}

export function goTo(place: i32): void {
  at = place;
}

/** A `<` is markup before a letter, `/`, `!` or `?`, else text. */
export function endOfText(from: i32): i32 {
  let to = find(LESS_THAN, from);
  while (to < length && !isMarkup(to)) to = find(LESS_THAN, to + 1);
  return to;
}

export function isMarkup(at: i32): bool {
  if (byte(at) !== LESS_THAN) return at === length;
  const next = byte(at + 1);
  return isLetter(next) || next === SLASH || next === BANG || next === QUESTION_MARK;
}

export function hasReferences(from: i32, to: i32): bool {
  if (ampersand < from) ampersand = find(AMPERSAND, from);
  return ampersand < to;
}

/** Whether a reference begins there that may be white space as the HTML standard has it. */
export function mayReferToSpace(from: i32): bool {
  if (byte(from) !== AMPERSAND) return false;
  const next = byte(from + 1);
  // By its number, `&NewLine;` or `&Tab;`.
  return next === 0x23 || next === 0x4e || next === 0x54;
}
