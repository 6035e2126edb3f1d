import { BANG, QUESTION_MARK, SLASH } from '../../core/source/html-characters.ts';
import { ODD, PRE, RAW_ONLY, READ, SVG, TEMPLATE, TEXT_ONLY } from '../../core/source/html-layout.ts';
import { beginBudget, countParts, excess } from './budget.ts';
import { contentFrom, contentTo, passContent, passNewline } from './content.ts';
import { at, beginCursor, endOfText, goTo, hasReferences, isMarkup } from './cursor.ts';
import { beginDeclarations, readDeclaration } from './declarations.ts';
import { passDrawing, passTemplate } from './left-out.ts';
import { beginNodes, nodes, size } from './nodes.ts';
import { beginPage, byte, isSpace, length, PAGE } from './page.ts';
import { beginStack, countSearch, isOdd } from './stack.ts';
import { addTag, beginTags, has, kindOf, newTagFrom, newTags, newTagTo, nextName } from './tags.ts';
import { addSpace, addText, addTextOnly, beginTree, end, finishTree, leaveOut, start } from './tree.ts';
import { isSelfClosing, readEndTag, readStartTag } from './written-tags.ts';

export { addTag, newTagFrom, newTags, newTagTo, nextName };

/** Makes room for a page of so many bytes, and says where it is to be written. */
export function makeRoom(bytes: i32): i32 {
  // What the scanner keeps for itself would reach into the page.
  if (<i32>__heap_base > PAGE) unreachable();
  const wanted = (PAGE + bytes + bytes / 2 + 0x1ffff) >> 16;
  if (memory.size() < wanted) memory.grow(wanted - memory.size());
  return PAGE;
}

/**
 * Reads a page whose elements nest as their tags say, in one pass. `bytes` at `PAGE`: UTF-8 without NUL and
 * carriage returns. 0 where it was read; 1 where it met something that it does not read as a browser would;
 * else what the page has too much of (`budget.ts`).
 */
export function read(bytes: i32, maxElements: i32, maxParts: i32): i32 {
  beginPage(bytes);
  beginTags();
  beginStack();
  beginTree();
  beginBudget(maxElements, maxParts);
  beginNodes(0);
  beginCursor();
  beginDeclarations();
  while (at < length && !isOdd && excess === READ) {
    readText();
    if (at < length) readMarkup();
  }
  if (excess !== READ) return excess;
  if (isOdd) return ODD;
  finishTree();
  return excess;
}

/** Where the numbers of the page stand. */
export function numbersAt(): i32 {
  return nodes;
}

export function numberOfNumbers(): i32 {
  return size;
}

/** Goes to the next markup. */
function readText(): void {
  const from = at;
  let first = from;
  while (isSpace(byte(first))) first++;
  const isSpaceOnly = isMarkup(first);
  const to = isSpaceOnly ? first : endOfText(first);
  if (to === from) return;
  const isReferring = !isSpaceOnly && hasReferences(from, to);
  countParts(isReferring ? 1 + ((to - from) >> 2) : 1);
  goTo(to);
  // Of a page that is refused no references are decoded.
  if (excess !== READ) return;
  if (isSpaceOnly) addSpace();
  else addText(from, to, first, isReferring);
}

function readMarkup(): void {
  countSearch();
  const next = byte(at + 1);
  if (next === SLASH) {
    const ended = readEndTag();
    if (ended >= 0) end(ended);
  } else if (next === BANG || next === QUESTION_MARK) readDeclaration();
  else readElement();
}

function readElement(): void {
  const started = readStartTag();
  if (started < 0) return;
  const kind = kindOf(started);
  if (kind === SVG) {
    leaveOut(started);
    if (!isSelfClosing) passDrawing(started);
  } else if (kind === TEMPLATE) {
    leaveOut(started);
    passTemplate(started);
  } else if (has(started, TEXT_ONLY | RAW_ONLY)) {
    passContent(started);
    const isReferring = has(started, TEXT_ONLY) && hasReferences(contentFrom, contentTo);
    if (isReferring) countParts((contentTo - contentFrom) >> 2);
    if (excess === READ) addTextOnly(started, contentFrom, contentTo, isReferring);
  } else {
    start(started);
    if (kind === PRE) passNewline();
  }
}
