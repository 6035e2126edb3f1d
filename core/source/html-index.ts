import { type ElementsOfPage, HtmlElement } from './html-element.ts';
import { type InternedValues, internedValues } from './html-interned.ts';
import type { HtmlNodes, Indexed } from './html-nodes.ts';
import { doubled } from './html-numbers.ts';

const NONE: readonly HtmlElement[] = [];

/** The elements with each value of an attribute, as places in a list of elements. */
interface Places {
  readonly values: InternedValues;
  /** The first place of each value, by its number; -1 of one that the page has not. */
  readonly first: readonly number[];
  /** The next place with the same value; -1 behind the last. */
  readonly next: Int32Array;
}

/**
 * The elements below one element by tag, class and test selector. Lists are in document order, and made when
 * they are asked for: a source asks for few of the names on its pages.
 */
export class HtmlIndex {
  readonly #page: ElementsOfPage;
  /** The nodes of all elements, in document order. */
  readonly #elements: Int32Array;
  readonly #byTag = new Map<string, readonly HtmlElement[]>();
  readonly #byClass = new Map<string, readonly HtmlElement[]>();
  readonly #bySelector = new Map<string, readonly HtmlElement[]>();
  #classes: Places | undefined;
  #selectors: Places | undefined;

  constructor(root: HtmlElement) {
    this.#page = HtmlElement.pageOf(root);
    this.#elements = elementsBelow(this.#page.nodes, HtmlElement.nodeOf(root));
  }

  tag(tag: string): readonly HtmlElement[] {
    const known = this.#byTag.get(tag);
    if (known) return known;
    const { nodes } = this.#page;
    const number = nodes.numberOf(tag);
    const list: HtmlElement[] = [];
    for (const node of this.#elements) if (nodes.hasTag(node, number)) list.push(this.#page.at(node));
    this.#byTag.set(tag, list);
    return list;
  }

  /** Elements with the class; of one tag only where `tag` is given. */
  withClass(name: string, tag?: string): readonly HtmlElement[] {
    this.#classes ??= this.#places('class');
    return ofTag(this.#named(this.#byClass, this.#classes, name), tag);
  }

  /** Elements with `data-test-selector="value"`; of one tag only where `tag` is given. */
  withSelector(value: string, tag?: string): readonly HtmlElement[] {
    this.#selectors ??= this.#places('data-test-selector');
    return ofTag(this.#named(this.#bySelector, this.#selectors, value), tag);
  }

  /** Every class on the page. */
  classes(): Iterable<string> {
    this.#classes ??= this.#places('class');
    const { values, first } = this.#classes;
    return new Set(first.flatMap((place, number) => (place < 0 ? [] : values.namesOf(number))));
  }

  #named(
    known: Map<string, readonly HtmlElement[]>,
    { values, first, next }: Places,
    name: string,
  ): readonly HtmlElement[] {
    const before = known.get(name);
    if (before) return before;
    const places: number[] = [];
    let valuesHere = 0;
    for (const number of values.withName(name)) {
      const length = places.length;
      for (let at = first[number] ?? -1; at >= 0; at = next[at]!) places.push(at);
      if (places.length > length) valuesHere++;
    }
    if (valuesHere === 0) return NONE;
    if (valuesHere > 1) places.sort((a, b) => a - b);
    const list: HtmlElement[] = [];
    for (const place of places) list.push(this.#page.at(this.#elements[place]!));
    known.set(name, list);
    return list;
  }

  #places(attribute: Indexed): Places {
    const elements = this.#elements;
    const { nodes } = this.#page;
    const values = internedValues(attribute);
    const first: number[] = new Array(values.length).fill(-1);
    const next = new Int32Array(elements.length);
    const { buffer, byteOffset, byteLength } = nodes.bytes;
    const view = new DataView(buffer, byteOffset, byteLength);
    for (let at = elements.length - 1; at >= 0; at--) {
      const number = values.numberOf(nodes, view, elements[at]!);
      if (number < 0) continue;
      if (number >= first.length) first.push(-1);
      next[at] = first[number]!;
      first[number] = at;
    }
    return { values, first, next };
  }
}

/** Grows with the largest page, and is written anew by each. */
let workspace = new Int32Array(4_096);

function elementsBelow(nodes: HtmlNodes, root: number): Int32Array {
  let length = 0;
  let parent = root;
  let node = nodes.first(root);
  while (true) {
    while (node === 0) {
      if (parent === root) return workspace.slice(0, length);
      node = nodes.next(parent);
      parent = nodes.parent(parent);
    }
    if (nodes.isElement(node)) {
      if (length === workspace.length) workspace = doubled(workspace);
      workspace[length++] = node;
      const first = nodes.first(node);
      if (first !== 0) {
        parent = node;
        node = first;
        continue;
      }
    }
    node = nodes.next(node);
  }
}

function ofTag(list: readonly HtmlElement[], tag: string | undefined): readonly HtmlElement[] {
  if (tag === undefined) return list;
  for (const element of list) if (element.tag !== tag) return list.filter((each) => each.tag === tag);
  return list;
}
