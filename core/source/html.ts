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
  const classes = element.attributes.class;
  // Most elements have no such class, and that is seen at once.
  if (classes === undefined || !classes.includes(name)) return false;
  return classes === name || ` ${classes.replace(SPACE, ' ')} `.includes(` ${name} `);
}

const NONE: readonly HtmlElement[] = [];

type Lists = Map<string, HtmlElement[]>;

/**
 * The elements below one element by tag, class and test selector, made in one pass. Lists are in document
 * order.
 */
export class HtmlIndex {
  readonly #byTag: Lists = new Map();
  readonly #byClass: Lists = new Map();
  readonly #bySelector: Lists = new Map();
  /** The names in each value of `class` that was met: a page repeats a few hundred of them. */
  readonly #namesOf: Map<string, readonly string[]>;

  /** `around`: an index of what the element stands in. */
  constructor(root: HtmlElement, around?: HtmlIndex) {
    this.#namesOf = around ? around.#namesOf : new Map();
    this.#addBelow(root);
  }

  tag(tag: string): readonly HtmlElement[] {
    return this.#byTag.get(tag) ?? NONE;
  }

  /** Elements with the class; of one tag only where `tag` is given. */
  withClass(name: string, tag?: string): readonly HtmlElement[] {
    return ofTag(this.#byClass.get(name), tag);
  }

  /** Elements with `data-test-selector="value"`; of one tag only where `tag` is given. */
  withSelector(value: string, tag?: string): readonly HtmlElement[] {
    return ofTag(this.#bySelector.get(value), tag);
  }

  /** Every class on the page. */
  classes(): Iterable<string> {
    return this.#byClass.keys();
  }

  #addBelow({ children }: HtmlElement): void {
    for (const child of children) {
      if (typeof child === 'string') continue;
      listOf(this.#byTag, child.tag).push(child);
      const { class: classes, 'data-test-selector': selector } = child.attributes;
      if (classes) for (const name of this.#names(classes)) listOf(this.#byClass, name).push(child);
      if (selector !== undefined) listOf(this.#bySelector, selector.trim()).push(child);
      if (child.children.length > 0) this.#addBelow(child);
    }
  }

  #names(classes: string): readonly string[] {
    const known = this.#namesOf.get(classes);
    if (known) return known;
    const names = classes.split(/\s+/).filter((name) => name !== '');
    this.#namesOf.set(classes, names);
    return names;
  }
}

function listOf(lists: Lists, key: string): HtmlElement[] {
  const known = lists.get(key);
  if (known) return known;
  const list: HtmlElement[] = [];
  lists.set(key, list);
  return list;
}

function ofTag(list: readonly HtmlElement[] | undefined, tag: string | undefined): readonly HtmlElement[] {
  if (!list) return NONE;
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
