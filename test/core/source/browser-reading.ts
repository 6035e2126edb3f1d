import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import type { HtmlElement } from '../../../core/source/html.ts';

/**
 * A tree as nested values: `[tag, attributes, ...children]`; texts that touch are one, white space is one
 * space.
 */
export type Shape = string | readonly [string, Readonly<Record<string, string>>, ...Shape[]];

const LEFT_OUT = new Set(['script', 'style', 'svg', 'template', 'noscript', 'iframe', 'object']);

/** What `readHtml` made of a page. */
export function shapeOf({ tag, attributes, children }: HtmlElement): Shape {
  return [
    tag,
    { ...attributes },
    ...joined(children.map((child) => (typeof child === 'string' ? child : shapeOf(child)))),
  ];
}

/** The same of parse5's own tree: what a browser with scripts makes of the page. */
export function browserShape(page: string): Shape {
  return ['#page', {}, ...joined(parse(page, { scriptingEnabled: true }).childNodes.flatMap(ofNode))];
}

function ofNode(node: DefaultTreeAdapterTypes.ChildNode): Shape[] {
  if (node.nodeName === '#text') return [(node as DefaultTreeAdapterTypes.TextNode).value];
  if (!('tagName' in node) || LEFT_OUT.has(node.tagName)) return [];
  const attributes = node.attrs.map(({ prefix, name, value }) => [
    prefix ? `${prefix}:${name}` : name,
    value,
  ]);
  return [
    [node.tagName.toLowerCase(), Object.fromEntries(attributes), ...joined(node.childNodes.flatMap(ofNode))],
  ];
}

function joined(children: readonly Shape[]): Shape[] {
  const all: Shape[] = [];
  for (const child of children) {
    const last = all.at(-1);
    if (typeof child === 'string' && typeof last === 'string') all[all.length - 1] = last + child;
    else all.push(child);
  }
  return all.map((child) => (typeof child === 'string' ? child.replace(/\s+/g, ' ') : child));
}
