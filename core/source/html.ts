import { Buffer } from 'node:buffer';
import { Parser } from 'htmlparser2';
import { fastTokenizer } from './fast-tokenizer.ts';

/** An element of a page that was read: tag and attribute names in lower case, entities decoded. */
export interface HtmlElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly parent: HtmlElement | undefined;
  /** Elements and pieces of text in document order; a piece of white space is one space. */
  readonly children: readonly (HtmlElement | string)[];
}

interface OpenElement extends HtmlElement {
  readonly parent: OpenElement | undefined;
  readonly children: (HtmlElement | string)[];
}

/** Their content is never something that a person reads on the page, and makes up most of its bytes. */
const DROPPED_TAGS = new Set(['script', 'style', 'svg', 'template', 'noscript', 'iframe', 'object']);
const NOT_BLANK = /\S/;
/** Elements below this depth become children of the element at it, as in browsers: what walks the tree recurses. */
const MAX_DEPTH = 512;
/** No page for people nests this deep, and the parser's time grows with the square of the depth: reading ends there. */
const GIVE_UP_DEPTH = 5_000;

/**
 * Reads a page into a light tree: an element named `#page` with the page's elements below it.
 * Never throws; what is no HTML gives a tree with little in it. Comments and the content of `DROPPED_TAGS` are left out.
 * Texts of the tree may keep the whole page alive in memory: pass what outlives the page through `own`.
 */
export function readHtml(text: string): HtmlElement {
  const page: OpenElement = { tag: '#page', attributes: {}, parent: undefined, children: [] };
  let current = page;
  let dropped = 0;
  let depth = 0;
  const parser = new Parser(
    {
      onopentag(tag, attributes) {
        if (dropped > 0 || DROPPED_TAGS.has(tag)) {
          dropped++;
          return;
        }
        const element: OpenElement = { tag, attributes, parent: current, children: [] };
        current.children.push(element);
        if (depth++ < MAX_DEPTH) current = element;
        if (depth > GIVE_UP_DEPTH) parser.pause();
      },
      ontext(data) {
        if (dropped > 0) return;
        const { children } = current;
        if (NOT_BLANK.test(data)) children.push(data);
        else if (children.at(-1) !== ' ') children.push(' ');
      },
      onclosetag() {
        if (dropped > 0) dropped--;
        else if (--depth < MAX_DEPTH) current = current.parent ?? page;
      },
    },
    { Tokenizer: fastTokenizer },
  );
  parser.end(text);
  return page;
}

const SPACE = /[\s\u200b]+/g;

/** White space of any kind (no-break, zero-width) becomes one space, none at the ends. */
export function collapse(text: string): string {
  return text.replace(SPACE, ' ').trim();
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
  return classes !== undefined && ` ${classes.replace(SPACE, ' ')} `.includes(` ${name} `);
}

const NONE: readonly HtmlElement[] = [];

/** The elements below one element by tag, class and test selector, made in one pass. Lists are in document order. */
export class HtmlIndex {
  readonly #byTag = new Map<string, HtmlElement[]>();
  readonly #byClass = new Map<string, HtmlElement[]>();
  readonly #bySelector = new Map<string, HtmlElement[]>();

  constructor(root: HtmlElement) {
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

  #addBelow(element: HtmlElement): void {
    for (const child of element.children) {
      if (typeof child === 'string') continue;
      add(this.#byTag, child.tag, child);
      const { class: classes, 'data-test-selector': selector } = child.attributes;
      if (classes) for (const name of classes.split(/\s+/)) if (name !== '') add(this.#byClass, name, child);
      if (selector !== undefined) add(this.#bySelector, selector.trim(), child);
      this.#addBelow(child);
    }
  }
}

function add(map: Map<string, HtmlElement[]>, key: string, element: HtmlElement): void {
  const list = map.get(key);
  if (list) list.push(element);
  else map.set(key, [element]);
}

function ofTag(list: readonly HtmlElement[] | undefined, tag: string | undefined): readonly HtmlElement[] {
  if (!list) return NONE;
  return tag === undefined || list.every((element) => element.tag === tag)
    ? list
    : list.filter((element) => element.tag === tag);
}

/**
 * A copy that shares no memory with the page. V8 makes a substring of 13 characters or more a view of the whole
 * string, so one kept name would keep 178 KB of HTML.
 */
export function own(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'utf8').toString('utf8');
}
