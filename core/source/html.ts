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
    const isSpace = (c <= BLANK || c > 0x7f) && IS_SPACE.test(String.fromCharCode(c));
    const code = isSpace ? BLANK : c;
    const isMore = isSpace && wasSpace;
    wasSpace = isSpace;
    return isMore ? undefined : code;
  }).trim();
}

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;

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

/** True also beyond the ends. */
function isSpaceAt(text: string, at: number): boolean {
  const c = at < 0 || at >= text.length ? BLANK : text.charCodeAt(at);
  return c <= BLANK || (c > 0x7f && IS_SPACE.test(text[at]!));
}

const NONE: readonly HtmlElement[] = [];

/** The elements with each value of `class`, as places in a list of elements; a page repeats a few hundred. */
interface ClassChains {
  readonly values: readonly string[];
  /** The first place of each value. */
  readonly first: readonly number[];
  /** The next place with the same value; -1 behind the last. */
  readonly next: Int32Array;
}

/**
 * The elements below one element by tag, class and test selector. Lists are in document order, and made when
 * they are asked for: a source asks for few of the names on its pages.
 */
export class HtmlIndex {
  /** All elements, in document order. */
  readonly #elements: HtmlElement[] = [];
  readonly #byTag = new Map<string, readonly HtmlElement[]>();
  readonly #byClass = new Map<string, readonly HtmlElement[]>();
  #bySelector: Map<string, HtmlElement[]> | undefined;
  #classes: ClassChains | undefined;

  constructor(root: HtmlElement) {
    addBelow(root, this.#elements);
  }

  tag(tag: string): readonly HtmlElement[] {
    const known = this.#byTag.get(tag);
    if (known) return known;
    const list = this.#elements.filter((element) => element.tag === tag);
    this.#byTag.set(tag, list);
    return list;
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
    this.#bySelector ??= this.#selectors();
    return ofTag(this.#bySelector.get(value) ?? NONE, tag);
  }

  /** Every class on the page. */
  classes(): Iterable<string> {
    const names = this.#chains().values.flatMap((classes) => classes.split(SPACE));
    return new Set(names.filter((name) => name !== ''));
  }

  #named(name: string): readonly HtmlElement[] {
    const { values, first, next } = this.#chains();
    const named = first.filter((_, value) => isNamed(values[value]!, name));
    const places: number[] = [];
    for (const start of named) for (let at = start; at >= 0; at = next[at]!) places.push(at);
    if (named.length > 1) places.sort((a, b) => a - b);
    return places.map((place) => this.#elements[place]!);
  }

  #chains(): ClassChains {
    if (this.#classes) return this.#classes;
    const first = new Map<string, number>();
    const next = new Int32Array(this.#elements.length);
    for (let at = next.length - 1; at >= 0; at--) {
      const classes = this.#elements[at]!.attribute('class');
      if (classes === undefined) continue;
      next[at] = first.get(classes) ?? -1;
      first.set(classes, at);
    }
    this.#classes = { values: [...first.keys()], first: [...first.values()], next };
    return this.#classes;
  }

  #selectors(): Map<string, HtmlElement[]> {
    const selectors = new Map<string, HtmlElement[]>();
    for (const element of this.#elements) {
      const selector = element.attribute('data-test-selector');
      if (selector !== undefined) listOf(selectors, selector.trim()).push(element);
    }
    return selectors;
  }
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
