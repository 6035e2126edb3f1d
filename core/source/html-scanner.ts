// One file of more than 300 lines, and on purpose: split in two, it reads a page 7 % slower.
import { createRequire } from 'node:module';
import { type Attributes, NO_ATTRIBUTES, type OpenElement } from './html-element.ts';
import { attributeName, tagAt } from './html-names.ts';
import { PLAIN_SVG, type Tag, tagOf } from './html-tags.ts';
import { HtmlTree } from './html-tree.ts';
import type { PageBudget } from './page-budget.ts';

const TAB = 0x09;
const LF = 0x0a;
const FF = 0x0c;
const SPACE = 0x20;
const BANG = 0x21;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const SLASH = 0x2f;
const LESS_THAN = 0x3c;
const EQUALS = 0x3d;
const GREATER_THAN = 0x3e;
const QUESTION_MARK = 0x3f;

type References = typeof import('entities/decode');

/** The tables of character references: 30 KB, loaded by the first page that has one. */
let references: References | undefined;

function loadReferences(): References {
  return createRequire(import.meta.url)('entities/decode') as References;
}

/** `text` has no NUL and no carriage return: a browser replaces them before it reads. */
export function readWellNested(text: string, budget: PageBudget): OpenElement | undefined {
  return new HtmlScanner(text, budget).read();
}

/**
 * Reads a page whose elements nest as their tags say, in one pass in which `indexOf` finds the end of texts
 * and of values. Undefined where it meets something that it does not read as a browser would: then nothing of
 * it counts.
 */
class HtmlScanner {
  readonly #text: string;
  readonly #budget: PageBudget;
  readonly #tree: HtmlTree;
  /** The next character to read. */
  #at = 0;
  #isOdd = false;
  /** The next ampersand, and the next end of a comment; found once and not for each text and each comment. */
  #ampersand: number;
  #commentEnd = -1;
  /** Of the start tag that was read last. */
  #attributes: Attributes = NO_ATTRIBUTES;
  /** The attributes of the start tag that is read: an array that grew would take twice its room. */
  readonly #written: string[] = [];
  #writtenLength = 0;
  #isSelfClosing = false;

  constructor(text: string, budget: PageBudget) {
    this.#text = text;
    this.#budget = budget;
    this.#tree = new HtmlTree(budget);
    this.#ampersand = this.#find('&', 0);
  }

  read(): OpenElement | undefined {
    const text = this.#text;
    const tree = this.#tree;
    while (this.#at < text.length && !this.#isOdd && !tree.isOdd) {
      const end = this.#endOfText();
      if (end > this.#at) {
        this.#budget.parts(1);
        tree.text(this.#decoded(this.#at, end, 'decodeHTML'));
        this.#at = end;
      }
      if (end < text.length) this.#markup();
    }
    return this.#isOdd || tree.isOdd ? undefined : tree.finish();
  }

  /** A `<` is markup before a letter, `/`, `!` or `?`, else text. */
  #endOfText(): number {
    const text = this.#text;
    let at = text.indexOf('<', this.#at);
    while (at >= 0) {
      const next = text.charCodeAt(at + 1);
      if (isLetter(next) || next === SLASH || next === BANG || next === QUESTION_MARK) return at;
      at = text.indexOf('<', at + 1);
    }
    return text.length;
  }

  #markup(): void {
    const next = this.#text.charCodeAt(this.#at + 1);
    if (next === SLASH) {
      const tag = this.#endTag();
      if (tag) this.#tree.end(tag);
    } else if (next === BANG || next === QUESTION_MARK) this.#declaration();
    else this.#element();
  }

