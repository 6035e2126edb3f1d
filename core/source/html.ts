import { Buffer } from 'node:buffer';
import { readAsBrowser } from './html-browser.ts';
import type { HtmlElement } from './html-element.ts';
import { readWellNested } from './html-scanner.ts';
import { DEFAULT_MAX_ELEMENTS, PageBudget } from './page-budget.ts';

export type { HtmlElement } from './html-element.ts';

/**
 * Reads a page into a light tree, as a browser with scripts reads it: an element named `#page` with `html`
 * below it, and in that `head` and `body`, as in browsers also where the page does not write them (and
 * `tbody` in a table). Comments and the content of `DROPPED_TAGS` are left out. What is no HTML gives a tree
 * with little in it.
 *
 * Pages whose tags nest are read in one fast pass; where a browser would move or copy elements, parse5 reads
 * the page again. Throws a PageTooLargeError where the page makes more than `maxElements` elements, or is
 * otherwise beyond all measure. Texts of the tree may keep the whole page alive in memory: pass what outlives
 * the page through `own`.
 */
export function readHtml(text: string, maxElements = DEFAULT_MAX_ELEMENTS): HtmlElement {
  const lines = text.includes('\r') ? withoutReturns(text) : text;
  const wellNested = lines.includes('\0') ? undefined : readWellNested(lines, new PageBudget(maxElements));
  return wellNested ?? readAsBrowser(lines, new PageBudget(maxElements));
}

const IS_SPACE = /[\s\u200b]/;
const SPACE = /[\s\u200b]+/g;

/** White space of any kind (no-break, zero-width) becomes one space, none at the ends. */
export function collapse(text: string): string {
  if (isCollapsed(text)) return text;
  return text.length > LONG ? collapseLong(text) : text.replace(SPACE, ' ').trim();
}

/** True for what most texts of a page are: printable ASCII with single spaces inside. False says nothing. */
function isCollapsed(text: string): boolean {
  let before = BLANK;
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c <= BLANK ? c !== BLANK || before === BLANK : c > 0x7e) return false;
    before = c;
  }
  return before !== BLANK || text === '';
}

/**
 * Of a text that is longer, a regular expression would note every match before it replaces the first: 32
 * bytes each.
 */
const LONG = 65_536;

/** `\r\n` and `\r` are one end of a line. */
function withoutReturns(text: string): string {
  if (text.length <= LONG) return text.replace(/\r\n?/g, '\n');
  return rewritten(text, (c, before) => {
    if (c === LF && before === CR) return undefined;
    return c === CR ? LF : c;
  });
}

function collapseLong(text: string): string {
  let wasSpace = false;
  return rewritten(text, (c) => {
    const isBlank = isSpace(c);
    const code = isBlank ? BLANK : c;
    const isMore = isBlank && wasSpace;
    wasSpace = isBlank;
    return isMore ? undefined : code;
  }).trim();
}

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;

function isSpace(c: number): boolean {
  return c === BLANK || ((c < BLANK || c > 0x7f) && IS_SPACE.test(String.fromCharCode(c)));
}

/**
 * A text, character by character, with what `step` makes of each of them and the one before; undefined is
 * nothing.
 */
function rewritten(text: string, step: (c: number, before: number) => number | undefined): string {
  const codes = new Uint16Array(text.length);
  let length = 0;
  let before = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    const code = step(c, before);
    if (code !== undefined) codes[length++] = code;
    before = c;
  }
  return Buffer.from(codes.buffer, 0, length * 2).toString('utf16le');
}

/** What a reader sees of the element, collapsed; elements for which `skip` holds are left out. */
export function textOf(element: HtmlElement, skip?: (element: HtmlElement) => boolean): string {
  const { children } = element;
  const only = children[0];
  if (children.length === 1 && typeof only === 'string') return collapse(only);
  return collapse(rawText(element, skip));
}

function rawText(element: HtmlElement, skip: ((element: HtmlElement) => boolean) | undefined): string {
  let text = '';
  for (const child of element.children) {
    if (typeof child === 'string') text += child;
    else if (child.tag === 'br') text += ' ';
    else if (!skip?.(child)) text += rawText(child, skip);
  }
  return text;
}

/** True where `name` is one of the element's classes. */
export function hasClass(element: HtmlElement, name: string): boolean {
  const classes = element.attribute('class');
  return classes !== undefined && isNamed(classes, name);
}

/** Whether `name` is one of the names in a value of `class`. */
function isNamed(classes: string, name: string): boolean {
  if (name === '') return false;
  for (let at = classes.indexOf(name); at >= 0; at = classes.indexOf(name, at + 1))
    if (isSpaceAt(classes, at - 1) && isSpaceAt(classes, at + name.length)) return true;
  return false;
}

/** Each of the names in a value of `class`. */
function namesIn(classes: string): Iterable<string> {
  if (isCollapsed(classes)) return classes.includes(' ') ? new Set(classes.split(' ')) : [classes];
  return new Set(classes.split(SPACE).filter((name) => name !== ''));
}

