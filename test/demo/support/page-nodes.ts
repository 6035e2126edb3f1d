import { type AnyNode, type Element, isTag } from 'domhandler';
import { parseDocument } from 'htmlparser2';
import { ownTexts } from './elements.ts';

/**
 * A page as readers by XPath see it: lists of elements or of their text nodes, over the whole page and in its
 * order, with nothing that tells which runner an entry belongs to but its position.
 */
export class PageNodes {
  /** `//*` */
  readonly elements: readonly Element[];

  constructor(root: string | readonly AnyNode[]) {
    this.elements = elementsIn(typeof root === 'string' ? parseDocument(root).children : root);
  }

  /** `//tag[@name="value"]`: the attribute as a whole, so that one more class is another element. */
  where(tag: string, name: string, value: string): Element[] {
    return this.elements.filter((element) => element.name === tag && element.attribs[name] === value);
  }

  /** `//tag[contains(@class, "part")]` */
  classContains(tag: string, part: string): Element[] {
    return this.elements.filter((element) => element.name === tag && element.attribs.class?.includes(part));
  }

  /** `//tag[@name]` */
  having(tag: string, name: string): Element[] {
    return this.elements.filter((element) => element.name === tag && name in element.attribs);
  }

  /** `//tag[@data-test-selector="selector"]` */
  selected(tag: string, selector: string): Element[] {
    return this.where(tag, 'data-test-selector', selector);
  }
}

/** The children of each that are such elements: `…/tag`. */
export function childrenOf(parents: readonly Element[], tag: string): Element[] {
  return parents.flatMap(({ children }) => children.filter(isTag)).filter(({ name }) => name === tag);
}

/** `…/text()`: every text node right below each, without the white space around it; blank ones count too. */
export function textNodes(parents: readonly Element[]): string[] {
  return parents.flatMap(ownTexts).map((data) => data.trim());
}

/** `…/@href` cut at its slashes: `/profile/horse/12/arkle` is horse, 12, arkle at 2, 3, 4. */
export function paths(links: readonly Element[]): string[][] {
  return links.map(({ attribs }) => (attribs.href ?? '').split('/'));
}

/** One entry of every `step`, the first of each. */
export function every<T>(step: number, entries: readonly T[]): T[] {
  return entries.filter((_, nth) => nth % step === 0);
}

function elementsIn(nodes: readonly AnyNode[], into: Element[] = []): Element[] {
  for (const node of nodes) {
    if (!isTag(node)) continue;
    into.push(node);
    elementsIn(node.children, into);
  }
  return into;
}
