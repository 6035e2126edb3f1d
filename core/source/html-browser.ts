import { createRequire } from 'node:module';
import type { DefaultTreeAdapterTypes } from 'parse5';
import { BrowserNodes } from './html-browser-nodes.ts';
import { MAX_DEPTH } from './html-layout.ts';
import type { HtmlNodes } from './html-nodes.ts';
import { DROPPED_TAGS } from './html-tags.ts';
import type { PageLifetime } from './page.ts';
import { type PageBudget, PageTooLargeError } from './page-budget.ts';

type Node = DefaultTreeAdapterTypes.ChildNode;
type Parent = DefaultTreeAdapterTypes.ParentNode;

/**
 * Characters that are handed over at once; between two pieces it is seen whether what is open grows too
 * large.
 */
const PIECE = 65_536;
/** Texts that may wait inside a table for the tag that decides where they belong. */
const MAX_PENDING_TEXTS = 100_000;

/** What is looked at while parse5 reads, beyond its types; the version is pinned. */
interface Inside {
  readonly currentToken: {
    readonly attrs?: readonly unknown[];
    readonly data?: string;
    readonly tagName?: string;
  } | null;
  readonly currentCharacterToken: { readonly chars: string } | null;
  readonly currentAttr: { readonly name: string; readonly value: string };
}

/** Reads a page as a browser does that runs scripts (`noscript` is text), whatever its tags are like. */
export function readAsBrowser(
  text: string,
  budget: PageBudget,
  lifetime?: Readonly<PageLifetime>,
): HtmlNodes {
  const { defaultTreeAdapter, Parser } = parse5();
  let depth = 0;
  let lastText: DefaultTreeAdapterTypes.TextNode | undefined;
  const textAdded = (node: Node | undefined): void => {
    if (node === lastText || node?.nodeName !== '#text') return;
    lastText = node as DefaultTreeAdapterTypes.TextNode;
    budget.parts(1);
  };
  const parser = new Parser<DefaultTreeAdapterTypes.DefaultTreeAdapterMap>({
    scriptingEnabled: true,
    treeAdapter: {
      ...defaultTreeAdapter,
      createElement(tagName, namespace, attributes) {
        budget.element(depth);
        for (const { name, value } of attributes) budget.attribute(name, value);
        return defaultTreeAdapter.createElement(tagName, namespace, attributes);
      },
      createCommentNode(data) {
        budget.parts(1);
        return defaultTreeAdapter.createCommentNode(data);
      },
      insertText(parent, added) {
        defaultTreeAdapter.insertText(parent, added);
        textAdded(parent.childNodes.at(-1));
      },
      insertTextBefore(parent, added, reference) {
        defaultTreeAdapter.insertTextBefore(parent, added, reference);
        textAdded(parent.childNodes[parent.childNodes.indexOf(reference) - 1]);
      },
      onItemPush() {
        depth++;
      },
      onItemPop() {
        depth--;
      },
    },
  });
  for (let at = 0; at === 0 || at < text.length; at += PIECE) {
    parser.tokenizer.write(text.slice(at, at + PIECE), at + PIECE >= text.length);
    if (parser.pendingCharacterTokens.length > MAX_PENDING_TEXTS)
      throw new PageTooLargeError('page: too much text between the parts of a table');
    checkOpen(parser.tokenizer as unknown as Inside, budget);
    flatten(lastText?.value);
  }
  return lightTree(parser.document, lifetime);
}

/**
 * parse5 adds to names, values and texts character by character, each of which V8 keeps as a pair of 32 bytes
 * until somebody looks at the text.
 */
function checkOpen({ currentToken, currentAttr, currentCharacterToken }: Inside, budget: PageBudget): void {
  budget.fits(currentToken?.attrs?.length ?? 0);
  flatten(currentToken?.data);
  flatten(currentToken?.tagName);
  flatten(currentCharacterToken?.chars);
  flatten(currentAttr?.name);
  flatten(currentAttr?.value);
}

function flatten(text: string | undefined): void {
  text?.charCodeAt(0);
}

/** Loaded by the first page that needs it: most processes meet none, and a start of one is 10 ms shorter. */
function parse5(): typeof import('parse5') {
  return createRequire(import.meta.url)('parse5') as typeof import('parse5');
}

interface Level {
  readonly nodes: readonly Node[];
  next: number;
  /** The element whose nodes they are: texts stay in it at any depth. */
  readonly element: number;
  /** Where elements among them belong. */
  readonly parent: number;
}

function lightTree(document: Parent, lifetime: Readonly<PageLifetime> | undefined): HtmlNodes {
  const page = new BrowserNodes(lifetime);
  const levels: Level[] = [{ nodes: document.childNodes, next: 0, element: 0, parent: 0 }];
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    const node = level.nodes[level.next++];
    if (!node) levels.pop();
    else if (node.nodeName === '#text')
      page.text(level.element, (node as DefaultTreeAdapterTypes.TextNode).value);
    else if ('tagName' in node && !DROPPED_TAGS.has(node.tagName)) {
      const element = lightElement(page, node, level.parent);
      const parent = levels.length > MAX_DEPTH + 1 ? level.parent : element;
      levels.push({ nodes: node.childNodes, next: 0, element, parent });
    }
  }
  return page;
}

function lightElement(
  page: BrowserNodes,
  { tagName, attrs }: DefaultTreeAdapterTypes.Element,
  parent: number,
): number {
  const attributes = attrs.flatMap(({ prefix, name, value }) => [prefix ? `${prefix}:${name}` : name, value]);
  return page.element(tagName.toLowerCase(), attributes, parent);
}
