import type { WrittenAttributes } from './html-attributes.ts';
import type { HtmlNodes } from './html-nodes.ts';
import type { Tag } from './html-tags.ts';
import type { PageBudget } from './page-budget.ts';

/**
 * Elements below this depth become children of the element at it, as in browsers: what walks the tree
 * recurses.
 */
export const MAX_DEPTH = 512;

/**
 * The tree of a page and the stack of its open elements (HTML standard, 13.2.4.2). Where a browser would move
 * elements about or make copies of them, `isOdd` is set and the tree is worth nothing.
 */
export class HtmlStack {
  isOdd = false;
  protected readonly nodes: HtmlNodes;
  protected readonly budget: PageBudget;
  /** The nodes of the open elements. */
  protected readonly open: number[] = [];
  protected readonly tags: Tag[] = [];
  /** The form that is open wherever it stands: there is one at most. */
  protected form: number | undefined;

  constructor(nodes: HtmlNodes, budget: PageBudget) {
    this.nodes = nodes;
    this.budget = budget;
  }

  /** Undefined before the first element. */
  innermost(): Tag | undefined {
    return this.tags[this.tags.length - 1];
  }

  protected tag(): Tag {
    return this.tags[this.tags.length - 1]!;
  }

  protected parent(): number {
    const open = this.open;
    return open[open.length > MAX_DEPTH ? MAX_DEPTH : open.length - 1]!;
  }

  protected append(tag: Tag, attributes: WrittenAttributes, parent: number): number {
    this.budget.element(this.open.length);
    return this.nodes.element(tag, attributes, parent);
  }

  protected push(tag: Tag, element: number): void {
    this.open.push(element);
    this.tags.push(tag);
  }

  protected insert(tag: Tag, attributes: WrittenAttributes): void {
    this.push(tag, this.append(tag, attributes, this.parent()));
  }

  protected pop(): void {
    // A browser takes formatting up again behind the element that ended before it.
    if (this.tag().kind === 'formatting') this.isOdd = true;
    this.drop();
  }

  protected drop(): void {
    this.open.pop();
    this.tags.pop();
  }

  /** Closes elements down to and with the one at `index`. */
  protected popTo(index: number): void {
    while (this.tags.length > index) this.pop();
  }

  /** A cell or an object ends, and with it all formatting that was begun in it. */
  protected dropTo(index: number): void {
    this.open.length = index;
    this.tags.length = index;
  }

  protected popImplied(): void {
    while (this.tag().implied) this.drop();
  }

  /** Where the innermost element of that name is open, or -1 where it is out of scope. */
  protected inScope(name: string, alsoBounds?: 'button' | 'list'): number {
    for (let at = this.tags.length - 1; at >= 0; at--) {
      const tag = this.tags[at]!;
      if (tag.name === name) return at;
      if (tag.bounds) return -1;
      if (alsoBounds === 'button' && tag.kind === 'button') return -1;
      if (alsoBounds === 'list' && (tag.name === 'ol' || tag.name === 'ul')) return -1;
    }
    return -1;
  }

  protected inTableScope(name: string): number {
    for (let at = this.tags.length - 1; at >= 0; at--) {
      const tag = this.tags[at]!;
      if (tag.name === name) return at;
      if (tag.kind === 'table') return -1;
    }
    return -1;
  }

  protected closeParagraph(): void {
    const at = this.inScope('p', 'button');
    if (at < 0) return;
    this.popTo(at);
  }
}
