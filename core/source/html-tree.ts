import type { HtmlBudget } from './html-budget.ts';
import { addText, DROPPED_TAGS, MAX_DEPTH, newPage, type OpenElement } from './html-element.ts';
import { type Tag, type TagKind, tagOf } from './html-tags.ts';

type Attributes = Record<string, string>;
type Phase = 'before head' | 'in head' | 'after head' | 'in body';

const HTML = tagOf('html')!;
const HEAD = tagOf('head')!;
const BODY = tagOf('body')!;
const P = tagOf('p')!;
const TBODY = tagOf('tbody')!;
const TR = tagOf('tr')!;
const COLGROUP = tagOf('colgroup')!;
/** White space as the HTML standard has it; a no-break space is text. */
const LEADING_SPACE = /^[\t\n\f\r ]+/;
const NOT_SPACE = /[^\t\n\f\r ]/;
/** Special elements that do not end the search for a list item to close. */
const PASSED_BY_ITEMS: ReadonlySet<string> = new Set(['address', 'div', 'p']);

/** The parts of a table that end another part before they begin. */
const ENDED_BY: Readonly<Partial<Record<TagKind, ReadonlySet<TagKind>>>> = {
  colgroup: new Set<TagKind>(['cell', 'tr', 'tbody', 'caption', 'colgroup']),
  tbody: new Set<TagKind>(['tbody', 'caption', 'colgroup', 'col']),
  tr: new Set<TagKind>(['tr', 'tbody', 'caption', 'colgroup', 'col']),
};

/**
 * Grows the tree of a page tag by tag, by the rules of the HTML standard (13.2.6) as far as they only open
 * and close the innermost elements. Where a browser would move elements about or make copies of them (foster
 * parenting, the adoption agency, formatting that is taken up again), `isOdd` is set and the tree is worth
 * nothing. One long file, because all of it turns on one stack.
 */
export class HtmlTree {
  isOdd = false;
  readonly #page = newPage();
  readonly #budget: HtmlBudget;
  readonly #open: OpenElement[] = [];
  readonly #tags: Tag[] = [];
  /**
   * Undefined until there is a doctype. False: a page in quirks mode, or nearly so, where a table may stand
   * in a paragraph.
   */
  #isStandard: boolean | undefined;
  #phase: Phase = 'before head';
  #html: OpenElement | undefined;
  #head: OpenElement | undefined;
  #form: OpenElement | undefined;
  #inSelect = false;

  constructor(budget: HtmlBudget) {
    this.#budget = budget;
  }

