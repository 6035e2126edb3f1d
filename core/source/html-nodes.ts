import type { Buffer } from 'node:buffer';
import {
  addAttribute,
  attributeOf,
  NO_ATTRIBUTES,
  newPlace,
  nextAttribute,
  readAttribute,
  type WrittenAttributes,
} from './html-attributes.ts';
import { SPACE, standsAt } from './html-bytes.ts';
import { attributeName } from './html-names.ts';
import { numberedTag, type Tag, unknownTag } from './html-tags.ts';
import { plainText, repeatedValueAt, valueAt } from './html-values.ts';
import type { PageLifetime } from './page.ts';

/**
 * Attributes that have an index of their own: each element's value is found without reading its tag again.
 */
export type Indexed = 'class' | 'data-test-selector';

// A node is the place of its first number. Of every node: what it is, and the node behind it below the same
// parent (0: none, for 0 is the page).
const KIND = 0;
const NEXT = 1;
// Kinds of texts. Every other kind is the number of a tag.
const TEXT = -1;
const BLANK = -2;
const KEPT_TEXT = -3;
// Of an element.
const PARENT = 2;
const FIRST = 3;
const LAST = 4;
const ATTRIBUTES = 5;
const CLASS = 6;
const SELECTOR = 8;
const ASKED = 10;
const ELEMENT_SIZE = 11;
// Of a text: its bytes on the page, or its place among the texts that are kept.
const FROM = 2;
const TO = 3;
const TEXT_SIZE = 4;
const BLANK_SIZE = 2;

/** Tags without a number of their own are numbered by the page. */
const FIRST_OF_PAGE = 1 << 20;
const PAGE = unknownTag('#page');

/**
 * Pages are read one after the other, so all have their numbers in the same memory. A page that is not
 * released when the next one is read takes its numbers away. What is larger is not kept.
 */
const MOST_KEPT = 1 << 18;
let workspace = new Int32Array(1 << 16);
let last: HtmlNodes | undefined;
const NONE = new Int32Array(0);

/**
 * The elements and texts of a page as numbers, for most of them are never asked for: objects with lists and
 * texts of their own take ten times the memory. Values stay in the bytes of the page until somebody asks.
 */
export class HtmlNodes {
  readonly bytes: Buffer;
  readonly #lifetime: Readonly<PageLifetime> | undefined;
  #numbers: Int32Array<ArrayBuffer>;
  #length = 0;
  readonly #tags: Tag[] = [];
  readonly #texts: string[] = [];
  readonly #lists: (readonly string[])[] = [];

  /** `lifetime`: of the page; left out of one that stays. */
  constructor(bytes: Buffer, lifetime?: Readonly<PageLifetime>) {
    if (last) last.#leave();
    last = this;
    this.bytes = bytes;
    this.#lifetime = lifetime;
    this.#numbers = workspace;
    this.detached(PAGE, NO_ATTRIBUTES, 0);
  }

  // Growing.

  /** An element that is the last one below its parent. */
  element(tag: Tag, attributes: WrittenAttributes, parent: number): number {
    const node = this.detached(tag, attributes, parent);
    this.#link(node, parent);
    return node;
  }

  /** An element that its parent does not have. */
  detached(tag: Tag, attributes: WrittenAttributes, parent: number): number {
    const node = this.#newNode(tag.id >= 0 ? tag.id : this.#ofPage(tag), ELEMENT_SIZE);
    const numbers = this.#numbers;
    numbers[node + PARENT] = parent;
    numbers[node + FIRST] = 0;
    numbers[node + LAST] = 0;
    numbers[node + ATTRIBUTES] = attributes.at;
    numbers[node + CLASS] = attributes.classFrom;
    numbers[node + CLASS + 1] = attributes.classTo;
    numbers[node + SELECTOR] = attributes.selectorFrom;
    numbers[node + SELECTOR + 1] = attributes.selectorTo;
    numbers[node + ASKED] = 0;
    return node;
  }

  /**
   * A text without references. `first`: its first byte that is not white space as the HTML standard has it.
   */
  text(parent: number, from: number, to: number, first: number): void {
    const c = this.bytes[first]!;
    if ((c <= SPACE || c > 0x7e) && !/\S/.test(this.bytes.toString('utf8', first, to))) {
      this.blank(parent);
      return;
    }
    const node = this.#newNode(TEXT, TEXT_SIZE);
    this.#numbers[node + FROM] = from;
    this.#numbers[node + TO] = to;
    this.#link(node, parent);
  }

