import { NO_ATTRIBUTES, type WrittenAttributes } from './html-attributes.ts';
import { HtmlStack } from './html-stack.ts';
import { type Tag, type TagKind, tagOf } from './html-tags.ts';

const TBODY = tagOf('tbody')!;
const TR = tagOf('tr')!;
const COLGROUP = tagOf('colgroup')!;

/** The parts of a table that end another part before they begin. */
const ENDED_BY: Readonly<Partial<Record<TagKind, ReadonlySet<TagKind>>>> = {
  colgroup: new Set<TagKind>(['cell', 'tr', 'tbody', 'caption', 'colgroup']),
  tbody: new Set<TagKind>(['tbody', 'caption', 'colgroup', 'col']),
  tr: new Set<TagKind>(['tr', 'tbody', 'caption', 'colgroup', 'col']),
};

/** Tables: what begins and ends between their parts (HTML standard, 13.2.6.4.9 to 13.2.6.4.15). */
export abstract class HtmlTables extends HtmlStack {
  /** A start tag whose content is markup, wherever it stands. */
  abstract start(tag: Tag, attributes: WrittenAttributes): void;
  abstract end(tag: Tag): void;

  protected isInTable(): boolean {
    return this.tag().inTable;
  }

  protected startInTable(tag: Tag, attributes: WrittenAttributes): void {
    const around = this.tag().kind;
    if (ENDED_BY[around]?.has(tag.kind)) {
      this.drop();
      this.start(tag, attributes);
      return;
    }
    switch (tag.kind) {
      case 'cell':
        if (around === 'table') this.insert(TBODY, NO_ATTRIBUTES);
        if (around !== 'tr') this.insert(TR, NO_ATTRIBUTES);
        this.insert(tag, attributes);
        return;
      case 'tr':
        if (around === 'table') this.insert(TBODY, NO_ATTRIBUTES);
        this.insert(tag, attributes);
        return;
      case 'col':
        if (around === 'table') this.insert(COLGROUP, NO_ATTRIBUTES);
        this.append(tag, attributes, this.parent());
        return;
      case 'tbody':
      case 'caption':
      case 'colgroup':
        this.insert(tag, attributes);
        return;
      case 'form':
        if (this.form) return;
        if (around === 'colgroup') this.isOdd = true;
        this.form = this.append(tag, attributes, this.parent());
        return;
      case 'input':
        if (around === 'colgroup' || this.nodes.written(attributes.at, 'type')?.toLowerCase() !== 'hidden')
          this.isOdd = true;
        this.append(tag, attributes, this.parent());
        return;
      default:
        this.isOdd = true;
    }
  }

  /** A part of a table inside a cell ends the cell; outside every table it is passed over. */
  protected startTablePart(tag: Tag, attributes: WrittenAttributes): void {
    if (this.closeCell()) this.start(tag, attributes);
    else if (this.tags.some(({ kind }) => kind === 'table')) this.isOdd = true;
  }

  /** True where a cell was open around all that is open in it. */
  protected closeCell(): boolean {
    for (let at = this.tags.length - 1; at >= 0; at--) {
      const { kind } = this.tags[at]!;
      if (kind === 'cell') {
        this.dropTo(at);
        return true;
      }
      if (kind === 'table' || kind === 'caption') return false;
    }
    return false;
  }

  protected endCell(tag: Tag): void {
    const at = this.inTableScope(tag.name);
    if (at >= 0) this.dropTo(at);
  }

  protected endInTable(tag: Tag): void {
    const around = this.tag();
    if (around.kind === 'colgroup' && !['table', 'colgroup', 'col'].includes(tag.kind)) {
      this.isOdd = true;
      return;
    }
    switch (tag.kind) {
      case 'table':
      case 'tbody':
      case 'tr':
        if (this.inTableScope(tag.name) < 0) return;
        this.drop();
        if (around !== tag) this.end(tag);
        return;
      case 'colgroup':
        if (around.kind === 'colgroup') this.drop();
        return;
      case 'form':
        this.form = undefined;
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
}
