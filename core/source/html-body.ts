import { NO_ATTRIBUTES, type WrittenAttributes } from './html-attributes.ts';
import { HtmlTables } from './html-tables.ts';
import { DROPPED_TAGS, type Tag, tagOf } from './html-tags.ts';

const P = tagOf('p')!;
/** Special elements that do not end the search for a list item to close. */
const PASSED_BY_ITEMS: ReadonlySet<string> = new Set(['address', 'div', 'p']);

/** What begins and ends in the body, outside tables and selects (HTML standard, 13.2.6.4.7). */
export abstract class HtmlBody extends HtmlTables {
  /**
   * Undefined until there is a doctype. False: a page in quirks mode, or nearly so, where a table may stand
   * in a paragraph.
   */
  protected isStandard: boolean | undefined;
  protected inSelect = false;

  protected startInBody(tag: Tag, attributes: WrittenAttributes): void {
    switch (tag.kind) {
      case 'ordinary':
        this.insert(tag, attributes);
        return;
      case 'block':
      case 'p':
      case 'pre':
        this.closeParagraph();
        this.insert(tag, attributes);
        return;
      case 'formatting':
        if (this.#isTwice(tag)) this.isOdd = true;
        this.insert(tag, attributes);
        return;
      case 'void':
      case 'input':
      case 'media-part':
      case 'head-void':
        this.append(tag, attributes, this.parent());
        return;
      case 'hr':
        this.closeParagraph();
        this.append(tag, attributes, this.parent());
        return;
      case 'heading':
        this.closeParagraph();
        if (this.tag().kind === 'heading') this.pop();
        this.insert(tag, attributes);
        return;
      case 'li':
      case 'dd':
        this.#closeItem(tag);
        this.closeParagraph();
        this.insert(tag, attributes);
        return;
      case 'option':
      case 'optgroup':
        if (this.tag().kind === 'option') this.pop();
        this.insert(tag, attributes);
        return;
      case 'select':
        this.insert(tag, attributes);
        this.inSelect = true;
        return;
      case 'button':
        if (this.inScope('button') >= 0) this.isOdd = true;
        this.insert(tag, attributes);
        return;
      case 'object':
        this.#insertObject(tag, attributes);
        return;
      case 'form':
        if (this.form) return;
        this.closeParagraph();
        this.insert(tag, attributes);
        this.form = this.open.at(-1);
        return;
      case 'table':
        if (!this.isStandard && this.inScope('p', 'button') >= 0) this.isOdd = true;
        this.closeParagraph();
        this.insert(tag, attributes);
        return;
      case 'caption':
      case 'colgroup':
      case 'col':
      case 'tbody':
      case 'tr':
      case 'cell':
        this.startTablePart(tag, attributes);
        return;
      case 'head':
        return;
      default:
        this.isOdd = true;
    }
  }

  /** `object` is left out: it is open, but in no tree. */
  #insertObject(tag: Tag, attributes: WrittenAttributes): void {
    if (!DROPPED_TAGS.has(tag.name)) {
      this.insert(tag, attributes);
      return;
    }
    this.budget.element(this.open.length);
    this.push(tag, this.nodes.detached(tag, attributes, this.parent()));
  }

  /** A link in a link, or `nobr` in `nobr`: a browser ends the outer one. */
  #isTwice({ name }: Tag): boolean {
    if (name === 'nobr') return this.inScope(name) >= 0;
    if (name !== 'a') return false;
    for (let at = this.tags.length - 1; at >= 0; at--) {
      const tag = this.tags[at]!;
      if (tag.name === name) return true;
      if (isMarker(tag)) return false;
    }
    return false;
  }

  /** Ends the list item before this one. */
  #closeItem({ kind }: Tag): void {
    for (let at = this.tags.length - 1; at >= 0; at--) {
      const tag = this.tags[at]!;
      if (tag.kind === kind) {
        this.popTo(at);
        return;
      }
      if (tag.special && !PASSED_BY_ITEMS.has(tag.name)) return;
    }
  }

  protected endInBody(tag: Tag): void {
    const isCurrent = this.tag().name === tag.name;
    switch (tag.kind) {
      case 'ordinary':
      case 'option':
      case 'optgroup':
        if (isCurrent) this.drop();
        else this.#endOrdinary(tag);
        return;
      case 'formatting':
        if (isCurrent) this.drop();
        else this.#endFormatting(tag);
        return;
      case 'block':
      case 'pre':
      case 'button':
        if (isCurrent) this.drop();
        else this.#endBlock(this.inScope(tag.name));
        return;
      case 'p':
        if (this.inScope('p', 'button') < 0) this.append(P, NO_ATTRIBUTES, this.parent());
        else this.closeParagraph();
        return;
      case 'li':
        this.#endBlock(this.inScope('li', 'list'));
        return;
      case 'dd':
        this.#endBlock(this.inScope(tag.name));
        return;
      case 'heading':
        this.#endHeading();
        return;
      case 'form':
        this.#endForm();
        return;
      case 'object': {
        const at = this.inScope(tag.name);
        if (at >= 0) this.dropTo(at);
        return;
      }
      case 'cell':
        this.endCell(tag);
        return;
      case 'table':
      case 'tbody':
      case 'tr':
        if (this.inTableScope(tag.name) < 0) return;
        if (this.closeCell()) this.end(tag);
        else this.isOdd = true;
        return;
      case 'caption': {
        const at = this.tags.findLastIndex(({ kind }) => kind === 'caption' || kind === 'cell');
        if (at >= 0 && this.tags[at]!.kind === 'caption') this.dropTo(at);
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
    for (let at = this.tags.length - 1; at >= 0; at--) {
      const tag = this.tags[at]!;
      if (tag.name === ended.name) {
        this.popTo(at);
        return;
      }
      if (tag.special) return;
    }
  }

  #endBlock(at: number): void {
    if (at >= 0) this.popTo(at);
  }

  #endHeading(): void {
    for (let at = this.tags.length - 1; at >= 0; at--) {
      const tag = this.tags[at]!;
      if (tag.kind === 'heading') {
        this.popTo(at);
        return;
      }
      if (tag.bounds) return;
    }
  }

  #endForm(): void {
    const form = this.form;
    this.form = undefined;
    if (!form) return;
    if (this.inScope('form') < 0) return;
    this.popImplied();
    if (this.open.at(-1) === form) this.drop();
    else this.isOdd = true;
  }

  #endFormatting(ended: Tag): void {
    for (let at = this.tags.length - 1; at >= 0; at--) {
      const tag = this.tags[at]!;
      if (tag.name === ended.name) {
        // Whatever is special between them is taken out of the formatting, and copies are made of it.
        if (this.tags.slice(at + 1).some(({ special }) => special)) this.isOdd = true;
        while (this.tags.length > at + 1) this.pop();
        this.drop();
        return;
      }
      if (isMarker(tag)) return;
    }
  }
}

/** Begins a list of formatting of its own. */
function isMarker({ kind }: Tag): boolean {
  return kind === 'cell' || kind === 'caption' || kind === 'object';
}
