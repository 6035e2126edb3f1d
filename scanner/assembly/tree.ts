import {
  BODY,
  COLGROUP,
  DROPPED,
  EXAMPLE,
  HEAD,
  HEAD_RAW,
  HEAD_VOID,
  HTML,
  LINE_BREAK,
  NO_SCRIPT,
  OPTGROUP,
  OPTION,
  SCRIPT,
  SELECT,
  STYLE,
  SVG,
  TEMPLATE,
} from '../../core/source/html-layout.ts';
import { startInBody } from './body.ts';
import { endInBody } from './body-ends.ts';
import { mayReferToSpace } from './cursor.ts';
import { blank, references, text } from './nodes.ts';
import {
  append,
  closeParagraph,
  depth,
  drop,
  innermost,
  inSelect,
  insert,
  lastOfKind,
  odd,
  parent,
  popTo,
  push,
  setInSelect,
  setStandard,
  tag,
  tagOpenAt,
} from './stack.ts';
import { endInTable, isInTable, startInTable } from './tables.ts';
import { firstOfKind, has, kindOf } from './tags.ts';

// The tree of a page grows tag by tag, by the rules of the HTML standard (13.2.6) as far as they only open
// and close the innermost elements. Where a browser would move elements about or make copies of them (foster
// parenting, the adoption agency, formatting that is taken up again), the page is odd and the tree is worth
// nothing. Here it is chosen between before the body, tables, selects and the body.

const BEFORE_HEAD: i32 = 0;
const IN_HEAD: i32 = 1;
const AFTER_HEAD: i32 = 2;
const IN_BODY: i32 = 3;

let phase: i32 = BEFORE_HEAD;
/** 0 where there is none yet. */
let html: i32 = 0;
let head: i32 = 0;
/** Behind the first tag or doctype: a doctype that stands there does not count. */
let isPastDoctype: bool = false;

export function beginTree(): void {
  phase = BEFORE_HEAD;
  html = 0;
  head = 0;
  isPastDoctype = false;
}

/** The whole page; `html`, `head` and `body` are there, as in every browser. */
export function finishTree(): void {
  if (phase !== IN_BODY) startBody(false);
}

/** `isPlain`: it is `<!doctype html>`. Only one before everything else counts. */
export function doctype(isPlain: bool): void {
  if (html !== 0 || isPastDoctype) return;
  isPastDoctype = true;
  setStandard(isPlain);
}

/** White space as the HTML standard has it. */
export function addSpace(): void {
  if (phase === IN_BODY) blank(innermost());
  // White space before the body is where it is.
  else if (phase === IN_HEAD) blank(head);
  else if (phase === AFTER_HEAD) blank(html);
}

/** A text at these bytes, of which the first that is no white space stands at `first`. */
export function addText(from: i32, to: i32, first: i32, hasReferences: bool): void {
  if (phase === IN_BODY) {
    // White space alone may stand in a table; what references say is not known here.
    if (isInTable()) odd();
    else if (hasReferences) references(innermost(), from, to);
    else text(innermost(), from, to, first);
  } else if (mayReferToSpace(first)) odd();
  else {
    if (first > from) addSpace();
    startBody(false);
    if (hasReferences) references(innermost(), first, to);
    else text(innermost(), first, to, first);
  }
}

/** A start tag whose content is markup, wherever it stands. */
export function start(started: i32): void {
  if (phase !== IN_BODY && startBeforeBody(started)) return;
  let isAgain: bool = true;
  while (isAgain) {
    if (inSelect) isAgain = startInSelect(started);
    else isAgain = isInTable() ? startInTable(started) : startInBody(started);
  }
}

export function end(ended: i32): void {
  let isAgain: bool = phase === IN_BODY;
  if (!isAgain) endBeforeBody(ended);
  while (isAgain) {
    if (inSelect) isAgain = endInSelect(ended);
    else isAgain = isInTable() ? endInTable(ended) : endInBody(ended);
  }
}

/** An element whose content is text only, from its start tag to its end tag. */
export function addTextOnly(started: i32, from: i32, to: i32, hasReferences: bool): void {
  let around = -1;
  if (phase !== IN_BODY) {
    if (kindOf(started) === HEAD_RAW || (has(started, NO_SCRIPT) && phase !== AFTER_HEAD))
      around = startHead();
    else startBody(false);
  }
  if (around < 0) {
    const isScript = has(started, SCRIPT | STYLE);
    if (inSelect ? !has(started, SCRIPT) : isInTable() && (!isScript || kindOf(tag()) === COLGROUP)) {
      odd();
      return;
    }
    if (has(started, EXAMPLE)) closeParagraph();
    around = parent();
  }
  if (has(started, DROPPED)) return;
  const element = append(started, true, around);
  if (to <= from) return;
  if (hasReferences) references(element, from, to);
  else text(element, from, to, from);
}

/** An element that is left out with all that is in it: `svg` or `template`. */
export function leaveOut(started: i32): void {
  const kind = kindOf(started);
  if (phase !== IN_BODY) {
    if (kind === TEMPLATE) {
      startHead();
      return;
    }
    startBody(false);
  }
  if (inSelect || (kind === SVG && isInTable())) odd();
}

// Before the body.

function startHtml(written: bool): i32 {
  if (html === 0) {
    html = append(firstOfKind(HTML), written, 0);
    push(firstOfKind(HTML), html);
  }
  return html;
}

function openHead(written: bool): i32 {
  const around = startHtml(false);
  if (head === 0) {
    head = append(firstOfKind(HEAD), written, around);
    phase = IN_HEAD;
  }
  return head;
}

function startHead(): i32 {
  return openHead(false);
}

function startBody(written: bool): void {
  startHead();
  insert(firstOfKind(BODY), written);
  phase = IN_BODY;
}

/** True where the tag has found its place. */
function startBeforeBody(started: i32): bool {
  switch (kindOf(started)) {
    case HTML:
      if (html !== 0) odd();
      else startHtml(true);
      return true;
    case HEAD:
      if (head === 0) openHead(true);
      return true;
    case BODY:
      startBody(true);
      return true;
    case HEAD_VOID:
      append(started, true, startHead());
      return true;
    default:
      startBody(false);
      return false;
  }
}

function endBeforeBody(ended: i32): void {
  isPastDoctype = true;
  const kind = kindOf(ended);
  if (kind === HEAD && phase === IN_HEAD) phase = AFTER_HEAD;
  else if (kind === HEAD || kind === BODY || kind === HTML || has(ended, LINE_BREAK)) odd();
}

// Selects.

function startInSelect(started: i32): bool {
  const kind = kindOf(started);
  if (kind !== OPTION && kind !== OPTGROUP) {
    odd();
    return false;
  }
  if (kindOf(tag()) === OPTION) drop();
  if (kind === OPTGROUP && kindOf(tag()) === OPTGROUP) drop();
  insert(started, true);
  return false;
}

function endInSelect(ended: i32): bool {
  const around = kindOf(tag());
  switch (kindOf(ended)) {
    case SELECT:
      popTo(lastOfKind(SELECT));
      setInSelect(false);
      return false;
    case OPTION:
      if (around === OPTION) drop();
      return false;
    case OPTGROUP:
      if (around === OPTION && depth > 1 && kindOf(tagOpenAt(depth - 2)) === OPTGROUP) drop();
      if (kindOf(tag()) === OPTGROUP) drop();
      return false;
    default:
      odd();
      return false;
  }
}
