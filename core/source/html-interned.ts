import type { HtmlNodes, Indexed } from './html-nodes.ts';
import { namesIn } from './html-text.ts';

/** A value of an attribute. */
interface Value {
  readonly number: number;
  readonly names: readonly string[];
  /** Its bytes as a page wrote them last, by fours; none where no page had it as it is. */
  words: Int32Array;
  length: number;
}

const RECENT = 4_096;
/** Any large odd number mixes. */
const FACTOR = 0x9e3779b1;
/** More of them are no longer a site that repeats its values. */
const MOST_VALUES = 1_000;
const MOST_CHARACTERS = 65_536;
const NO_WORDS = new Int32Array(0);
const NO_NUMBERS: readonly number[] = [];

/**
 * The values of one attribute that pages have brought, numbered in the order they came, and the names in
 * them: a site repeats a hundred on all its pages, and two are compared sooner than one is made a text and
 * hashed.
 */
export class InternedValues {
  readonly #attribute: Indexed;
  readonly #values: Value[] = [];
  readonly #byText = new Map<string, Value>();
  readonly #byName = new Map<string, number[]>();
  readonly #recent: (Value | undefined)[] = new Array(RECENT).fill(undefined);
  #characters = 0;

  constructor(attribute: Indexed) {
    this.#attribute = attribute;
  }

  get isFull(): boolean {
    return this.#values.length >= MOST_VALUES || this.#characters >= MOST_CHARACTERS;
  }

  get length(): number {
    return this.#values.length;
  }

  namesOf(number: number): readonly string[] {
    return this.#values[number]!.names;
  }

  /** The numbers of the values with the name in them. */
  withName(name: string): readonly number[] {
    return this.#byName.get(name) ?? NO_NUMBERS;
  }

  /** The number of an element's value; -1 where it has no such attribute. */
  numberOf(nodes: HtmlNodes, page: DataView, node: number): number {
    const from = nodes.indexedFrom(node, this.#attribute);
    if (from === 0) {
      const text = nodes.isKept(node) ? nodes.indexed(node, this.#attribute) : undefined;
      return text === undefined ? -1 : this.#intern(text).number;
    }
    const to = nodes.indexedTo(node, this.#attribute);
    const slot = slotOf(page, from, to);
    const recent = this.#recent[slot];
    if (recent !== undefined && isSame(recent, page, from, to)) return recent.number;
    const value = this.#intern(nodes.indexed(node, this.#attribute)!);
    value.words = wordsOf(page, from, to);
    value.length = to - from;
    this.#recent[slot] = value;
    return value.number;
  }

  #intern(text: string): Value {
    const known = this.#byText.get(text);
    if (known) return known;
    const names = this.#attribute === 'class' ? namesIn(text) : [text.trim()];
    const value: Value = { number: this.#values.length, names, words: NO_WORDS, length: -1 };
    this.#values.push(value);
    this.#byText.set(text, value);
    this.#characters += text.length;
    for (const name of names) {
      const numbers = this.#byName.get(name);
      if (numbers) numbers.push(value.number);
      else this.#byName.set(name, [value.number]);
    }
    return value;
  }
}

function wordsOf(page: DataView, from: number, to: number): Int32Array {
  const words: number[] = [];
  for (let at = from; at < to - 4; at += 4) words.push(page.getInt32(at, true));
  words.push(lastWord(page, from, to));
  return Int32Array.from(words);
}

/** The last four bytes, perhaps again; less where there are less. What stands before the value is cut off. */
function lastWord(page: DataView, from: number, to: number): number {
  if (to === from) return 0;
  const word = page.getInt32(to - 4, true);
  return to - from < 4 ? word >>> (32 - (to - from) * 8) : word;
}

function slotOf(page: DataView, from: number, to: number): number {
  let hash = to - from;
  for (let at = from; at < to - 4; at += 4) hash = Math.imul(hash ^ page.getInt32(at, true), FACTOR);
  return (Math.imul(hash ^ lastWord(page, from, to), FACTOR) >>> 16) % RECENT;
}

function isSame({ words, length }: Value, page: DataView, from: number, to: number): boolean {
  if (length !== to - from) return false;
  const last = words.length - 1;
  for (let i = 0, at = from; i < last; i++, at += 4) if (words[i] !== page.getInt32(at, true)) return false;
  return words[last] === lastWord(page, from, to);
}

const interned: Record<Indexed, InternedValues> = {
  class: new InternedValues('class'),
  'data-test-selector': new InternedValues('data-test-selector'),
};

/** Of all pages together, until they are too many. */
export function internedValues(attribute: Indexed): InternedValues {
  if (interned[attribute].isFull) interned[attribute] = new InternedValues(attribute);
  return interned[attribute];
}
