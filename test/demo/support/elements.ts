import { selectAll } from 'css-select';
import type { AnyNode, Document, Element } from 'domhandler';
import { isText } from 'domhandler';
import { DomUtils } from 'htmlparser2';

export function all(selector: string, within: Document | Element): Element[] {
  return selectAll<AnyNode, Element>(selector, within);
}

/** The only one: throws where there is none or more. */
export function only(selector: string, within: Document | Element): Element {
  const found = all(selector, within);
  if (found.length !== 1) throw new Error(`${found.length} elements are ${selector}`);
  return found[0]!;
}

export function text(node: AnyNode | undefined): string {
  return node ? tidy(DomUtils.textContent(node)) : '';
}

/** The text nodes that are children of an element, as `text()` of XPath finds them. */
export function ownTexts(element: Element): string[] {
  return element.children.filter(isText).map(({ data }) => data);
}

export function tidy(words: string): string {
  return words.replace(/[\s\u00a0]+/g, ' ').trim();
}
