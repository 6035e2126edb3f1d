// One file of more than 300 lines, and on purpose: split in two, it reads a page 7 % slower.
import type { Buffer } from 'node:buffer';
import { type AttributePlace, newPlace, noAttributes, readAttribute } from './html-attributes.ts';
import {
  BANG,
  GREATER_THAN,
  isLetter,
  isSpace,
  LESS_THAN,
  QUESTION_MARK,
  SLASH,
  standsAt,
} from './html-bytes.ts';
import { isAt, tagAt } from './html-names.ts';
import { HtmlNodes } from './html-nodes.ts';
import { decodeReferences } from './html-references.ts';
import { PLAIN_SVG, type Tag } from './html-tags.ts';
import { HtmlTree } from './html-tree.ts';
import type { PageLifetime } from './page.ts';
import type { PageBudget } from './page-budget.ts';

/** `bytes`: UTF-8 without NUL and carriage returns, which a browser replaces before it reads. */
export function readWellNested(
  bytes: Buffer,
  budget: PageBudget,
  lifetime?: Readonly<PageLifetime>,
): HtmlNodes | undefined {
  return new HtmlScanner(new HtmlNodes(bytes, lifetime), budget).read();
}

/**
 * Reads a page whose elements nest as their tags say, in one pass in which `indexOf` finds the end of texts
 * and of values. Undefined where it meets something that it does not read as a browser would: then nothing of
 * it counts.
 */
class HtmlScanner {
  readonly #bytes: Buffer;
  readonly #budget: PageBudget;
  readonly #tree: HtmlTree;
  /** The next byte to read. */
  #at = 0;
  #isOdd = false;
  /** The next ampersand, and the next end of a comment; found once and not for each text and each comment. */
  #ampersand: number;
  #commentEnd = -1;
  /** Of the start tag that was read last. */
  readonly #attributes = noAttributes();
  #isSelfClosing = false;
  readonly #place: AttributePlace = newPlace();
  /** Of the element whose content is text only and which was read last. */
  #contentStart = 0;
  #contentEnd = 0;

  constructor(nodes: HtmlNodes, budget: PageBudget) {
    this.#bytes = nodes.bytes;
    this.#budget = budget;
    this.#tree = new HtmlTree(nodes, budget);
    this.#ampersand = this.#find('&', 0);
  }

  read(): HtmlNodes | undefined {
    const { length } = this.#bytes;
    const tree = this.#tree;
    while (this.#at < length && !this.#isOdd && !tree.isOdd) {
      this.#text();
      if (this.#at < length) this.#markup();
    }
    return this.#isOdd || tree.isOdd ? undefined : tree.finish();
  }

  /** Goes to the next markup. */
  #text(): void {
    const bytes = this.#bytes;
    const from = this.#at;
    let first = from;
    while (isSpace(bytes[first])) first++;
    const isSpaceOnly = this.#isMarkup(first);
    const end = isSpaceOnly ? first : this.#endOfText();
    if (end === from) return;
    this.#budget.parts(1);
    this.#at = end;
    if (isSpaceOnly) this.#tree.space(from, end);
    else if (this.#hasReferences(from, end)) this.#tree.decodedText(this.#decoded(from, end));
    else this.#tree.text(from, end, first);
  }

  /** A `<` is markup before a letter, `/`, `!` or `?`, else text. */
  #endOfText(): number {
    const bytes = this.#bytes;
    for (let at = bytes.indexOf(LESS_THAN, this.#at); at >= 0; at = bytes.indexOf(LESS_THAN, at + 1))
      if (this.#isMarkup(at)) return at;
    return bytes.length;
  }

  #isMarkup(at: number): boolean {
    const bytes = this.#bytes;
    if (bytes[at] !== LESS_THAN) return at === bytes.length;
    const next = bytes[at + 1];
    return isLetter(next) || next === SLASH || next === BANG || next === QUESTION_MARK;
  }

  #markup(): void {
    const next = this.#bytes[this.#at + 1];
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
      this.#passContent(tag);
      const [from, to] = [this.#contentStart, this.#contentEnd];
      tree.textOnly(
        tag,
        attributes,
        from,
        to,
        tag.content === 'text' && this.#hasReferences(from, to) ? this.#decoded(from, to) : undefined,
      );
    } else {
      tree.start(tag, attributes);
      if (tag.kind === 'pre') this.#passNewline();
    }
  }

  /** The first line of these may be empty and is not part of them. */
  #passNewline(): void {
    const { 0: first } =
      /^(?:\n|&#(?:0*10|x0*a);?)/i.exec(this.#bytes.toString('latin1', this.#at, this.#at + 16)) ?? {};
    if (first === '\n') this.#at++;
    else if (first !== undefined) this.#isOdd = true;
  }

  // Tags.

  #startTag(): Tag | undefined {
    const bytes = this.#bytes;
    const from = this.#at + 1;
    let at = from + 1;
    let c = bytes[at]!;
    while (!isSpace(c) && c !== GREATER_THAN && c !== SLASH && at < bytes.length) c = bytes[++at]!;
    const tag = tagAt(bytes, from, at);
    if (!tag) return this.#odd();
    const attributes = this.#attributes;
    attributes.at = c === GREATER_THAN ? 0 : at;
    attributes.classFrom = 0;
    attributes.selectorFrom = 0;
    this.#isSelfClosing = false;
    while (c !== GREATER_THAN) {
      while (isSpace(c)) c = bytes[++at]!;
      if (c === GREATER_THAN) break;
      if (c === SLASH) {
        c = bytes[++at]!;
        this.#isSelfClosing = c === GREATER_THAN;
        continue;
      }
      at = this.#attribute(at);
      if (at < 0) return this.#odd();
      c = bytes[at]!;
    }
    this.#at = at + 1;
    return tag;
  }