  #element(): void {
    const tag = this.#startTag();
    if (!tag) return;
    const tree = this.#tree;
    const attributes = this.#attributes;
    if (tag.kind === 'svg') {
      tree.leaveOut(tag);
      if (!this.#isSelfClosing) this.#passDrawing();
    } else if (tag.kind === 'template') {
      tree.leaveOut(tag);
      this.#passTemplate();
    } else if (tag.content !== 'markup') {
      tree.textOnly(tag, attributes, this.#content(tag));
    } else {
      tree.start(tag, attributes);
      if (tag.kind === 'pre') this.#passNewline();
    }
  }

  /** The first line of these may be empty and is not part of them. */
  #passNewline(): void {
    const { 0: first } = /^(?:\n|&#(?:0*10|x0*a);?)/i.exec(this.#text.slice(this.#at, this.#at + 16)) ?? {};
    if (first === '\n') this.#at++;
    else if (first !== undefined) this.#isOdd = true;
  }

  // Tags.

  #startTag(): Tag | undefined {
    const text = this.#text;
    const from = this.#at + 1;
    let at = from + 1;
    let c = text.charCodeAt(at);
    let hash = text.charCodeAt(from);
    while (!isSpace(c) && c !== GREATER_THAN && c !== SLASH && at < text.length) {
      hash = (hash * 31 + c) | 0;
      c = text.charCodeAt(++at);
    }
    const tag = tagAt(text, from, at, hash);
    if (!tag) return this.#odd();
    this.#writtenLength = 0;
    this.#isSelfClosing = false;
    while (c !== GREATER_THAN) {
      while (isSpace(c)) c = text.charCodeAt(++at);
      if (c === GREATER_THAN) break;
      if (c === SLASH) {
        c = text.charCodeAt(++at);
        this.#isSelfClosing = c === GREATER_THAN;
        continue;
      }
      at = this.#attribute(at);
      if (at < 0) return this.#odd();
      c = text.charCodeAt(at);
    }
    this.#attributes =
      this.#writtenLength === 0 ? NO_ATTRIBUTES : this.#written.slice(0, this.#writtenLength);
    this.#at = at + 1;
    return tag;
  }

