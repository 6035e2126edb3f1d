import { DEEPEST } from './html-layout.ts';

/**
 * Elements of one page; real pages have fewer than 60,000. What is made of so many fits into a heap of 128
 * MB.
 */
export const DEFAULT_MAX_ELEMENTS = 100_000;
/** Texts, attributes, classes and entities for each element that is allowed; a real page has about 3. */
export const MOST_PARTS_PER_ELEMENT = 8;

/**
 * A page would take more memory than one page may. The outcome is TOO_LARGE: it is not tried again by itself.
 */
export class PageTooLargeError extends Error {
  override readonly name = 'PageTooLargeError';
}

export function tooManyElements(maxElements: number): PageTooLargeError {
  return new PageTooLargeError(`page: more than ${maxElements} elements`);
}

export function tooDeep(): PageTooLargeError {
  return new PageTooLargeError(`page: elements more than ${DEEPEST} deep`);
}

export function tooManyParts(maxElements: number): PageTooLargeError {
  const most = maxElements * MOST_PARTS_PER_ELEMENT;
  return new PageTooLargeError(`page: more than ${most} texts, attributes and classes`);
}

/**
 * Counts what is made of one page while it is read. Each method throws a PageTooLargeError where it is too
 * much.
 */
export class PageBudget {
  readonly #maxElements: number;
  #elements = 0;
  #parts = 0;

  constructor(maxElements: number) {
    this.#maxElements = maxElements;
  }

  element(depth: number): void {
    if (++this.#elements > this.#maxElements) throw tooManyElements(this.#maxElements);
    if (depth > DEEPEST) throw tooDeep();
  }

  parts(count: number): void {
    this.#parts += count;
    this.fits(0);
  }

  /** Whether so many more would be allowed, without counting them. */
  fits(more: number): void {
    if (this.#parts + more > this.#maxElements * MOST_PARTS_PER_ELEMENT)
      throw tooManyParts(this.#maxElements);
  }

  /** `class` is read name by name (`HtmlIndex`): a value of many names is as many parts. */
  attribute(name: string, value: string): void {
    this.parts(name === 'class' ? 1 + (value.length >> 3) : 1);
  }
}