/** True also beyond the ends. */
function isSpaceAt(text: string, at: number): boolean {
  return at < 0 || at >= text.length || isSpace(text.charCodeAt(at));
}

const NONE: readonly HtmlElement[] = [];

/** A value of `class` on the page; a page repeats less than a hundred. */
interface ClassValue {
  readonly text: string;
  /** The first place in the list of elements. */
  first: number;
}

/** The elements with each class, as places in a list of elements. */
interface Classes {
  readonly byName: ReadonlyMap<string, readonly ClassValue[]>;
  /** The next place with the same value; -1 behind the last. */
  readonly next: Int32Array;
}

/** Most values are like one of the last, and two texts are compared sooner than one is hashed. */
const RECENT = 256;

/**
 * The elements below one element by tag, class and test selector. Lists are in document order, and made when
 * they are asked for: a source asks for few of the names on its pages.
 */
export class HtmlIndex {
  /** All elements, in document order. */
  readonly #elements: HtmlElement[] = [];
  #byTag: ReadonlyMap<string, readonly HtmlElement[]> | undefined;
  readonly #byClass = new Map<string, readonly HtmlElement[]>();
  #bySelector: ReadonlyMap<string, readonly HtmlElement[]> | undefined;
  #classes: Classes | undefined;

  constructor(root: HtmlElement) {
    addBelow(root, this.#elements);
  }

  tag(tag: string): readonly HtmlElement[] {
    this.#byTag ??= grouped(this.#elements, (element) => element.tag);
    return this.#byTag.get(tag) ?? NONE;
  }

  /** Elements with the class; of one tag only where `tag` is given. */
  withClass(name: string, tag?: string): readonly HtmlElement[] {
    let list = this.#byClass.get(name);
    if (!list) {
      list = this.#named(name);
      this.#byClass.set(name, list);
    }
    return ofTag(list, tag);
  }

  /** Elements with `data-test-selector="value"`; of one tag only where `tag` is given. */
  withSelector(value: string, tag?: string): readonly HtmlElement[] {
    this.#bySelector ??= grouped(this.#elements, selectorOf);
    return ofTag(this.#bySelector.get(value) ?? NONE, tag);
  }

  /** Every class on the page. */
  classes(): Iterable<string> {
    return this.#byName().byName.keys();
  }

  #named(name: string): readonly HtmlElement[] {
    const { byName, next } = this.#byName();
    const values = byName.get(name) ?? [];
    const places: number[] = [];
    for (const { first } of values) for (let at = first; at >= 0; at = next[at]!) places.push(at);
    if (values.length > 1) places.sort((a, b) => a - b);
    return places.map((place) => this.#elements[place]!);
  }

  #byName(): Classes {
    if (this.#classes) return this.#classes;
    const values = new Map<string, ClassValue>();
    const recent: (ClassValue | undefined)[] = new Array(RECENT).fill(undefined);
    const next = new Int32Array(this.#elements.length).fill(-1);
    for (let at = next.length - 1; at >= 0; at--) {
      const text = this.#elements[at]!.attribute('class');
      if (text === undefined || text === '') continue;
      const { length } = text;
      const slot = (length * 7 + text.charCodeAt(length - 1) + text.charCodeAt(length >> 1) * 3) % RECENT;
      let value = recent[slot];
      if (value?.text !== text) {
        value = values.get(text) ?? { text, first: -1 };
        values.set(text, value);
        recent[slot] = value;
      }
      next[at] = value.first;
      value.first = at;
    }
    const byName = new Map<string, ClassValue[]>();
    for (const value of values.values())
      for (const name of namesIn(value.text)) listOf(byName, name).push(value);
    this.#classes = { byName, next };
    return this.#classes;
  }
}

function selectorOf(element: HtmlElement): string | undefined {
  return element.attribute('data-test-selector')?.trim();
}

/** Elements by a key that some of them have. */
function grouped(
  elements: readonly HtmlElement[],
  keyOf: (element: HtmlElement) => string | undefined,
): ReadonlyMap<string, readonly HtmlElement[]> {
  const groups = new Map<string, HtmlElement[]>();
  for (const element of elements) {
    const key = keyOf(element);
    if (key !== undefined) listOf(groups, key).push(element);
  }
  return groups;
}

function addBelow({ children }: HtmlElement, elements: HtmlElement[]): void {
  for (const child of children) {
    if (typeof child === 'string') continue;
    elements.push(child);
    if (child.children.length > 0) addBelow(child, elements);
  }
}

function listOf<Value>(lists: Map<string, Value[]>, key: string): Value[] {
  const known = lists.get(key);
  if (known) return known;
  const list: Value[] = [];
  lists.set(key, list);
  return list;
}

function ofTag(list: readonly HtmlElement[], tag: string | undefined): readonly HtmlElement[] {
  return tag === undefined || list.every((element) => element.tag === tag)
    ? list
    : list.filter((element) => element.tag === tag);
}

/**
 * A copy that shares no memory with the page. V8 makes a substring of 13 characters or more a view of the
 * whole string, so one kept name would keep 178 KB of HTML.
 */
export function own(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'utf8').toString('utf8');
}
