/**
 * Elements of one page; real pages have fewer than 60,000. What is made of so many fits into a heap of 128
 * MB.
 */
export const DEFAULT_MAX_ELEMENTS = 100_000;
/** Texts, attributes, classes and entities for each element that is allowed; a real page has about 3. */
const PARTS_PER_ELEMENT = 8;
/** No page for people nests this deep, and a parser's time grows with the square of the depth. */
const DEEPEST = 5_000;

/**
 * A page would take more memory than one page may. The outcome is TOO_LARGE: it is not tried again by itself.
 */
export class PageTooLargeError extends Error {
  override readonly name = 'PageTooLargeError';
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
    if (++this.#elements > this.#maxElements)
      throw new PageTooLargeError(`page: more than ${this.#maxElements} elements`);
    if (depth > DEEPEST) throw new PageTooLargeError(`page: elements more than ${DEEPEST} deep`);
  }

  parts(count: number): void {
    this.#parts += count;
    this.fits(0);
  }

  /** Whether so many more would be allowed, without counting them. */
  fits(more: number): void {
    if (this.#parts + more > this.#maxElements * PARTS_PER_ELEMENT)
      throw new PageTooLargeError(
        `page: more than ${this.#maxElements * PARTS_PER_ELEMENT} texts, attributes and classes`,
      );
  }

  /** `class` is read name by name (`HtmlIndex`): a value of many names is as many parts. */
  attribute(name: string, value: string): void {
    this.parts(name === 'class' ? 1 + (value.length >> 3) : 1);
  }
}
