import { type ElementsOfPage, HtmlElement } from './html-element.ts';
import type { HtmlNodes, Indexed } from './html-nodes.ts';
import { namesIn } from './html-text.ts';

const NONE: readonly HtmlElement[] = [];

/** A value of an attribute on the page; a page repeats less than a hundred. */
interface Value {
  /** Its bytes where it was met first; 0 of one that does not stand on the page as it is. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** The first place in the list of elements. */
  first: number;
}

/** The elements with each name in their values, as places in a list of elements. */
interface Names {
  readonly byName: ReadonlyMap<string, readonly Value[]>;
  /** The next place with the same value; -1 behind the last. */
  readonly next: Int32Array;
}

/** Most values are like one of the last, and two are compared sooner than one is made a text and hashed. */
const RECENT = 256;

/**
 * The elements below one element by tag, class and test selector. Lists are in document order, and made when
 * they are asked for: a source asks for few of the names on its pages.
 */
export class HtmlIndex {
  readonly #page: ElementsOfPage;
  /** The nodes of all elements, in document order. */
  readonly #elements: number[] = [];
  readonly #byTag = new Map<string, readonly HtmlElement[]>();
  readonly #byClass = new Map<string, readonly HtmlElement[]>();
  readonly #bySelector = new Map<string, readonly HtmlElement[]>();
  #classes: Names | undefined;
  #selectors: Names | undefined;

  constructor(root: HtmlElement) {
    this.#page = HtmlElement.pageOf(root);
    addBelow(this.#page.nodes, HtmlElement.nodeOf(root), this.#elements);
  }

  tag(tag: string): readonly HtmlElement[] {
    const known = this.#byTag.get(tag);
    if (known) return known;
    const { nodes } = this.#page;
    const list: HtmlElement[] = [];
    for (const node of this.#elements) if (nodes.tag(node).name === tag) list.push(this.#page.at(node));
    this.#byTag.set(tag, list);
    return list;
  }

  /** Elements with the class; of one tag only where `tag` is given. */
  withClass(name: string, tag?: string): readonly HtmlElement[] {
    this.#classes ??= this.#names('class', namesIn);
    return ofTag(this.#named(this.#byClass, this.#classes, name), tag);
  }

  /** Elements with `data-test-selector="value"`; of one tag only where `tag` is given. */
  withSelector(value: string, tag?: string): readonly HtmlElement[] {
    this.#selectors ??= this.#names('data-test-selector', (text) => [text.trim()]);
    return ofTag(this.#named(this.#bySelector, this.#selectors, value), tag);
  }

  /** Every class on the page. */
  classes(): Iterable<string> {
    this.#classes ??= this.#names('class', namesIn);
    return this.#classes.byName.keys();
  }

  #named(
    known: Map<string, readonly HtmlElement[]>,
    { byName, next }: Names,
    name: string,
  ): readonly HtmlElement[] {
    const before = known.get(name);
    if (before) return before;
    const values = byName.get(name);
    if (!values) return NONE;
    const places: number[] = [];
    for (const { first } of values) for (let at = first; at >= 0; at = next[at]!) places.push(at);
    if (values.length > 1) places.sort((a, b) => a - b);
    const list = places.map((place) => this.#page.at(this.#elements[place]!));
    known.set(name, list);
    return list;
  }

  #names(attribute: Indexed, namesOf: (text: string) => readonly string[]): Names {
    const elements = this.#elements;
    const { nodes } = this.#page;
    const values = new Map<string, Value>();
    const recent: (Value | undefined)[] = new Array(RECENT).fill(undefined);
    const next = new Int32Array(elements.length).fill(-1);
    for (let at = elements.length - 1; at >= 0; at--) {
      const node = elements[at]!;
      const from = nodes.indexedFrom(node, attribute);
      let value: Value | undefined;
      if (from !== 0) {
        const to = nodes.indexedTo(node, attribute);
        const slot = slotOf(nodes, from, to);
        value = recent[slot];
        if (value === undefined || !nodes.isSame(value.from, value.to, from, to)) {
          value = valueIn(values, nodes.indexed(node, attribute)!, from, to);
          recent[slot] = value;
        }
      } else {
        const text = nodes.isKept(node) ? nodes.indexed(node, attribute) : undefined;
        if (text === undefined) continue;
        value = valueIn(values, text, 0, 0);
      }
      next[at] = value.first;
      value.first = at;
    }
    const byName = new Map<string, Value[]>();
    for (const value of values.values())
      for (const name of namesOf(value.text)) listOf(byName, name).push(value);
    return { byName, next };
  }
}

function slotOf({ bytes }: HtmlNodes, from: number, to: number): number {
  const length = to - from;
  return length === 0 ? 0 : (length * 7 + bytes[to - 1]! + bytes[from + (length >> 1)]! * 3) % RECENT;
}

function valueIn(values: Map<string, Value>, text: string, from: number, to: number): Value {
  const known = values.get(text);
  if (known) return known;
  const value = { from, to, text, first: -1 };
  values.set(text, value);
  return value;
}

function addBelow(nodes: HtmlNodes, element: number, elements: number[]): void {
  for (let node = nodes.first(element); node !== 0; node = nodes.next(node)) {
    if (!nodes.isElement(node)) continue;
    elements.push(node);
    addBelow(nodes, node, elements);
  }
}

function listOf(lists: Map<string, Value[]>, key: string): Value[] {
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
