import {
  BOUNDS,
  BOUNDS_PARAGRAPHS,
  CAPTION,
  CELL,
  DEEPEST,
  FORMATTING,
  IMPLIED,
  MAX_DEPTH,
  OBJECT,
  P,
} from '../../core/source/html-layout.ts';
import { countElement } from './budget.ts';
import { element } from './nodes.ts';
import { firstOfKind, has, kindOf } from './tags.ts';

/** A tag opens three elements at most before the budget is asked. */
const OPEN = memory.data((DEEPEST + 64) * 4);
const TAGS = memory.data((DEEPEST + 64) * 4);

/** Of the depths at all tags. Beyond it, to search what is open takes seconds; parse5 has an index. */
const MOST_SEARCHED = 1 << 28;
let searched: i32 = 0;

/** A browser would move elements about or make copies of them, or it is not known what it would do. */
export let isOdd: bool = false;
/** Open elements. */
export let depth: i32 = 0;
/** The form that is open wherever it stands, 0 for none: there is one at most. */
export let form: i32 = 0;
export let inSelect: bool = false;
/** False: a page in quirks mode, or nearly so, where a table may stand in a paragraph. */
export let isStandard: bool = false;

export function beginStack(): void {
  isOdd = false;
  searched = 0;
  depth = 0;
  form = 0;
  inSelect = false;
  isStandard = false;
}

export function odd(): void {
  isOdd = true;
}

/** One more tag, for which what is open may be searched. */
export function countSearch(): void {
  searched += depth;
  if (searched > MOST_SEARCHED) odd();
}

export function setForm(node: i32): void {
  form = node;
}

export function setInSelect(value: bool): void {
  inSelect = value;
}

export function setStandard(value: bool): void {
  isStandard = value;
}

export function tagOpenAt(index: i32): i32 {
  return load<i32>(TAGS + (index << 2));
}

export function openAt(index: i32): i32 {
  return load<i32>(OPEN + (index << 2));
}

/** The tag of the innermost element. */
export function tag(): i32 {
  return tagOpenAt(depth - 1);
}

/** The innermost element itself: a text stays in it at any depth. */
export function innermost(): i32 {
  return openAt(depth - 1);
}

/** Where an element belongs that begins now. */
export function parent(): i32 {
  return openAt(depth > MAX_DEPTH ? MAX_DEPTH : depth - 1);
}

export function append(tag: i32, written: bool, parent: i32): i32 {
  countElement(depth);
  return element(tag, written, parent);
}

export function push(tag: i32, node: i32): void {
  store<i32>(OPEN + (depth << 2), node);
  store<i32>(TAGS + (depth << 2), tag);
  depth++;
}

export function insert(tag: i32, written: bool): void {
  push(tag, append(tag, written, parent()));
}

export function drop(): void {
  depth--;
}

export function pop(): void {
  // A browser takes formatting up again behind the element that ended before it.
  if (kindOf(tag()) === FORMATTING) isOdd = true;
  depth--;
}

/** Closes elements down to and with the one at `index`. */
export function popTo(index: i32): void {
  while (depth > index) pop();
}

/**
 * A cell, a caption or an object ends, and with it all formatting that was begun in it. Where another is open
 * in it, a browser ends the formatting of that one only.
 */
export function dropTo(index: i32): void {
  for (let at = depth - 1; at > index; at--) if (isMarker(tagOpenAt(at))) isOdd = true;
  depth = index;
}

export function popImplied(): void {
  while (has(tag(), IMPLIED)) depth--;
}

/**
 * Where the innermost element of that tag is open, or -1 where it is out of the scope that elements with one
 * of these flags bound.
 */
export function inScope(wanted: i32, bounds: i32 = BOUNDS): i32 {
  for (let at = depth - 1; at >= 0; at--) {
    const tag = tagOpenAt(at);
    if (tag === wanted) return at;
    if (has(tag, bounds)) return -1;
  }
  return -1;
}

/** Where a paragraph is open that what begins now ends, or -1. */
export function openParagraph(): i32 {
  return inScope(firstOfKind(P), BOUNDS | BOUNDS_PARAGRAPHS);
}

/** Where the innermost element of that kind is open, or -1. */
export function lastOfKind(kind: i32): i32 {
  for (let at = depth - 1; at >= 0; at--) if (kindOf(tagOpenAt(at)) === kind) return at;
  return -1;
}

export function closeParagraph(): void {
  const at = openParagraph();
  if (at >= 0) popTo(at);
}

/** Begins a list of formatting of its own. */
export function isMarker(tag: i32): bool {
  const kind = kindOf(tag);
  return kind === CELL || kind === CAPTION || kind === OBJECT;
}
