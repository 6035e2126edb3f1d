import { GREATER_THAN, LESS_THAN, LF, SLASH } from '../../core/source/html-characters.ts';
import { SCRIPT, TEXTAREA } from '../../core/source/html-layout.ts';
import { at, goTo, mayReferToSpace } from './cursor.ts';
import { isComment } from './declarations.ts';
import { byte, find, isSpace, length, standsAt } from './page.ts';
import { odd } from './stack.ts';
import { has, isNamed, kindOf, nameLength } from './tags.ts';
import { readEndTag } from './written-tags.ts';

// Elements whose content is text only.

// Where the content of the last one stands.
export let contentFrom: i32 = 0;
export let contentTo: i32 = 0;

/** The first line of these may be empty and is not part of them. */
export function passNewline(): void {
  if (byte(at) === LF) goTo(at + 1);
  else if (mayReferToSpace(at)) odd();
}

/** Goes behind the end tag of an element whose content is text only. */
export function passContent(started: i32): void {
  if (kindOf(started) === TEXTAREA) passNewline();
  const from = at;
  const size = nameLength(started);
  contentFrom = from;
  for (let to = find(LESS_THAN, from); to < length; to = find(LESS_THAN, to + 1)) {
    if (byte(to + 1) !== SLASH) continue;
    const next = byte(to + 2 + size);
    if (next !== GREATER_THAN && next !== SLASH && !isSpace(next)) continue;
    if (!isNamed(started, to + 2)) continue;
    goTo(to);
    contentTo = to;
    // Inside a comment inside a script, a script is part of the comment.
    if (readEndTag() < 0 || (has(started, SCRIPT) && hasScriptInComment(from, to))) odd();
    return;
  }
  contentTo = from;
  odd();
}

function hasScriptInComment(from: i32, to: i32): bool {
  let hasComment = false;
  let hasScript = false;
  for (let open = find(LESS_THAN, from); open < to; open = find(LESS_THAN, open + 1)) {
    if (open + 4 <= to && isComment(open)) hasComment = true;
    if (open + 7 <= to && standsAt(open + 1, 'script')) hasScript = true;
  }
  return hasComment && hasScript;
}