  /** The whole page; `html`, `head` and `body` are there, as in every browser. */
  finish(): OpenElement {
    if (this.#phase !== 'in body') this.#startBody({});
    return this.#page;
  }

  /** `isPlain`: it is `<!doctype html>`. Only one before everything else counts. */
  doctype(isPlain: boolean): void {
    if (!this.#html) this.#isStandard ??= isPlain;
  }

  text(data: string): void {
    let text = data;
    if (this.#phase !== 'in body') {
      const space = LEADING_SPACE.exec(text)?.[0] ?? '';
      if (space !== '' && this.#phase === 'in head') addText(this.#head!, space);
      if (space !== '' && this.#phase === 'after head') addText(this.#html!, space);
      text = text.slice(space.length);
      if (text === '') return;
      this.#startBody({});
    }
    if (this.#isInTable() && NOT_SPACE.test(text)) this.isOdd = true;
    else addText(this.#parent(), text);
  }

  /** A start tag whose content is markup. */
  start(tag: Tag, attributes: Attributes): void {
    if (this.#phase !== 'in body' && this.#startBeforeBody(tag, attributes)) return;
    if (this.#inSelect) this.#startInSelect(tag, attributes);
    else if (this.#isInTable()) this.#startInTable(tag, attributes);
    else this.#startInBody(tag, attributes);
  }

  /** An element whose content is text only, from its start tag to its end tag. */
  textOnly(tag: Tag, attributes: Attributes, content: string): void {
    const { kind } = tag;
    let parent: OpenElement | undefined;
    if (this.#phase !== 'in body') {
      if (kind === 'head-raw' || (tag.name === 'noscript' && this.#phase !== 'after head'))
        parent = this.#startHead({});
      else this.#startBody({});
    }
    if (!parent) {
      const isScript = tag.name === 'script' || tag.name === 'style';
      const { kind: around } = this.#tag();
      if (
        this.#inSelect ? tag.name !== 'script' : this.#isInTable() && (!isScript || around === 'colgroup')
      ) {
        this.isOdd = true;
        return;
      }
      if (tag.name === 'xmp') this.#closeParagraph();
      parent = this.#parent();
    }
    if (DROPPED_TAGS.has(tag.name)) return;
    const element = this.#append(tag, attributes, parent);
    if (content !== '') addText(element, content);
  }

  /** An element that is left out with all that is in it: `svg` or `template`. */
  leaveOut(tag: Tag): void {
    if (this.#phase !== 'in body') {
      if (tag.kind === 'template') {
        this.#startHead({});
        return;
      }
      this.#startBody({});
    }
    if (this.#inSelect || (tag.kind === 'svg' && this.#isInTable())) this.isOdd = true;
  }

  end(tag: Tag): void {
    if (this.#phase !== 'in body') {
      if (tag.kind === 'head' && this.#phase === 'in head') this.#phase = 'after head';
      else if (tag.kind === 'head' || tag.kind === 'body' || tag.kind === 'html' || tag.name === 'br')
        this.isOdd = true;
      return;
    }
    if (this.#inSelect) this.#endInSelect(tag);
    else if (this.#isInTable()) this.#endInTable(tag);
    else this.#endInBody(tag);
  }

  // The tree and the stack of open elements.

  #tag(): Tag {
    return this.#tags[this.#tags.length - 1]!;
  }

  #parent(): OpenElement {
    const open = this.#open;
    return open[open.length > MAX_DEPTH ? MAX_DEPTH : open.length - 1]!;
  }

  #append({ name: tag }: Tag, attributes: Attributes, parent: OpenElement): OpenElement {
    this.#budget.element(this.#open.length);
    const element: OpenElement = { tag, attributes, parent, children: [] };
    parent.children.push(element);
    return element;
  }

  #push(tag: Tag, element: OpenElement): void {
    this.#open.push(element);
    this.#tags.push(tag);
  }

  #insert(tag: Tag, attributes: Attributes): void {
    this.#push(tag, this.#append(tag, attributes, this.#parent()));
  }

  #pop(): void {
    // A browser takes formatting up again behind the element that ended before it.
    if (this.#tag().kind === 'formatting') this.isOdd = true;
    this.#drop();
  }

  #drop(): void {
    this.#open.pop();
    this.#tags.pop();
  }

  /** Closes elements down to and with the one at `index`. */
  #popTo(index: number): void {
    while (this.#tags.length > index) this.#pop();
  }

  /** A cell or an object ends, and with it all formatting that was begun in it. */
  #dropTo(index: number): void {
    this.#open.length = index;
    this.#tags.length = index;
  }

  #popImplied(): void {
    while (this.#tag().implied) this.#drop();
  }

  /** Where the innermost element of that name is open, or -1 where it is out of scope. */
  #inScope(name: string, alsoBounds?: 'button' | 'list'): number {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const tag = this.#tags[at]!;
      if (tag.name === name) return at;
      if (tag.bounds) return -1;
      if (alsoBounds === 'button' && tag.kind === 'button') return -1;
      if (alsoBounds === 'list' && (tag.name === 'ol' || tag.name === 'ul')) return -1;
    }
    return -1;
  }

  #inTableScope(name: string): number {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const tag = this.#tags[at]!;
      if (tag.name === name) return at;
      if (tag.kind === 'table') return -1;
    }
    return -1;
  }

  #closeParagraph(): void {
    const at = this.#inScope('p', 'button');
    if (at < 0) return;
    this.#popTo(at);
  }

  // Before the body.

  #startHtml(attributes: Attributes): OpenElement {
    if (!this.#html) {
      this.#html = this.#append(HTML, attributes, this.#page);
      this.#push(HTML, this.#html);
    }
    return this.#html;
  }

  #startHead(attributes: Attributes): OpenElement {
    const html = this.#startHtml({});
    if (!this.#head) {
      this.#head = this.#append(HEAD, attributes, html);
      this.#phase = 'in head';
    }
    return this.#head;
  }

  #startBody(attributes: Attributes): void {
    this.#startHead({});
    this.#insert(BODY, attributes);
    this.#phase = 'in body';
  }

