import {
  BLOCK,
  BODY,
  BOUNDS,
  BOUNDS_ITEMS,
  BOUNDS_TABLE,
  BUTTON,
  CAPTION,
  CELL,
  COL,
  COLGROUP,
  DD,
  FORM,
  FORMATTING,
  HEAD,
  HEADING,
  HTML,
  LI,
  LINE_BREAK,
  OBJECT,
  OPTGROUP,
  OPTION,
  ORDINARY,
  P,
  PRE,
  RARE,
  SPECIAL,
  TABLE,
  TBODY,
  TEMPLATE,
  TR,
} from '../../core/source/html-layout.ts';
import {
  append,
  closeParagraph,
  depth,
  drop,
  dropTo,
  form,
  inScope,
  isMarker,
  odd,
  openAt,
  openParagraph,
  parent,
  popImplied,
  popTo,
  setForm,
  tag,
  tagOpenAt,
} from './stack.ts';
import { closeCell, endCell } from './tables.ts';
import { has, kindOf } from './tags.ts';

// What ends in the body, outside tables and selects (HTML standard, 13.2.6.4.7).

/** True where the tag is to be ended again in what is around. */
export function endInBody(ended: i32): bool {
  const isCurrent = tag() === ended;
  const kind = kindOf(ended);
  switch (kind) {
    case ORDINARY:
    case OPTION:
    case OPTGROUP:
      if (isCurrent) drop();
      else endOrdinary(ended);
      return false;
    case FORMATTING:
      if (isCurrent) drop();
      else endFormatting(ended);
      return false;
    case BLOCK:
    case PRE:
    case BUTTON:
      if (isCurrent) drop();
      else endBlock(inScope(ended));
      return false;
    case P:
      if (openParagraph() < 0) append(ended, false, parent());
      else closeParagraph();
      return false;
    case LI:
      endBlock(inScope(ended, BOUNDS | BOUNDS_ITEMS));
      return false;
    case DD:
      endBlock(inScope(ended));
      return false;
    case HEADING:
      endHeading();
      return false;
    case FORM:
      endForm(ended);
      return false;
    case OBJECT: {
      const at = inScope(ended);
      if (at >= 0) dropTo(at);
      return false;
    }
    case CELL:
      endCell(ended);
      return false;
    case TABLE:
    case TBODY:
    case TR:
      if (inScope(ended, BOUNDS_TABLE) < 0) return false;
      if (closeCell()) return true;
      odd();
      return false;
    case CAPTION:
      endCaption();
      return false;
    // What follows the end of the body stands in the body.
    case BODY:
    case HTML:
    case HEAD:
    case COL:
    case COLGROUP:
      return false;
    default:
      if (kind === RARE || kind === TEMPLATE || has(ended, LINE_BREAK)) odd();
      else endOrdinary(ended);
      return false;
  }
}

function endCaption(): void {
  for (let at = depth - 1; at >= 0; at--) {
    const kind = kindOf(tagOpenAt(at));
    if (kind === CELL) return;
    if (kind === CAPTION) {
      dropTo(at);
      return;
    }
  }
}

function endOrdinary(ended: i32): void {
  for (let at = depth - 1; at >= 0; at--) {
    const tag = tagOpenAt(at);
    if (tag === ended) {
      popTo(at);
      return;
    }
    if (has(tag, SPECIAL)) return;
  }
}

function endBlock(at: i32): void {
  if (at >= 0) popTo(at);
}

function endHeading(): void {
  for (let at = depth - 1; at >= 0; at--) {
    const tag = tagOpenAt(at);
    if (kindOf(tag) === HEADING) {
      popTo(at);
      return;
    }
    if (has(tag, BOUNDS)) return;
  }
}

function endForm(ended: i32): void {
  const node = form;
  setForm(0);
  if (node === 0 || inScope(ended) < 0) return;
  popImplied();
  if (openAt(depth - 1) === node) drop();
  else odd();
}

function endFormatting(ended: i32): void {
  let hasSpecial = false;
  for (let at = depth - 1; at >= 0; at--) {
    const tag = tagOpenAt(at);
    if (tag === ended) {
      // Whatever is special between them is taken out of the formatting, and copies are made of it.
      if (hasSpecial) odd();
      popTo(at + 1);
      drop();
      return;
    }
    if (isMarker(tag)) return;
    if (has(tag, SPECIAL)) hasSpecial = true;
  }
}
