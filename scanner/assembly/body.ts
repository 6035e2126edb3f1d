import {
  BLOCK,
  BUTTON,
  CAPTION,
  CELL,
  COL,
  COLGROUP,
  DD,
  DROPPED,
  FORM,
  FORMATTING,
  HEAD,
  HEAD_VOID,
  HEADING,
  HR,
  INPUT,
  LI,
  LINK,
  MAX_DEPTH,
  MEDIA_PART,
  NO_BREAK,
  OBJECT,
  OPTGROUP,
  OPTION,
  ORDINARY,
  P,
  PASSED_BY_ITEMS,
  PRE,
  SELECT,
  SPECIAL,
  TABLE,
  TBODY,
  TR,
  VOID,
} from '../../core/source/html-layout.ts';
import { countElement } from './budget.ts';
import { detached } from './nodes.ts';
import {
  append,
  closeParagraph,
  depth,
  form,
  inScope,
  insert,
  isMarker,
  isStandard,
  odd,
  openAt,
  openParagraph,
  parent,
  pop,
  popTo,
  push,
  setForm,
  setInSelect,
  tag,
  tagOpenAt,
} from './stack.ts';
import { startTablePart } from './tables.ts';
import { has, kindOf } from './tags.ts';

// What begins in the body, outside tables and selects (HTML standard, 13.2.6.4.7).

/** True where the tag is to be started again in what is around. */
export function startInBody(started: i32): bool {
  const kind = kindOf(started);
  switch (kind) {
    case ORDINARY:
      insert(started, true);
      return false;
    case BLOCK:
    case P:
    case PRE:
      closeParagraph();
      insert(started, true);
      return false;
    case FORMATTING:
      if (isTwice(started)) odd();
      insert(started, true);
      return false;
    case VOID:
    case INPUT:
    case MEDIA_PART:
    case HEAD_VOID:
      append(started, true, parent());
      return false;
    case HR:
      closeParagraph();
      append(started, true, parent());
      return false;
    case HEADING:
      closeParagraph();
      if (kindOf(tag()) === HEADING) pop();
      insert(started, true);
      return false;
    case LI:
    case DD:
      closeItem(kind);
      closeParagraph();
      insert(started, true);
      return false;
    case OPTION:
    case OPTGROUP:
      if (kindOf(tag()) === OPTION) pop();
      insert(started, true);
      return false;
    case SELECT:
      insert(started, true);
      setInSelect(true);
      return false;
    case BUTTON:
      if (inScope(started) >= 0) odd();
      insert(started, true);
      return false;
    case OBJECT:
      insertObject(started);
      return false;
    case FORM:
      if (form !== 0) return false;
      closeParagraph();
      insert(started, true);
      setForm(openAt(depth - 1));
      return false;
    case TABLE:
      if (!isStandard && openParagraph() >= 0) odd();
      closeParagraph();
      insert(started, true);
      return false;
    case CAPTION:
    case COLGROUP:
    case COL:
    case TBODY:
    case TR:
    case CELL:
      return startTablePart();
    case HEAD:
      return false;
    default:
      odd();
      return false;
  }
}

/** `object` is left out: it is open, but in no tree. */
function insertObject(started: i32): void {
  if (!has(started, DROPPED)) {
    insert(started, true);
    return;
  }
  // What is in it would become part of an element around it.
  if (depth > MAX_DEPTH) odd();
  countElement(depth);
  push(started, detached(started, true, parent()));
}

/** A link in a link, or `nobr` in `nobr`: a browser ends the outer one. */
function isTwice(started: i32): bool {
  if (has(started, NO_BREAK)) return inScope(started) >= 0;
  if (!has(started, LINK)) return false;
  for (let at = depth - 1; at >= 0; at--) {
    const tag = tagOpenAt(at);
    if (tag === started) return true;
    if (isMarker(tag)) return false;
  }
  return false;
}

/** Ends the list item before this one. */
function closeItem(kind: i32): void {
  for (let at = depth - 1; at >= 0; at--) {
    const tag = tagOpenAt(at);
    if (kindOf(tag) === kind) {
      popTo(at);
      return;
    }
    if (has(tag, SPECIAL) && !has(tag, PASSED_BY_ITEMS)) return;
  }
}
