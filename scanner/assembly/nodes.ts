import { AMPERSAND } from '../../core/source/html-characters.ts';
import {
  ASKED,
  ATTRIBUTES,
  BLANK,
  BLANK_SIZE,
  CLASS,
  ELEMENT_SIZE,
  FIRST,
  FROM,
  KIND,
  LAST,
  NEXT,
  PARENT,
  REFERENCES,
  SELECTOR,
  TEXT,
  TEXT_SIZE,
  TO,
} from '../../core/source/html-layout.ts';
import { byte, isBlank, length, PADDING, PAGE } from './page.ts';

/** Whether the text with references that stands there says nothing but white space: our caller decodes it. */
declare function isBlankText(from: i32, to: i32): i32;

// The attributes of the element that is made next, as bytes of the page; 0 where there is none.
export let attributesAt: i32 = 0;
export let classFrom: i32 = 0;
let classTo: i32 = 0;
export let selectorFrom: i32 = 0;
let selectorTo: i32 = 0;

export function beginAttributes(at: i32): void {
  attributesAt = at;
  classFrom = 0;
  classTo = 0;
  selectorFrom = 0;
  selectorTo = 0;
}

export function setClass(from: i32, to: i32): void {
  classFrom = from;
  classTo = to;
}

export function setSelector(from: i32, to: i32): void {
  selectorFrom = from;
  selectorTo = to;
}

/** Where the numbers stand in memory: behind the page. */
export let nodes: i32 = 0;
/** How many numbers there are. */
export let size: i32 = 0;

/** Begins with the page itself. `tag`: its own. */
export function beginNodes(tag: i32): void {
  nodes = (PAGE + length + PADDING + 3) & ~3;
  size = 0;
  detached(tag, false, 0);
}

function put(node: i32, field: i32, value: i32): void {
  store<i32>(nodes + ((node + field) << 2), value);
}

function get(node: i32, field: i32): i32 {
  return load<i32>(nodes + ((node + field) << 2));
}

/** An element that is the last one below its parent. `written`: its attributes are those that were read. */
export function element(tag: i32, written: bool, parent: i32): i32 {
  const node = detached(tag, written, parent);
  link(node, parent);
  return node;
}

/** An element that its parent does not have. */
export function detached(tag: i32, written: bool, parent: i32): i32 {
  const node = newNode(tag, ELEMENT_SIZE);
  put(node, PARENT, parent);
  put(node, FIRST, 0);
  put(node, LAST, 0);
  put(node, ATTRIBUTES, written ? attributesAt : 0);
  put(node, CLASS, written ? classFrom : 0);
  put(node, CLASS + 1, written ? classTo : 0);
  put(node, SELECTOR, written ? selectorFrom : 0);
  put(node, SELECTOR + 1, written ? selectorTo : 0);
  put(node, ASKED, 0);
  return node;
}

/** A text without references. `first`: its first byte that is not white space as the HTML standard has it. */
export function text(parent: i32, from: i32, to: i32, first: i32): void {
  const c = byte(first);
  if ((c <= 0x20 || c > 0x7e) && isBlank(first, to)) blank(parent);
  else span(TEXT, parent, from, to);
}

/** A text with references. */
export function references(parent: i32, from: i32, to: i32): void {
  let ampersand = from;
  while (ampersand < to && byte(ampersand) !== AMPERSAND) ampersand++;
  if (isBlank(from, ampersand) && isBlankText(from, to) !== 0) blank(parent);
  else span(REFERENCES, parent, from, to);
}

/** White space is one space, and none follows another. */
export function blank(parent: i32): void {
  const last = get(parent, LAST);
  if (last === 0 || get(last, KIND) !== BLANK) link(newNode(BLANK, BLANK_SIZE), parent);
}

function span(kind: i32, parent: i32, from: i32, to: i32): void {
  const node = newNode(kind, TEXT_SIZE);
  put(node, FROM, from);
  put(node, TO, to);
  link(node, parent);
}

function newNode(kind: i32, numbers: i32): i32 {
  const node = size;
  size = node + numbers;
  const end = nodes + (size << 2);
  if (end > memory.size() << 16) memory.grow(max(memory.size() >> 1, 16));
  put(node, KIND, kind);
  put(node, NEXT, 0);
  return node;
}

function link(node: i32, parent: i32): void {
  const last = get(parent, LAST);
  if (last === 0) put(parent, FIRST, node);
  else put(last, NEXT, node);
  put(parent, LAST, node);
}
