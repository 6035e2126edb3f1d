import { BANG, QUESTION_MARK, SLASH } from '../../core/source/html-characters.ts';
import {
  CAPTION,
  CELL,
  COL,
  COLGROUP,
  DEEPEST,
  FORMATTING,
  HTML_IN_DRAWING,
  IN_DRAWING,
  OBJECT,
  RARE,
  RAW_ONLY,
  READ,
  SELECT,
  SVG,
  TABLE,
  TBODY,
  TEMPLATE,
  TEXT_ONLY,
  TR,
} from '../../core/source/html-layout.ts';
import { excess } from './budget.ts';
import { passContent } from './content.ts';
import { at, endOfText, goTo } from './cursor.ts';
import { readDeclaration } from './declarations.ts';
import { byte, length, standsAt } from './page.ts';
import { isOdd, lastOfKind, odd } from './stack.ts';
import { has, kindOf } from './tags.ts';
import { isSelfClosing, readEndTag, readStartTag } from './written-tags.ts';

// Drawings and templates: their tags are read, and nothing is made of them.

/** Open elements of a drawing, or those of a template that are ended in their order. */
const TAGS = memory.data(DEEPEST * 4);
/** How many there are. */
let open: i32 = 0;

function push(tag: i32): void {
  if (open === DEEPEST) odd();
  else store<i32>(TAGS + (open++ << 2), tag);
}

function innermost(): i32 {
  return load<i32>(TAGS + ((open - 1) << 2));
}

/** Ends the innermost one; a browser would do more where that has another tag. */
function pop(tag: i32): void {
  if (open === 0 || innermost() !== tag) odd();
  else open--;
}

/** Goes behind the end of a drawing. */
export function passDrawing(svg: i32): void {
  open = 0;
  push(svg);
  while (open > 0 && !isOdd && excess === READ) {
    goTo(endOfText(at));
    const next = byte(at + 1);
    if (at >= length) odd();
    else if (next === BANG || next === QUESTION_MARK) {
      // `<![CDATA[`
      if (next === BANG && byte(at + 2) === 0x5b && standsAt(at + 3, 'cdata')) odd();
      else readDeclaration();
    } else if (next === SLASH) pop(readEndTag());
    else {
      const started = readStartTag();
      if (started < 0 || !has(started, IN_DRAWING) || has(innermost(), HTML_IN_DRAWING)) odd();
      else if (!isSelfClosing) push(started);
    }
  }
}

/** Goes behind the end of a template, whose tags have to nest as far as their nesting reaches beyond it. */
export function passTemplate(template: i32): void {
  let isNested = lastOfKind(TABLE) >= 0;
  open = 0;
  push(template);
  while (open > 0 && !isOdd && excess === READ) {
    goTo(endOfText(at));
    const next = byte(at + 1);
    if (at >= length) odd();
    else if (next === BANG || next === QUESTION_MARK) readDeclaration();
    else if (next === SLASH) {
      const ended = readEndTag();
      if (ended >= 0 && isPaired(kindOf(ended), isNested)) pop(ended);
    } else {
      const started = readStartTag();
      if (started < 0) return;
      const kind = kindOf(started);
      if (isNotInTemplate(kind, isNested)) odd();
      else if (isPaired(kind, isNested)) push(started);
      else if (has(started, TEXT_ONLY | RAW_ONLY)) passContent(started);
      if (kind === TEMPLATE) isNested = true;
    }
  }
}

/**
 * Formatting outlives a template in which a cell is open. `isNested`: in a table or a template; parse5 looks
 * for rows beyond the template that they end in.
 */
function isPaired(kind: i32, isNested: bool): bool {
  if (kind === FORMATTING || kind === CELL || kind === CAPTION || kind === TEMPLATE) return true;
  return isNested && (kind === TABLE || kind === TBODY || kind === TR);
}

function isNotInTemplate(kind: i32, isNested: bool): bool {
  switch (kind) {
    // In these, or behind them, a browser may not take the content of a script or style as text only.
    case SVG:
    case SELECT:
    case COL:
    case COLGROUP:
    case RARE:
    // Formatting outlives a template in which one of these is open.
    case OBJECT:
      return true;
    case TABLE:
    case TBODY:
    case CAPTION:
      return isNested;
    case TR:
      return isNested && kindOf(innermost()) !== TEMPLATE;
    case CELL:
      return isNested && kindOf(innermost()) !== TR;
    default:
      return false;
  }
}
