import { createRequire } from 'node:module';
import type { SaxesParser } from 'saxes';
import type { Page } from './page.ts';
import { DEFAULT_MAX_ELEMENTS, PageBudget, PageTooLargeError } from './page-budget.ts';
import type { Rejected } from './source.ts';

/** No feed nests this deep; what walks the tree may call itself for each level. */
const MAX_DEPTH = 256;
/** Characters that are handed over at once; between two pieces the budget is looked at. */
const PIECE = 65_536;

/** An element of a page of XML. Names are without prefix: prefixes are what each document likes. */
export interface XmlElement {
  readonly name: string;
  /** URI; empty where it is in none. */
  readonly namespace: string;
  /** By name; by `{namespace}name` where an attribute has a prefix. Declarations of prefixes are left out. */
  readonly attributes: Readonly<Record<string, string>>;
  /** In their order, texts as strings; comments and processing instructions are left out. */
  readonly children: readonly (XmlElement | string)[];
}

interface OpenElement extends XmlElement {
  readonly children: (XmlElement | string)[];
}

/**
 * A page of XML whose root has this name, and this namespace where one is given. PARSE_ERROR where it is no
 * well-formed document (cut off, say, or in another encoding than it says), or declares entities: nothing is
 * ever expanded or fetched but the five that XML has itself. HTML_CHANGED where the root is another. Throws a
 * PageTooLargeError for more than `page.maxElements`, or a nesting that no feed has.
 */
export function readXml(
  page: Page,
  name: string,
  namespace?: string,
): { readonly kind: 'read'; readonly root: XmlElement } | Rejected {
  let root: XmlElement;
  try {
    root = rootOf(page);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return { kind: 'rejected', code: 'PARSE_ERROR', message: `the page is no XML: ${error.message}` };
  }
  if (root.name === name && (namespace === undefined || root.namespace === namespace))
    return { kind: 'read', root };
  const [wanted, found] = [
    namespace === undefined ? name : `{${namespace}}${name}`,
    namespace === undefined ? root.name : `{${root.namespace}}${root.name}`,
  ];
  return { kind: 'rejected', code: 'HTML_CHANGED', message: `the root is ${found} and not ${wanted}` };
}

/** The children that are elements of this name, and of this namespace where one is given. */
export function childrenOf(parent: XmlElement, name: string, namespace?: string): XmlElement[] {
  return parent.children.filter(
    (child): child is XmlElement =>
      typeof child !== 'string' &&
      child.name === name &&
      (namespace === undefined || child.namespace === namespace),
  );
}

/** All text in it, however deep, with white space trimmed at both ends; empty where there is none. */
export function xmlText(element: XmlElement): string {
  return deepText(element).trim();
}

function deepText({ children }: XmlElement): string {
  return children.map((child) => (typeof child === 'string' ? child : deepText(child))).join('');
}

/** What is wrong with a document, in one line. */
class XmlError extends Error {
  override readonly name = 'XmlError';
}

function rootOf({ text, maxElements = DEFAULT_MAX_ELEMENTS }: Page): XmlElement {
  // The standard calls bytes that are none of the encoding a fatal error; the decoder left this for them.
  if (text.includes('\ufffd')) throw new XmlError('it has characters that are none of its encoding');
  const budget = new PageBudget(maxElements);
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  const add = (child: XmlElement | string): void => {
    open.at(-1)?.children.push(child);
  };
  const addText = (added: string): void => {
    budget.parts(1);
    add(added);
  };
  const parser = newParser();
  parser.on('error', (error) => {
    throw new XmlError(error.message);
  });
  parser.on('doctype', (doctype) => {
    // In brackets entities are declared: one may stand for a gigabyte, or for a file of ours.
    if (doctype.includes('[')) throw new XmlError('it declares its own entities');
  });
  parser.on('attribute', () => budget.parts(1));
  parser.on('opentag', ({ local, uri, attributes }) => {
    if (open.length >= MAX_DEPTH) throw new PageTooLargeError(`page: elements more than ${MAX_DEPTH} deep`);
    budget.element(open.length);
    const element = { name: local, namespace: uri, attributes: attributesOf(attributes), children: [] };
    add(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  parser.on('text', addText);
  parser.on('cdata', addText);
  for (let at = 0; at < text.length; at += PIECE) parser.write(text.slice(at, at + PIECE));
  parser.close();
  if (!root) throw new XmlError('it has no root');
  return root;
}

type Attributes = Readonly<
  Record<
    string,
    { readonly prefix: string; readonly local: string; readonly uri: string; readonly value: string }
  >
>;

function attributesOf(attributes: Attributes): Record<string, string> {
  // Without a prototype: a name that every object inherits is one like any other.
  const named: Record<string, string> = Object.create(null);
  for (const { prefix, local, uri, value } of Object.values(attributes))
    if (prefix !== 'xmlns') named[uri === '' ? local : `{${uri}}${local}`] = value;
  return named;
}

/**
 * Loaded by the first page of XML: most processes meet none. saxes has had no release since 6.0.0, as XML has
 * not changed; it is small, refuses what is not well-formed, and is what jsdom reads XML with.
 */
function newParser(): SaxesParser<{ xmlns: true }> {
  const { SaxesParser: Parser } = createRequire(import.meta.url)('saxes') as typeof import('saxes');
  return new Parser({ xmlns: true });
}
