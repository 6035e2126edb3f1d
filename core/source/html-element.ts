import type { HtmlNodes } from './html-nodes.ts';
import { PageReleasedError } from './page.ts';

/** An element of a page that was read: tag and attribute names in lower case, entities decoded. */
export class HtmlElement {
  readonly tag: string;
  readonly #page: ElementsOfPage;
  /** Its place among the nodes of the page. */
  readonly #node: number;
  #children: readonly (HtmlElement | string)[] | undefined;
  #attributes: Readonly<Record<string, string>> | undefined;

  constructor(page: ElementsOfPage, node: number) {
    this.tag = page.nodes.tag(node);
    this.#page = page;
    this.#node = node;
  }

  get parent(): HtmlElement | undefined {
    return this.#node === 0 ? undefined : this.#page.at(this.#page.nodes.parent(this.#node));
  }

  /** Elements and pieces of text in document order; a piece of white space is one space. */
  get children(): readonly (HtmlElement | string)[] {
    this.#children ??= this.#page.childrenOf(this.#node);
    return this.#children;
  }

  get attributes(): Readonly<Record<string, string>> {
    this.#attributes ??= this.#page.nodes.attributes(this.#node);
    return this.#attributes;
  }

  /** One of the attributes, without making an object of them all. */
  attribute(name: string): string | undefined {
    return this.#page.nodes.attribute(this.#node, name);
  }

  /** Where it stands, for what reads the nodes of a page themselves. */
  static pageOf(element: HtmlElement): ElementsOfPage {
    return element.#page;
  }

  static nodeOf(element: HtmlElement): number {
    return element.#node;
  }
}

/** The elements of a page that somebody asked for: of one node always the same object. */
export class ElementsOfPage {
  readonly #nodes: HtmlNodes;
  readonly #elements: HtmlElement[] = [];

  constructor(nodes: HtmlNodes) {
    this.#nodes = nodes;
  }

  /** Throws a PageReleasedError where nothing is left to read. */
  get nodes(): HtmlNodes {
    if (this.#nodes.isReleased) throw new PageReleasedError();
    return this.#nodes;
  }

  at(node: number): HtmlElement {
    const { nodes } = this;
    const asked = nodes.asked(node);
    if (asked !== 0) return this.#elements[asked - 1]!;
    const element = new HtmlElement(this, node);
    nodes.setAsked(node, this.#elements.push(element));
    return element;
  }

  childrenOf(node: number): (HtmlElement | string)[] {
    const { nodes } = this;
    const children: (HtmlElement | string)[] = [];
    for (let child = nodes.first(node); child !== 0; child = nodes.next(child))
      children.push(nodes.isElement(child) ? this.at(child) : nodes.textOf(child));
    return children;
  }
}