  /** Reads one attribute and says where it ends; -1 where a browser's way with it is not known here. */
  #attribute(from: number): number {
    const bytes = this.#bytes;
    const place = this.#place;
    const end = readAttribute(bytes, from, place);
    if (end < 0) return end;
    const { nameFrom, valueFrom, valueTo } = place;
    let parts = 1;
    switch (place.nameTo - nameFrom) {
      case CLASS.length:
        if (!standsAt(bytes, nameFrom, CLASS)) break;
        // It is read name by name: a value of many names is as many parts.
        parts += (valueTo - valueFrom) >> 3;
        if (this.#attributes.classFrom !== 0) break;
        this.#attributes.classFrom = valueFrom;
        this.#attributes.classTo = valueTo;
        break;
      case SELECTOR.length:
        if (this.#attributes.selectorFrom !== 0 || !standsAt(bytes, nameFrom, SELECTOR)) break;
        this.#attributes.selectorFrom = valueFrom;
        this.#attributes.selectorTo = valueTo;
    }
    this.#budget.parts(
      this.#hasReferences(valueFrom, valueTo) ? parts + ((valueTo - valueFrom) >> 2) : parts,
    );
    return end;
  }

  #endTag(): Tag | undefined {
    const bytes = this.#bytes;
    const from = this.#at + 2;
    // Nearly all end what was opened last.
    const open = this.#tree.innermost();
    if (open !== undefined) {
      const { length } = open.name;
      if (bytes[from + length] === GREATER_THAN && isAt(bytes, from, open.name)) {
        this.#at = from + length + 1;
        return open;
      }
    }
    const end = bytes.indexOf(GREATER_THAN, from);
    if (end < 0) return this.#odd();
    let last = end;
    while (isSpace(bytes[last - 1])) last--;
    const tag = tagAt(bytes, from, Math.max(from, last));
    if (!tag) return this.#odd();
    this.#at = end + 1;
    return tag;
  }

  // Text.

  /** What a text with references says. */
  #decoded(from: number, to: number): string {
    this.#budget.parts((to - from) >> 2);
    return decodeReferences(this.#bytes.toString('utf8', from, to), 'decodeHTML');
  }

  #hasReferences(from: number, to: number): boolean {
    if (this.#ampersand < from) this.#ampersand = this.#find('&', from);
    return this.#ampersand < to;
  }

  /** Goes behind the end tag of an element whose content is text only. */
  #passContent({ name }: Tag): void {
    const bytes = this.#bytes;
    if (name === 'textarea') this.#passNewline();
    const from = this.#at;
    this.#contentStart = from;
    for (let end = bytes.indexOf('</', from); end >= 0; end = bytes.indexOf('</', end + 2)) {
      const after = end + 2 + name.length;
      const next = bytes[after];
      if (next !== GREATER_THAN && next !== SLASH && !isSpace(next)) continue;
      if (!standsAt(bytes, end + 2, name)) continue;
      this.#at = end;
      this.#contentEnd = end;
      // Inside a comment inside a script, a script is part of the comment.
      if (!this.#endTag() || (name === 'script' && hasScriptInComment(bytes.subarray(from, end))))
        this.#isOdd = true;
      return;
    }
    this.#contentEnd = from;
    this.#isOdd = true;
  }

  #declaration(): void {
    const bytes = this.#bytes;
    const from = this.#at;
    if (isAt(bytes, from, '<!--')) {
      this.#at = this.#endOfComment(from + 4);
      return;
    }
    const end = this.#find('>', from);
    if (standsAt(bytes, from, '<!doctype'))
      this.#tree.doctype(
        PLAIN_DOCTYPE.test(bytes.toString('latin1', from, Math.min(end + 1, from + LONGEST_DOCTYPE))),
      );
    this.#at = end + 1;
  }

  #endOfComment(from: number): number {
    const bytes = this.#bytes;
    if (bytes[from] === GREATER_THAN) return from + 1;
    if (isAt(bytes, from, '->')) return from + 2;
    if (this.#commentEnd < from) this.#commentEnd = this.#find('-->', from);
    // Nobody ends a comment so; a search beyond this one would be through the whole page.
    for (let at = from; at < this.#commentEnd; at++)
      if (bytes[at] === BANG && isAt(bytes, at - 2, '--!>') && at - 2 >= from) return at + 2;
    return this.#commentEnd + 3;
  }

  // What is left out.

  /** Goes behind the end of a drawing. */
  #passDrawing(): void {
    const open = ['svg'];
    while (open.length > 0 && !this.#isOdd) {
      const bytes = this.#bytes;
      this.#at = this.#endOfText();
      const next = bytes[this.#at + 1];
      if (this.#at >= bytes.length) this.#isOdd = true;
      else if (next === BANG || next === QUESTION_MARK) {
        if (isAt(bytes, this.#at, '<![CDATA[')) this.#isOdd = true;
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
      const bytes = this.#bytes;
      this.#at = this.#endOfText();
      const next = bytes[this.#at + 1];
      if (this.#at >= bytes.length) this.#isOdd = true;
      else if (next === BANG || next === QUESTION_MARK) this.#declaration();
      else if (next === SLASH) {
        if (this.#endTag()?.kind === 'template') depth--;
      } else {
        const tag = this.#startTag();
        if (!tag || NOT_IN_TEMPLATE.has(tag.kind)) this.#isOdd = true;
        else if (tag.kind === 'template') depth++;
        else if (tag.content !== 'markup') this.#passContent(tag);
      }
    }
  }

  /** Like `indexOf`, but the end of the page where there is none. */
  #find(what: string, from: number): number {
    const at = this.#bytes.indexOf(what, from, 'latin1');
    return at < 0 ? this.#bytes.length : at;
  }

  #odd(): undefined {
    this.#isOdd = true;
    return undefined;
  }
}

const CLASS = 'class';
const SELECTOR = 'data-test-selector';
const PLAIN_DOCTYPE = /^<!doctype[ \n\t\f]+html[ \n\t\f]*>$/i;
const LONGEST_DOCTYPE = 1_000;

/** In these, or behind them, a browser may not take the content of a script or style as text only. */
const NOT_IN_TEMPLATE: ReadonlySet<Tag['kind']> = new Set(['svg', 'select', 'col', 'colgroup', 'rare']);

function hasScriptInComment(content: Buffer): boolean {
  return content.includes('<!--') && /<script/i.test(content.toString('latin1'));
}
