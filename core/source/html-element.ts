/** An element of a page that was read: tag and attribute names in lower case, entities decoded. */
export interface HtmlElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly parent: HtmlElement | undefined;
  /** Elements and pieces of text in document order; a piece of white space is one space. */
  readonly children: readonly (HtmlElement | string)[];
  /** One of the attributes, without making an object of them all. */
  attribute(name: string): string | undefined;
}

/** Names and values in turn as they stand on the page. The first of two attributes of one name counts. */
export type Attributes = readonly string[];

export const NO_ATTRIBUTES: Attributes = [];
const NO_CHILDREN: HtmlElement['children'] = [];

/** An element while its page is read. */
export class OpenElement implements HtmlElement {
  readonly tag: string;
  readonly parent: OpenElement | undefined;
  children: readonly (HtmlElement | string)[] = NO_CHILDREN;
  readonly #written: Attributes;
  #attributes: Readonly<Record<string, string>> | undefined;

  constructor(tag: string, attributes: Attributes, parent: OpenElement | undefined) {
    this.tag = tag;
    this.#written = attributes;
    this.parent = parent;
  }

  add(child: HtmlElement | string): void {
    // Most elements have one child, and an array that grows has room for seventeen at once.
    if (this.children.length === 0) this.children = [child];
    else (this.children as (HtmlElement | string)[]).push(child);
  }

  attribute(name: string): string | undefined {
    return attributeOf(this.#written, name);
  }

  /** Made when somebody asks: of most elements nobody does. */
  get attributes(): Readonly<Record<string, string>> {
    this.#attributes ??= recordOf(this.#written);
    return this.#attributes;
  }
}

export function attributeOf(attributes: Attributes, name: string): string | undefined {
  for (let at = 0; at < attributes.length; at += 2) if (attributes[at] === name) return attributes[at + 1];
  return undefined;
}

function recordOf(attributes: Attributes): Record<string, string> {
  const record: Record<string, string> = {};
  for (let at = 0; at < attributes.length; at += 2)
    addAttribute(record, attributes[at]!, attributes[at + 1]!);
  return record;
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
  return new OpenElement('#page', NO_ATTRIBUTES, undefined);
}

const NOT_BLANK = /\S/;

/** A piece of white space is one space, and none follows another. */
export function addText(element: OpenElement, text: string): void {
  const first = text.charCodeAt(0);
  const { children } = element;
  if ((first > 0x20 && first < 0x7f) || NOT_BLANK.test(text)) element.add(text);
  else if (children[children.length - 1] !== ' ') element.add(' ');
}

function addAttribute(attributes: Record<string, string>, name: string, value: string): void {
  if (attributes[name] === undefined) attributes[name] = value;
  else if (!Object.hasOwn(attributes, name))
    // A name that every object inherits; `__proto__` cannot be assigned.
    Object.defineProperty(attributes, name, { value, enumerable: true, configurable: true, writable: true });
}