  /** Reads one attribute and says where it ends; -1 where a browser's way with it is not known here. */
  #attribute(from: number): number {
    const text = this.#text;
    let at = from;
    let c = text.charCodeAt(at);
    let hash = 0;
    while (!isSpace(c) && c !== EQUALS && c !== GREATER_THAN && c !== SLASH) {
      if (!isPlain(c)) return -1;
      hash = (hash * 31 + c) | 0;
      c = text.charCodeAt(++at);
    }
    if (at === from) return -1;
    const name = attributeName(text, from, at, hash);
    while (isSpace(c)) c = text.charCodeAt(++at);
    let value = '';
    if (c === EQUALS) {
      c = text.charCodeAt(++at);
      while (isSpace(c)) c = text.charCodeAt(++at);
      const isQuoted = c === DOUBLE_QUOTE || c === SINGLE_QUOTE;
      const start = isQuoted ? at + 1 : at;
      const end = isQuoted ? text.indexOf(c === DOUBLE_QUOTE ? '"' : "'", start) : this.#endOfUnquoted(at);
      if (end < start || (end === start && !isQuoted)) return -1;
      value = this.#decoded(start, end, 'decodeHTMLAttribute');
      at = isQuoted ? end + 1 : end;
    }
    this.#budget.attribute(name, value);
    this.#written[this.#writtenLength++] = name;
    this.#written[this.#writtenLength++] = value;
    return at;
  }

  #endOfUnquoted(from: number): number {
    const text = this.#text;
    let at = from;
    for (let c = text.charCodeAt(at); !isSpace(c) && c !== GREATER_THAN; c = text.charCodeAt(++at))
      if (at >= text.length) return -1;
    return at;
  }

  #endTag(): Tag | undefined {
    const text = this.#text;
    const from = this.#at + 2;
    // Nearly all end what was opened last.
    const open = this.#tree.innermost();
    if (open !== undefined) {
      const { length } = open.name;
      if (text.charCodeAt(from + length) === GREATER_THAN && text.startsWith(open.name, from)) {
        this.#at = from + length + 1;
        return open;
      }
    }
    const end = text.indexOf('>', from);
    if (end < 0) return this.#odd();
    let last = end;
    while (isSpace(text.charCodeAt(last - 1))) last--;
    const tag = tagOf(text.slice(from, last));
    if (!tag) return this.#odd();
    this.#at = end + 1;
    return tag;
  }

  // Text.

  #decoded(from: number, to: number, decode: 'decodeHTML' | 'decodeHTMLAttribute'): string {
    const raw = this.#text.slice(from, to);
    if (this.#ampersand < from) this.#ampersand = this.#find('&', from);
    if (this.#ampersand >= to) return raw;
    this.#budget.parts(raw.length >> 2);
    references ??= loadReferences();
    return references[decode](raw);
  }

  /** What stands in an element whose content is text only; goes behind its end tag. */
  #content({ name, content }: Tag): string {
    const text = this.#text;
    if (name === 'textarea') this.#passNewline();
    const from = this.#at;
    for (let end = text.indexOf('</', from); end >= 0; end = text.indexOf('</', end + 2)) {
      const after = end + 2 + name.length;
      const next = text.charCodeAt(after);
      if (next !== GREATER_THAN && next !== SLASH && !isSpace(next)) continue;
      if (text.slice(end + 2, after).toLowerCase() !== name) continue;
      this.#at = end;
      if (!this.#endTag()) return '';
      const raw = text.slice(from, end);
      // Inside a comment inside a script, a script is part of the comment.
      if (name === 'script' && raw.includes('<!--') && /<script/i.test(raw)) this.#isOdd = true;
      return content === 'text' ? this.#decoded(from, end, 'decodeHTML') : raw;
    }
    this.#isOdd = true;
    return '';
  }

  #declaration(): void {
    const text = this.#text;
    const from = this.#at;
    if (text.startsWith('<!--', from)) {
      this.#at = this.#endOfComment(from + 4);
      return;
    }
    const end = this.#find('>', from);
    const declaration = text.slice(from, end + 1);
    if (DOCTYPE.test(declaration)) this.#tree.doctype(PLAIN_DOCTYPE.test(declaration));
    this.#at = end + 1;
  }

  #endOfComment(from: number): number {
    const text = this.#text;
    if (text.charCodeAt(from) === GREATER_THAN) return from + 1;
    if (text.startsWith('->', from)) return from + 2;
    if (this.#commentEnd < from) this.#commentEnd = this.#find('-->', from);
    // Nobody ends a comment so; a search beyond this one would be through the whole page.
    const odd = text.slice(from, this.#commentEnd).indexOf('--!>');
    return odd < 0 ? this.#commentEnd + 3 : from + odd + 4;
  }

  // What is left out.

  /** Goes behind the end of a drawing. */
  #passDrawing(): void {
    const open = ['svg'];
    while (open.length > 0 && !this.#isOdd) {
      const text = this.#text;
      this.#at = this.#endOfText();
      const next = text.charCodeAt(this.#at + 1);
      if (this.#at >= text.length) this.#isOdd = true;
      else if (next === BANG || next === QUESTION_MARK) {
        if (text.startsWith('<![CDATA[', this.#at)) this.#isOdd = true;
        else this.#declaration();
      } else if (next === SLASH) {
        if (this.#endTag()?.name !== open.pop()) this.#isOdd = true;
      } else {
        const around = open.at(-1);
        const tag = this.#startTag();
        if (!tag || !PLAIN_SVG.has(tag.name) || around === 'title' || around === 'desc') this.#isOdd = true;
        else if (!this.#isSelfClosing) open.push(tag.name);
      }
    }
  }

  /** Goes behind the end of a template: whatever else is open in it, its end tag ends it. */
  #passTemplate(): void {
    let depth = 1;
    while (depth > 0 && !this.#isOdd) {
      const text = this.#text;
      this.#at = this.#endOfText();
      const next = text.charCodeAt(this.#at + 1);
      if (this.#at >= text.length) this.#isOdd = true;
      else if (next === BANG || next === QUESTION_MARK) this.#declaration();
      else if (next === SLASH) {
        if (this.#endTag()?.kind === 'template') depth--;
      } else {
        const tag = this.#startTag();
        if (!tag || NOT_IN_TEMPLATE.has(tag.kind)) this.#isOdd = true;
        else if (tag.kind === 'template') depth++;
        else if (tag.content !== 'markup') this.#content(tag);
      }
    }
  }

  /** Like `indexOf`, but the end of the page where there is none. */
  #find(what: string, from: number): number {
    const at = this.#text.indexOf(what, from);
    return at < 0 ? this.#text.length : at;
  }

  #odd(): undefined {
    this.#isOdd = true;
    return undefined;
  }
}

const DOCTYPE = /^<!doctype/i;
const PLAIN_DOCTYPE = /^<!doctype[ \n\t\f]+html[ \n\t\f]*>$/i;

/** In these, or behind them, a browser may not take the content of a script or style as text only. */
const NOT_IN_TEMPLATE: ReadonlySet<Tag['kind']> = new Set(['svg', 'select', 'col', 'colgroup', 'rare']);

function isSpace(c: number): boolean {
  return c === SPACE || c === LF || c === TAB || c === FF;
}

function isLetter(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a);
}

/** Part of the name of an attribute without being an error; false at the end of the page. */
function isPlain(c: number): boolean {
  return c > SPACE && c < 0x7f && c !== DOUBLE_QUOTE && c !== SINGLE_QUOTE && c !== LESS_THAN;
}
