import { Buffer } from 'node:buffer';
import {
  ATTRIBUTES,
  BLANK,
  BLANK_SIZE,
  ELEMENT_SIZE,
  FIRST,
  FROM,
  KEPT_TEXT,
  KIND,
  LAST,
  NEXT,
  PARENT,
  TEXT_SIZE,
} from './html-layout.ts';
import { HtmlNodes } from './html-nodes.ts';
import { doubled } from './html-numbers.ts';
import { KNOWN_TAGS, knownTag } from './html-tags.ts';
import type { PageLifetime } from './page.ts';

const NO_BYTES = Buffer.alloc(0);

/** The nodes of a page that the full parser read: no text and no attribute stands on the page as it is. */
export class BrowserNodes extends HtmlNodes {
  readonly #ofPage = new Map<string, number>();
  #length = 0;

  /** `lifetime`: of the page; left out of one that stays. */
  constructor(lifetime?: Readonly<PageLifetime>) {
    super(NO_BYTES, new Int32Array(4_096), [], lifetime);
    this.#newNode(knownTag('#page'), ELEMENT_SIZE);
  }

  /** An element that is the last one below its parent. `attributes`: names and values in turn. */
  element(tag: string, attributes: readonly string[], parent: number): number {
    const known = knownTag(tag);
    const node = this.#newNode(known >= 0 ? known : this.#numberOfPage(tag), ELEMENT_SIZE);
    this.numbers[node + PARENT] = parent;
    if (attributes.length > 0) this.numbers[node + ATTRIBUTES] = ~(this.lists.push(attributes) - 1);
    this.#link(node, parent);
    return node;
  }

  /** White space is one space, and none follows another. */
  text(parent: number, text: string): void {
    if (/\S/.test(text)) {
      const node = this.#newNode(KEPT_TEXT, TEXT_SIZE);
      this.numbers[node + FROM] = this.texts.push(text) - 1;
      this.#link(node, parent);
      return;
    }
    const last = this.numbers[parent + LAST]!;
    if (last === 0 || this.numbers[last + KIND] !== BLANK)
      this.#link(this.#newNode(BLANK, BLANK_SIZE), parent);
  }

  #numberOfPage(tag: string): number {
    const known = this.#ofPage.get(tag);
    if (known !== undefined) return known;
    const number = KNOWN_TAGS.length + this.names.push(tag) - 1;
    this.#ofPage.set(tag, number);
    return number;
  }

  #newNode(kind: number, size: number): number {
    const node = this.#length;
    this.#length += size;
    if (this.#length > this.numbers.length) this.numbers = doubled(this.numbers);
    this.numbers[node + KIND] = kind;
    return node;
  }

  #link(node: number, parent: number): void {
    const last = this.numbers[parent + LAST]!;
    this.numbers[last === 0 ? parent + FIRST : last + NEXT] = node;
    this.numbers[parent + LAST] = node;
  }
}
