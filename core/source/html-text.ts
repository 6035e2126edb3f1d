import { Buffer } from 'node:buffer';
import { type ElementsOfPage, HtmlElement } from './html-element.ts';

const IS_SPACE = /[\s\u200b]/;
const SPACE = /[\s\u200b]+/g;

/** White space of any kind (no-break, zero-width) becomes one space, none at the ends. */
export function collapse(text: string): string {
  const trimmed = text.trim();
  if (isCollapsed(trimmed)) return trimmed;
  return text.length > LONG ? collapseLong(text) : text.replace(SPACE, ' ').trim();
}

/**
 * Of a text without white space at its ends: true for what most texts of a page are, letters (accents too),
 * quotes and dashes with single spaces between them. False says nothing.
 */
function isCollapsed(text: string): boolean {
  let before = BLANK;
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c <= BLANK ? c !== BLANK || before === BLANK : c > 0x7e && !isNeverSpace(c)) return false;
    before = c;
  }
  return true;
}

/** Ranges without white space in them, of which pages print the most. */
function isNeverSpace(c: number): boolean {
  return (c > 0xa0 && c < 0x1680) || (c >= 0x2010 && c <= 0x2027);
}

/**
 * Of a text that is longer, a regular expression would note every match before it replaces the first: 32
 * bytes each.
 */
const LONG = 65_536;

function collapseLong(text: string): string {
  let wasSpace = false;
  return rewritten(text, (c) => {
    const isBlank = isSpace(c);
    const code = isBlank ? BLANK : c;
    const isMore = isBlank && wasSpace;
    wasSpace = isBlank;
    return isMore ? undefined : code;
  }).trim();
}

const BLANK = 0x20;

function isSpace(c: number): boolean {
  return c === BLANK || ((c < BLANK || c > 0x7f) && IS_SPACE.test(String.fromCharCode(c)));
}

/**
 * A text, character by character, with what `step` makes of each of them and the one before; undefined is
 * nothing.
 */
function rewritten(text: string, step: (c: number, before: number) => number | undefined): string {
  const codes = new Uint16Array(text.length);
  let length = 0;
  let before = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    const code = step(c, before);
    if (code !== undefined) codes[length++] = code;
    before = c;
  }
  return Buffer.from(codes.buffer, 0, length * 2).toString('utf16le');
}

/** What a reader sees of the element, collapsed; elements for which `skip` holds are left out. */
export function textOf(element: HtmlElement, skip?: (element: HtmlElement) => boolean): string {
  const page = HtmlElement.pageOf(element);
  const node = HtmlElement.nodeOf(element);
  const { nodes } = page;
  const only = nodes.first(node);
  if (only !== 0 && nodes.next(only) === 0 && !nodes.isElement(only)) {
    const plain = nodes.plainText(only);
    if (plain !== undefined) return plain;
  }
  return collapse(rawText(page, node, skip));
}

function rawText(
  page: ElementsOfPage,
  element: number,
  skip: ((element: HtmlElement) => boolean) | undefined,
): string {
  const { nodes } = page;
  let text = '';
  for (let node = nodes.first(element); node !== 0; node = nodes.next(node)) {
    if (!nodes.isElement(node)) text += nodes.textOf(node);
    else if (nodes.tag(node) === 'br') text += ' ';
    else if (!skip?.(page.at(node))) text += rawText(page, node, skip);
  }
  return text;
}

/** True where `name` is one of the element's classes. */
export function hasClass(element: HtmlElement, name: string): boolean {
  const classes = element.attribute('class');
  return classes !== undefined && isNamed(classes, name);
}

/** Whether `name` is one of the names in a value of `class`. */
function isNamed(classes: string, name: string): boolean {
  if (name === '') return false;
  for (let at = classes.indexOf(name); at >= 0; at = classes.indexOf(name, at + 1))
    if (isSpaceAt(classes, at - 1) && isSpaceAt(classes, at + name.length)) return true;
  return false;
}

/** Each of the names in a value of `class`. */
export function namesIn(classes: string): readonly string[] {
  return [...new Set(classes.split(SPACE).filter((name) => name !== ''))];
}

/** True also beyond the ends. */
function isSpaceAt(text: string, at: number): boolean {
  return at < 0 || at >= text.length || isSpace(text.charCodeAt(at));
}
