import type { Buffer } from 'node:buffer';
import { addAttribute, attributeOf, newPlace, nextAttribute, readAttribute } from './html-attributes.ts';
import { standsAt } from './html-bytes.ts';
import {
  ASKED,
  ATTRIBUTES,
  BLANK,
  CLASS,
  FIRST,
  FROM,
  KEPT_TEXT,
  KIND,
  NEXT,
  PARENT,
  REFERENCES,
  SELECTOR,
  TEXT,
  TO,
} from './html-layout.ts';
import { attributeName } from './html-names.ts';
import { decodeReferences } from './html-references.ts';
import { KNOWN_TAGS, knownTag } from './html-tags.ts';
import { plainText, repeatedValueAt, valueAt } from './html-values.ts';
import type { PageLifetime } from './page.ts';

/**
 * Attributes that have an index of their own: each element's value is found without reading its tag again.
 */
export type Indexed = 'class' | 'data-test-selector';

const KNOWN = KNOWN_TAGS.length;
const NONE = new Int32Array(0);

/**
 * The elements and texts of a page as numbers, for most of them are never asked for: objects with lists and
 * texts of their own take ten times the memory. Values stay in the bytes of the page until somebody asks.
 */
export class HtmlNodes {
  readonly bytes: Buffer;
  protected numbers: Int32Array;
  /** Names of tags that only this page has, in the order of their numbers. */
  protected readonly names: string[];
  protected readonly texts: string[] = [];
  protected readonly lists: (readonly string[])[] = [];
  readonly #lifetime: Readonly<PageLifetime> | undefined;

  /**
   * `numbers`: as `html-layout.ts` says. `names`: of tags that only this page has. `lifetime`: of the page;
   * left out of one that stays.
   */
  constructor(bytes: Buffer, numbers: Int32Array, names: string[], lifetime?: Readonly<PageLifetime>) {
    this.bytes = bytes;
    this.numbers = numbers;
    this.names = names;
    this.#lifetime = lifetime;
  }

  get isReleased(): boolean {
    return this.#lifetime?.isOver === true;
  }

  /** Takes its numbers out of memory that others will write. */
  leave(): void {
    this.numbers = this.isReleased ? NONE : this.numbers.slice();
  }

  // Reading.

  isElement(node: number): boolean {
    return this.numbers[node + KIND]! >= 0;
  }

  /** The name of an element, in lower case. */
  tag(node: number): string {
    const kind = this.numbers[node + KIND]!;
    return kind < KNOWN ? KNOWN_TAGS[kind]!.name : this.names[kind - KNOWN]!;
  }

  /** The number of a tag on this page; -1 where no element has it. */
  numberOf(tag: string): number {
    const known = knownTag(tag);
    if (known >= 0) return known;
    const place = this.names.indexOf(tag);
    return place < 0 ? -1 : KNOWN + place;
  }

  /** Whether an element has the tag of that number; false of a text. */
  hasTag(node: number, number: number): boolean {
    return this.numbers[node + KIND] === number;
  }

  parent(node: number): number {
    return this.numbers[node + PARENT]!;
  }

  /** The first node below an element; 0 where there is none. */
  first(node: number): number {
    return this.numbers[node + FIRST]!;
  }

  /** The next node below the same parent; 0 behind the last. */
  next(node: number): number {
    return this.numbers[node + NEXT]!;
  }

  /** A number that whoever makes elements of nodes keeps with one of them; 0 before. */
  asked(node: number): number {
    return this.numbers[node + ASKED]!;
  }

  setAsked(node: number, asked: number): void {
    this.numbers[node + ASKED] = asked;
  }

  /** What a node says that is no element. */
  textOf(node: number): string {
    const numbers = this.numbers;
    const kind = numbers[node + KIND];
    if (kind === BLANK) return ' ';
    if (kind === KEPT_TEXT) return this.texts[numbers[node + FROM]!]!;
    const text = this.bytes.toString('utf8', numbers[node + FROM], numbers[node + TO]);
    return kind === REFERENCES ? decodeReferences(text, 'decodeHTML') : text;
  }

  /** The same without white space at both ends; undefined where more of it would have to become one space. */
  plainText(node: number): string | undefined {
    const numbers = this.numbers;
    const kind = numbers[node + KIND];
    if (kind === BLANK) return '';
    return kind === TEXT ? plainText(this.bytes, numbers[node + FROM]!, numbers[node + TO]!) : undefined;
  }

  attribute(node: number, name: string): string | undefined {
    if (name === 'class' || name === 'data-test-selector') return this.indexed(node, name);
    return this.written(this.numbers[node + ATTRIBUTES]!, name);
  }

  /** Of attributes as `WrittenAttributes.at` says where they are. */
  written(at: number, name: string): string | undefined {
    if (at === 0) return undefined;
    if (at < 0) return attributeOf(this.lists[~at]!, name);
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
    const numbers = this.numbers;
    if (numbers[node + ATTRIBUTES]! < 0) return this.written(numbers[node + ATTRIBUTES]!, name);
    const place = node + (name === 'class' ? CLASS : SELECTOR);
    const from = numbers[place]!;
    return from === 0 ? undefined : repeatedValueAt(this.bytes, from, numbers[place + 1]!);
  }

  /** Where the value stands on the page; 0 where it does not. */
  indexedFrom(node: number, name: Indexed): number {
    return this.numbers[node + (name === 'class' ? CLASS : SELECTOR)]!;
  }

  indexedTo(node: number, name: Indexed): number {
    return this.numbers[node + (name === 'class' ? CLASS : SELECTOR) + 1]!;
  }

  /** Whether its attributes do not stand on the page as they are. */
  isKept(node: number): boolean {
    return this.numbers[node + ATTRIBUTES]! < 0;
  }

  attributes(node: number): Record<string, string> {
    const at = this.numbers[node + ATTRIBUTES]!;
    const record: Record<string, string> = {};
    if (at < 0) {
      const list = this.lists[~at]!;
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
