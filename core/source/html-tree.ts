import { NO_ATTRIBUTES, type WrittenAttributes } from './html-attributes.ts';
import { HtmlBody } from './html-body.ts';
import type { HtmlNodes } from './html-nodes.ts';
import { DROPPED_TAGS, type Tag, tagOf } from './html-tags.ts';

type Phase = 'before head' | 'in head' | 'after head' | 'in body';

const HTML = tagOf('html')!;
const HEAD = tagOf('head')!;
const BODY = tagOf('body')!;
/** White space as the HTML standard has it; a no-break space is text. */
const LEADING_SPACE = /^[\t\n\f\r ]+/;
const NOT_SPACE = /[^\t\n\f\r ]/;

/**
 * Grows the tree of a page tag by tag, by the rules of the HTML standard (13.2.6) as far as they only open
 * and close the innermost elements. Where a browser would move elements about or make copies of them (foster
 * parenting, the adoption agency, formatting that is taken up again), `isOdd` is set and the tree is worth
 * nothing. One object over four files: the stack, tables, the body, and here what chooses between them.
 */
export class HtmlTree extends HtmlBody {
  #phase: Phase = 'before head';
  #html: number | undefined;
  #head: number | undefined;

  /** The whole page; `html`, `head` and `body` are there, as in every browser. */
  finish(): HtmlNodes {
    if (this.#phase !== 'in body') this.#startBody(NO_ATTRIBUTES);
    return this.nodes;
  }

  /** `isPlain`: it is `<!doctype html>`. Only one before everything else counts. */
  doctype(isPlain: boolean): void {
    if (!this.#html) this.isStandard ??= isPlain;
  }

  /** White space as the HTML standard has it. */
  space(from: number, to: number): void {
    if (this.#phase === 'in body') this.nodes.blank(this.parent());
    else this.#beforeBody(this.nodes.bytes.toString('latin1', from, to));
  }

  /** A text at these bytes, of which the first that is no white space stands at `first`. */
  text(from: number, to: number, first: number): void {
    if (this.#phase !== 'in body') this.decodedText(this.nodes.bytes.toString('utf8', from, to));
    else if (this.isInTable()) this.isOdd = true;
    else this.nodes.text(this.parent(), from, to, first);
  }

  /** A text whose references were decoded. */
  decodedText(text: string): void {
    const more = this.#phase === 'in body' ? text : this.#beforeBody(text);
    if (more === '') return;
    if (this.isInTable() && NOT_SPACE.test(more)) this.isOdd = true;
    else this.nodes.keptText(this.parent(), more);
  }

  /** White space before the body is where it is; what follows it begins the body. */
  #beforeBody(text: string): string {
    const space = LEADING_SPACE.exec(text)?.[0] ?? '';
    if (space !== '' && this.#phase === 'in head') this.nodes.keptText(this.#head!, space);
    if (space !== '' && this.#phase === 'after head') this.nodes.keptText(this.#html!, space);
    const more = text.slice(space.length);
    if (more !== '') this.#startBody(NO_ATTRIBUTES);
    return more;
  }

  /** A start tag whose content is markup. */
  override start(tag: Tag, attributes: WrittenAttributes): void {
    if (this.#phase !== 'in body' && this.#startBeforeBody(tag, attributes)) return;
    if (this.inSelect) this.#startInSelect(tag, attributes);
    else if (this.isInTable()) this.startInTable(tag, attributes);
    else this.startInBody(tag, attributes);
  }

  /** An element whose content is text only, from its start tag to its end tag. */
  textOnly(tag: Tag, attributes: WrittenAttributes, from: number, to: number, decoded?: string): void {
    const { kind } = tag;
    let parent: number | undefined;
    if (this.#phase !== 'in body') {
      if (kind === 'head-raw' || (tag.name === 'noscript' && this.#phase !== 'after head'))
        parent = this.#startHead(NO_ATTRIBUTES);
      else this.#startBody(NO_ATTRIBUTES);
    }
    if (parent === undefined) {
      const isScript = tag.name === 'script' || tag.name === 'style';
      const { kind: around } = this.tag();
      if (this.inSelect ? tag.name !== 'script' : this.isInTable() && (!isScript || around === 'colgroup')) {
        this.isOdd = true;
        return;
      }
      if (tag.name === 'xmp') this.closeParagraph();
      parent = this.parent();
    }
    if (DROPPED_TAGS.has(tag.name)) return;
    const element = this.append(tag, attributes, parent);
    if (decoded !== undefined) this.nodes.keptText(element, decoded);
    else if (to > from) this.nodes.keptText(element, this.nodes.bytes.toString('utf8', from, to));
  }

  /** An element that is left out with all that is in it: `svg` or `template`. */
  leaveOut(tag: Tag): void {
    if (this.#phase !== 'in body') {
      if (tag.kind === 'template') {
        this.#startHead(NO_ATTRIBUTES);
        return;
      }
      this.#startBody(NO_ATTRIBUTES);
    }
    if (this.inSelect || (tag.kind === 'svg' && this.isInTable())) this.isOdd = true;
  }

  override end(tag: Tag): void {
    if (this.#phase !== 'in body') {
      if (tag.kind === 'head' && this.#phase === 'in head') this.#phase = 'after head';
      else if (tag.kind === 'head' || tag.kind === 'body' || tag.kind === 'html' || tag.name === 'br')
        this.isOdd = true;
      return;
    }
    if (this.inSelect) this.#endInSelect(tag);
    else if (this.isInTable()) this.endInTable(tag);
    else this.endInBody(tag);
  }

  // Before the body.

  #startHtml(attributes: WrittenAttributes): number {
    if (this.#html === undefined) {
      this.#html = this.append(HTML, attributes, 0);
      this.push(HTML, this.#html);
    }
    return this.#html;
  }

  #startHead(attributes: WrittenAttributes): number {
    const html = this.#startHtml(NO_ATTRIBUTES);
    if (!this.#head) {
      this.#head = this.append(HEAD, attributes, html);
      this.#phase = 'in head';
    }
    return this.#head;
  }

  #startBody(attributes: WrittenAttributes): void {
    this.#startHead(NO_ATTRIBUTES);
    this.insert(BODY, attributes);
    this.#phase = 'in body';
  }

  /** True where the tag has found its place. */
  #startBeforeBody(tag: Tag, attributes: WrittenAttributes): boolean {
    switch (tag.kind) {
      case 'html':
        if (this.#html) this.isOdd = true;
        else this.#startHtml(attributes);
        return true;
      case 'head':
        if (!this.#head) this.#startHead(attributes);
        return true;
      case 'body':
        this.#startBody(attributes);
        return true;
      case 'head-void':
        this.append(tag, attributes, this.#startHead(NO_ATTRIBUTES));
        return true;
      default:
        this.#startBody(NO_ATTRIBUTES);
        return false;
    }
  }

  // Selects.

  #startInSelect(tag: Tag, attributes: WrittenAttributes): void {
    if (tag.kind !== 'option' && tag.kind !== 'optgroup') {
      this.isOdd = true;
      return;
    }
    if (this.tag().kind === 'option') this.drop();
    if (tag.kind === 'optgroup' && this.tag().kind === 'optgroup') this.drop();
    this.insert(tag, attributes);
  }

  #endInSelect(tag: Tag): void {
    const around = this.tag().kind;
    switch (tag.kind) {
      case 'select':
        this.popTo(this.tags.findLastIndex(({ kind }) => kind === 'select'));
        this.inSelect = false;
        return;
      case 'option':
        if (around === 'option') this.drop();
        return;
      case 'optgroup':
        if (around === 'option' && this.tags.at(-2)?.kind === 'optgroup') this.drop();
        if (this.tag().kind === 'optgroup') this.drop();
        return;
      default:
        this.isOdd = true;
    }
  }
}