  /** White space is one space, and none follows another. */
  blank(parent: number): void {
    const last = this.#numbers[parent + LAST]!;
    if (last === 0 || this.#numbers[last + KIND] !== BLANK)
      this.#link(this.#newNode(BLANK, BLANK_SIZE), parent);
  }

  /** A text that does not stand on the page as it is. */
  keptText(parent: number, text: string): void {
    if (!/\S/.test(text)) {
      this.blank(parent);
      return;
    }
    const node = this.#newNode(KEPT_TEXT, TEXT_SIZE);
    this.#numbers[node + FROM] = this.#texts.push(text) - 1;
    this.#link(node, parent);
  }

  /** Attributes that do not stand on the page as they are: names and values in turn. */
  keptAttributes(list: readonly string[]): WrittenAttributes {
    return list.length === 0 ? NO_ATTRIBUTES : { ...NO_ATTRIBUTES, at: ~(this.#lists.push(list) - 1) };
  }

  get isReleased(): boolean {
    return this.#lifetime?.isOver === true;
  }

  /** Makes room for the next page. */
  #leave(): void {
    workspace = this.#numbers.length > MOST_KEPT ? new Int32Array(1 << 16) : this.#numbers;
    this.#numbers = this.isReleased ? NONE : this.#numbers.slice(0, this.#length);
  }

  #newNode(kind: number, size: number): number {
    const node = this.#length;
    this.#length = node + size;
    if (this.#length > this.#numbers.length) this.#numbers = doubled(this.#numbers);
    this.#numbers[node + KIND] = kind;
    this.#numbers[node + NEXT] = 0;
    return node;
  }

  #link(node: number, parent: number): void {
    const numbers = this.#numbers;
    const last = numbers[parent + LAST]!;
    numbers[last === 0 ? parent + FIRST : last + NEXT] = node;
    numbers[parent + LAST] = node;
  }

  #ofPage(tag: Tag): number {
    return FIRST_OF_PAGE + this.#tags.push(tag) - 1;
  }

  // Reading.

  isElement(node: number): boolean {
    return this.#numbers[node + KIND]! >= 0;
  }

  tag(node: number): Tag {
    const kind = this.#numbers[node + KIND]!;
    return kind < FIRST_OF_PAGE ? numberedTag(kind) : this.#tags[kind - FIRST_OF_PAGE]!;
  }

  parent(node: number): number {
    return this.#numbers[node + PARENT]!;
  }

  /** The first node below an element; 0 where there is none. */
  first(node: number): number {
    return this.#numbers[node + FIRST]!;
  }

  /** The next node below the same parent; 0 behind the last. */
  next(node: number): number {
    return this.#numbers[node + NEXT]!;
  }

  /** A number that whoever makes elements of nodes keeps with one of them; 0 before. */
  asked(node: number): number {
    return this.#numbers[node + ASKED]!;
  }

  setAsked(node: number, asked: number): void {
    this.#numbers[node + ASKED] = asked;
  }

  /** What a node says that is no element. */
  textOf(node: number): string {
    const numbers = this.#numbers;
    const kind = numbers[node + KIND];
    if (kind === BLANK) return ' ';
    if (kind === KEPT_TEXT) return this.#texts[numbers[node + FROM]!]!;
    return this.bytes.toString('utf8', numbers[node + FROM], numbers[node + TO]);
  }

  /** The same without white space at both ends; undefined where more of it would have to become one space. */
  plainText(node: number): string | undefined {
    const numbers = this.#numbers;
    const kind = numbers[node + KIND];
    if (kind === BLANK) return '';
    return kind === TEXT ? plainText(this.bytes, numbers[node + FROM]!, numbers[node + TO]!) : undefined;
  }

  attribute(node: number, name: string): string | undefined {
    if (name === 'class' || name === 'data-test-selector') return this.indexed(node, name);
    return this.written(this.#numbers[node + ATTRIBUTES]!, name);
  }

  /** Of attributes as `WrittenAttributes.at` says where they are. */
  written(at: number, name: string): string | undefined {
    if (at === 0) return undefined;
    if (at < 0) return attributeOf(this.#lists[~at]!, name);
    const { bytes } = this;
    const place = PLACE;
    for (let next = nextAttribute(bytes, at); next >= 0; next = nextAttribute(bytes, next)) {
      next = readAttribute(bytes, next, place);
      if (place.nameTo - place.nameFrom === name.length && standsAt(bytes, place.nameFrom, name))
        return valueAt(bytes, place.valueFrom, place.valueTo);
    }
    return undefined;
  }

  indexed(node: number, name: Indexed): string | undefined {
    const numbers = this.#numbers;
    if (numbers[node + ATTRIBUTES]! < 0) return this.written(numbers[node + ATTRIBUTES]!, name);
    const place = node + (name === 'class' ? CLASS : SELECTOR);
    const from = numbers[place]!;
    return from === 0 ? undefined : repeatedValueAt(this.bytes, from, numbers[place + 1]!);
  }

  /** Where the value stands on the page; 0 where it does not. */
  indexedFrom(node: number, name: Indexed): number {
    return this.#numbers[node + (name === 'class' ? CLASS : SELECTOR)]!;
  }

  indexedTo(node: number, name: Indexed): number {
    return this.#numbers[node + (name === 'class' ? CLASS : SELECTOR) + 1]!;
  }

  /** Whether its attributes do not stand on the page as they are. */
  isKept(node: number): boolean {
    return this.#numbers[node + ATTRIBUTES]! < 0;
  }

  attributes(node: number): Record<string, string> {
    const at = this.#numbers[node + ATTRIBUTES]!;
    const record: Record<string, string> = {};
    if (at < 0) {
      const list = this.#lists[~at]!;
      for (let i = 0; i < list.length; i += 2) addAttribute(record, list[i]!, list[i + 1]!);
    } else if (at > 0) {
      const { bytes } = this;
      const place = PLACE;
      for (let next = nextAttribute(bytes, at); next >= 0; next = nextAttribute(bytes, next)) {
        next = readAttribute(bytes, next, place);
        const name = attributeName(bytes, place.nameFrom, place.nameTo);
        addAttribute(record, name, valueAt(bytes, place.valueFrom, place.valueTo));
      }
    }
    return record;
  }
}

/** One for all: nobody reads two tags at once. */
const PLACE = newPlace();

/** The numbers, with as much room behind them. */
export function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(numbers.length * 2);
  more.set(numbers);
  return more;
}
