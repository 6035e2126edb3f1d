/** An element of a page that was read: tag and attribute names in lower case, entities decoded. */
export interface HtmlElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly parent: HtmlElement | undefined;
  /** Elements and pieces of text in document order; a piece of white space is one space. */
  readonly children: readonly (HtmlElement | string)[];
}

/** An element while its page is read. */
export interface OpenElement extends HtmlElement {
  readonly attributes: Record<string, string>;
  readonly parent: OpenElement | undefined;
  readonly children: (HtmlElement | string)[];
}

/** Their content is never something that a person reads on the page, and makes up most of its bytes. */
export const DROPPED_TAGS: ReadonlySet<string> = new Set([
  'script',
  'style',
  'svg',
  'template',
  'noscript',
  'iframe',
  'object',
]);

/**
 * Elements below this depth become children of the element at it, as in browsers: what walks the tree
 * recurses.
 */
export const MAX_DEPTH = 512;

export function newPage(): OpenElement {
  return { tag: '#page', attributes: {}, parent: undefined, children: [] };
}

const NOT_BLANK = /\S/;

/** A piece of white space is one space, and none follows another. */
export function addText({ children }: OpenElement, text: string): void {
  const first = text.charCodeAt(0);
  if ((first > 0x20 && first < 0x7f) || NOT_BLANK.test(text)) children.push(text);
  else if (children.at(-1) !== ' ') children.push(' ');
}

/** The first of two attributes of one name counts. */
export function addAttribute(attributes: Record<string, string>, name: string, value: string): void {
  if (attributes[name] === undefined) attributes[name] = value;
  else if (!Object.hasOwn(attributes, name))
    // A name that every object inherits; `__proto__` cannot be assigned.
    Object.defineProperty(attributes, name, { value, enumerable: true, configurable: true, writable: true });
}
