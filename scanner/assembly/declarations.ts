import { BANG, DASH, GREATER_THAN, LESS_THAN } from '../../core/source/html-characters.ts';
import { at, goTo } from './cursor.ts';
import { byte, find, isSpace, length, standsAt } from './page.ts';
import { doctype } from './tree.ts';

// Comments, doctypes and what else begins with `<!` or `<?`.

/** The next end of a comment; found once and not for each. */
let commentEnd: i32 = -1;

export function beginDeclarations(): void {
  commentEnd = -1;
}

/** Goes behind what begins here. */
export function readDeclaration(): void {
  const from = at;
  if (isComment(from)) {
    goTo(endOfComment(from + 4));
    return;
  }
  const to = find(GREATER_THAN, from);
  if (byte(from + 1) === BANG && standsAt(from + 2, 'doctype')) doctype(isPlainDoctype(from + 9, to));
  goTo(to + 1);
}

/** Whether `<!doctype html>` goes on as that, and in no case of more than 1,000 bytes. */
function isPlainDoctype(from: i32, to: i32): bool {
  if (to >= length || to - from > 990) return false;
  let name = from;
  while (isSpace(byte(name))) name++;
  if (name === from || !standsAt(name, 'html')) return false;
  let last = name + 4;
  while (isSpace(byte(last))) last++;
  return last === to;
}

function endOfComment(from: i32): i32 {
  if (byte(from) === GREATER_THAN) return from + 1;
  if (byte(from) === DASH && byte(from + 1) === GREATER_THAN) return from + 2;
  if (commentEnd < from) commentEnd = findCommentEnd(from);
  // Nobody ends a comment so; a search beyond this one would be through the whole page.
  for (let bang = find(BANG, from); bang < commentEnd; bang = find(BANG, bang + 1))
    if (
      bang - 2 >= from &&
      byte(bang - 1) === DASH &&
      byte(bang - 2) === DASH &&
      byte(bang + 1) === GREATER_THAN
    )
      return bang + 2;
  return commentEnd + 3;
}

function findCommentEnd(from: i32): i32 {
  for (let to = find(GREATER_THAN, from); to < length; to = find(GREATER_THAN, to + 1))
    if (to - 2 >= from && byte(to - 1) === DASH && byte(to - 2) === DASH) return to - 2;
  return length;
}

/** A comment begins there. */
export function isComment(from: i32): bool {
  return (
    byte(from) === LESS_THAN && byte(from + 1) === BANG && byte(from + 2) === DASH && byte(from + 3) === DASH
  );
}