  /** True where the tag has found its place. */
  #startBeforeBody(tag: Tag, attributes: Attributes): boolean {
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
        this.#append(tag, attributes, this.#startHead({}));
        return true;
      default:
        this.#startBody({});
        return false;
    }
  }

  // In the body.

  #startInBody(tag: Tag, attributes: Attributes): void {
    switch (tag.kind) {
      case 'ordinary':
        this.#insert(tag, attributes);
        return;
      case 'block':
      case 'p':
        this.#closeParagraph();
        this.#insert(tag, attributes);
        return;
      case 'formatting':
        if (this.#isTwice(tag)) this.isOdd = true;
        this.#insert(tag, attributes);
        return;
      case 'void':
      case 'input':
      case 'media-part':
      case 'head-void':
        this.#append(tag, attributes, this.#parent());
        return;
      case 'hr':
        this.#closeParagraph();
        this.#append(tag, attributes, this.#parent());
        return;
      case 'heading':
        this.#closeParagraph();
        if (this.#tag().kind === 'heading') this.#pop();
        this.#insert(tag, attributes);
        return;
      case 'pre':
        this.#closeParagraph();
        this.#insert(tag, attributes);
        return;
      case 'li':
      case 'dd':
        this.#closeItem(tag);
        this.#closeParagraph();
        this.#insert(tag, attributes);
        return;
      case 'option':
      case 'optgroup':
        if (this.#tag().kind === 'option') this.#pop();
        this.#insert(tag, attributes);
        return;
      case 'select':
        this.#insert(tag, attributes);
        this.#inSelect = true;
        return;
      case 'button':
        if (this.#inScope('button') >= 0) this.isOdd = true;
        this.#insert(tag, attributes);
        return;
      case 'object':
        this.#insertObject(tag, attributes);
        return;
      case 'form':
        if (this.#form) return;
        this.#closeParagraph();
        this.#insert(tag, attributes);
        this.#form = this.#open.at(-1);
        return;
      case 'table':
        if (!this.#isStandard && this.#inScope('p', 'button') >= 0) this.isOdd = true;
        this.#closeParagraph();
        this.#insert(tag, attributes);
        return;
      case 'caption':
      case 'colgroup':
      case 'col':
      case 'tbody':
      case 'tr':
      case 'cell':
        this.#startTablePart(tag, attributes);
        return;
      case 'head':
        return;
      default:
        this.isOdd = true;
    }
  }

  /** `object` is left out: it is open, but in no tree. */
  #insertObject(tag: Tag, attributes: Attributes): void {
    if (!DROPPED_TAGS.has(tag.name)) {
      this.#insert(tag, attributes);
      return;
    }
    this.#budget.element(this.#open.length);
    const parent = this.#parent();
    this.#push(tag, { tag: tag.name, attributes, parent, children: [] });
  }

  /** A link in a link, or `nobr` in `nobr`: a browser ends the outer one. */
  #isTwice({ name }: Tag): boolean {
    if (name === 'nobr') return this.#inScope(name) >= 0;
    if (name !== 'a') return false;
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const tag = this.#tags[at]!;
      if (tag.name === name) return true;
      if (isMarker(tag)) return false;
    }
    return false;
  }

  /** Ends the list item before this one. */
  #closeItem({ kind }: Tag): void {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const tag = this.#tags[at]!;
      if (tag.kind === kind) {
        this.#popTo(at);
        return;
      }
      if (tag.special && !PASSED_BY_ITEMS.has(tag.name)) return;
    }
  }

  #endInBody(tag: Tag): void {
    const isCurrent = this.#tag().name === tag.name;
    switch (tag.kind) {
      case 'ordinary':
      case 'option':
      case 'optgroup':
        if (isCurrent) this.#drop();
        else this.#endOrdinary(tag);
        return;
      case 'formatting':
        if (isCurrent) this.#drop();
        else this.#endFormatting(tag);
        return;
      case 'block':
      case 'pre':
      case 'button':
        if (isCurrent) this.#drop();
        else this.#endBlock(this.#inScope(tag.name));
        return;
      case 'p':
        if (this.#inScope('p', 'button') < 0) this.#append(P, {}, this.#parent());
        else this.#closeParagraph();
        return;
      case 'li':
        this.#endBlock(this.#inScope('li', 'list'));
        return;
      case 'dd':
        this.#endBlock(this.#inScope(tag.name));
        return;
      case 'heading':
        this.#endHeading();
        return;
      case 'form':
        this.#endForm();
        return;
      case 'object': {
        const at = this.#inScope(tag.name);
        if (at >= 0) this.#dropTo(at);
        return;
      }
      case 'cell':
        this.#endCell(tag);
        return;
      case 'table':
      case 'tbody':
      case 'tr':
        if (this.#inTableScope(tag.name) < 0) return;
        if (this.#closeCell()) this.end(tag);
        else this.isOdd = true;
        return;
      case 'caption': {
        const at = this.#tags.findLastIndex(({ kind }) => kind === 'caption' || kind === 'cell');
        if (at >= 0 && this.#tags[at]!.kind === 'caption') this.#dropTo(at);
        return;
      }
      // What follows the end of the body stands in the body.
      case 'body':
      case 'html':
      case 'head':
      case 'col':
      case 'colgroup':
        return;
      default:
        if (tag.kind === 'rare' || tag.kind === 'template' || tag.name === 'br') this.isOdd = true;
        else this.#endOrdinary(tag);
    }
  }

  #endOrdinary(ended: Tag): void {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const tag = this.#tags[at]!;
      if (tag.name === ended.name) {
        this.#popTo(at);
        return;
      }
      if (tag.special) return;
    }
  }

  #endBlock(at: number): void {
    if (at >= 0) this.#popTo(at);
  }

  #endHeading(): void {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const tag = this.#tags[at]!;
      if (tag.kind === 'heading') {
        this.#popTo(at);
        return;
      }
      if (tag.bounds) return;
    }
  }

  #endForm(): void {
    const form = this.#form;
    this.#form = undefined;
    if (!form) return;
    if (this.#inScope('form') < 0) return;
    this.#popImplied();
    if (this.#open.at(-1) === form) this.#drop();
    else this.isOdd = true;
  }

  #endFormatting(ended: Tag): void {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const tag = this.#tags[at]!;
      if (tag.name === ended.name) {
        // Whatever is special between them is taken out of the formatting, and copies are made of it.
        if (this.#tags.slice(at + 1).some(({ special }) => special)) this.isOdd = true;
        while (this.#tags.length > at + 1) this.#pop();
        this.#drop();
        return;
      }
      if (isMarker(tag)) return;
    }
  }

  // Tables.

  #isInTable(): boolean {
    const { kind } = this.#tag();
    return kind === 'table' || kind === 'tbody' || kind === 'tr' || kind === 'colgroup';
  }

  #startInTable(tag: Tag, attributes: Attributes): void {
    const around = this.#tag().kind;
    if (ENDED_BY[around]?.has(tag.kind)) {
      this.#drop();
      this.start(tag, attributes);
      return;
    }
    switch (tag.kind) {
      case 'cell':
        if (around === 'table') this.#insert(TBODY, {});
        if (around !== 'tr') this.#insert(TR, {});
        this.#insert(tag, attributes);
        return;
      case 'tr':
        if (around === 'table') this.#insert(TBODY, {});
        this.#insert(tag, attributes);
        return;
      case 'col':
        if (around === 'table') this.#insert(COLGROUP, {});
        this.#append(tag, attributes, this.#parent());
        return;
      case 'tbody':
      case 'caption':
      case 'colgroup':
        this.#insert(tag, attributes);
        return;
      case 'form':
        if (this.#form) return;
        if (around === 'colgroup') this.isOdd = true;
        this.#form = this.#append(tag, attributes, this.#parent());
        return;
      case 'input':
        if (around === 'colgroup' || attributes.type?.toLowerCase() !== 'hidden') this.isOdd = true;
        this.#append(tag, attributes, this.#parent());
        return;
      default:
        this.isOdd = true;
    }
  }

  /** A part of a table inside a cell ends the cell; outside every table it is passed over. */
  #startTablePart(tag: Tag, attributes: Attributes): void {
    if (this.#closeCell()) this.start(tag, attributes);
    else if (this.#tags.some(({ kind }) => kind === 'table')) this.isOdd = true;
  }

  /** True where a cell was open around all that is open in it. */
  #closeCell(): boolean {
    for (let at = this.#tags.length - 1; at >= 0; at--) {
      const { kind } = this.#tags[at]!;
      if (kind === 'cell') {
        this.#dropTo(at);
        return true;
      }
      if (kind === 'table' || kind === 'caption') return false;
    }
    return false;
  }

  #endCell(tag: Tag): void {
    const at = this.#inTableScope(tag.name);
    if (at >= 0) this.#dropTo(at);
  }

  #endInTable(tag: Tag): void {
    const around = this.#tag();
    if (around.kind === 'colgroup' && !['table', 'colgroup', 'col'].includes(tag.kind)) {
      this.isOdd = true;
      return;
    }
    switch (tag.kind) {
      case 'table':
      case 'tbody':
      case 'tr':
        if (this.#inTableScope(tag.name) < 0) return;
        if (around === tag) {
          this.#drop();
          return;
        }
        this.#drop();
        this.end(tag);
        return;
      case 'colgroup':
        if (around.kind === 'colgroup') this.#drop();
        return;
      case 'form':
        this.#form = undefined;
        return;
      case 'ordinary':
      case 'block':
      case 'li':
      case 'dd':
      case 'cell':
      case 'caption':
      case 'col':
      case 'body':
      case 'html':
        return;
      default:
        this.isOdd = true;
    }
  }

  // Selects.

  #startInSelect(tag: Tag, attributes: Attributes): void {
    if (tag.kind !== 'option' && tag.kind !== 'optgroup') {
      this.isOdd = true;
      return;
    }
    if (this.#tag().kind === 'option') this.#drop();
    if (tag.kind === 'optgroup' && this.#tag().kind === 'optgroup') this.#drop();
    this.#insert(tag, attributes);
  }

  #endInSelect(tag: Tag): void {
    const around = this.#tag().kind;
    switch (tag.kind) {
      case 'select':
        this.#popTo(this.#tags.findLastIndex(({ kind }) => kind === 'select'));
        this.#inSelect = false;
        return;
      case 'option':
        if (around === 'option') this.#drop();
        return;
      case 'optgroup':
        if (around === 'option' && this.#tags.at(-2)?.kind === 'optgroup') this.#drop();
        if (this.#tag().kind === 'optgroup') this.#drop();
        return;
      default:
        this.isOdd = true;
    }
  }
}

/** Begins a list of formatting of its own. */
function isMarker({ kind }: Tag): boolean {
  return kind === 'cell' || kind === 'caption' || kind === 'object';
}
