import { collapse, type HtmlElement } from '../../core/source/html.ts';

/** What a reader meets on a page, from top to bottom. */
export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  /**
   * `own`: the text that is not a link to somewhere else. `strong`: all of it is set in bold, or a button.
   */
  | { readonly kind: 'line'; readonly text: string; readonly own: string; readonly strong: boolean }
  | { readonly kind: 'table'; readonly rows: readonly (readonly string[])[] };

const SKIPPED: ReadonlySet<string> = new Set(['head', 'nav', 'footer', 'select', 'option', 'textarea']);
const INLINE: ReadonlySet<string> = new Set([
  ...[
    'a',
    'abbr',
    'b',
    'bdi',
    'big',
    'cite',
    'code',
    'em',
    'font',
    'i',
    'ins',
    'label',
    'mark',
    'o:p',
    'q',
    's',
  ],
  ...['small', 'span', 'strong', 'sub', 'sup', 'time', 'tt', 'u', 'wbr'],
]);
const STRONG: ReadonlySet<string> = new Set(['b', 'strong', 'dt', 'button', 'summary', 'caption', 'legend']);
/** A cell that spans more is no cell of a schedule. */
const MOST_SPAN = 40;
const MOST_CELLS = 20_000;

/** The blocks of a page without its navigation and footer. */
export function blocksOf(page: HtmlElement): Block[] {
  const reader = new BlockReader();
  reader.read(page, false, false);
  reader.endLine();
  return reader.blocks;
}

class BlockReader {
  readonly blocks: Block[] = [];
  #text = '';
  #own = '';
  #weak = false;

  read(element: HtmlElement, strong: boolean, linked: boolean): void {
    for (const child of element.children) {
      if (typeof child === 'string') this.#add(child, strong, linked);
      else this.#element(child, strong, linked);
    }
  }

  endLine(): void {
    const text = collapse(this.#text);
    if (text !== '') this.blocks.push({ kind: 'line', text, own: collapse(this.#own), strong: !this.#weak });
    this.#text = '';
    this.#own = '';
    this.#weak = false;
  }

  #add(text: string, strong: boolean, linked: boolean): void {
    this.#text += text;
    if (!linked) this.#own += text;
    if (!strong && /[\p{L}\p{N}]/u.test(text)) this.#weak = true;
  }

  #element(element: HtmlElement, strong: boolean, linked: boolean): void {
    const { tag, attributes } = element;
    if (SKIPPED.has(tag) || attributes.role === 'navigation') return;
    if (tag === 'br' || tag === 'hr') {
      this.endLine();
      return;
    }
    const bold = strong || STRONG.has(tag);
    const link = linked || (tag === 'a' && attributes.href !== undefined);
    if (INLINE.has(tag)) {
      this.read(element, bold, link);
      return;
    }
    this.endLine();
    const level = /^h([1-6])$/.exec(tag)?.[1];
    if (level !== undefined) this.#heading(element, Number(level));
    else if (tag === 'table' && !isLayout(element)) this.#table(element);
    else this.read(element, bold, link);
    this.endLine();
  }

  #heading(element: HtmlElement, level: number): void {
    const text = linesIn(element).join(' ');
    if (text !== '') this.blocks.push({ kind: 'heading', level, text });
  }

  #table(table: HtmlElement): void {
    for (const child of table.children)
      if (typeof child !== 'string' && child.tag === 'caption') {
        this.read(child, true, false);
        this.endLine();
      }
    this.blocks.push({ kind: 'table', rows: gridOf(rowsOf(table)) });
  }
}

/** A table that only places things on the page: it holds another one, a lone cell, or lists in its cells. */
function isLayout(table: HtmlElement): boolean {
  if (holdsTable(table)) return true;
  const rows = rowsOf(table);
  if (rows.every((row) => cellsOf(row).length <= 1)) return true;
  return rows.some((row) =>
    cellsOf(row).some((cell) => linesIn(cell).filter((line) => /\d:\d\d/.test(line)).length >= 3),
  );
}

function holdsTable(element: HtmlElement): boolean {
  return element.children.some(
    (child) => typeof child !== 'string' && (child.tag === 'table' || holdsTable(child)),
  );
}

function rowsOf(table: HtmlElement): HtmlElement[] {
  return table.children.flatMap((child) => {
    if (typeof child === 'string') return [];
    if (child.tag === 'tr') return [child];
    return /^t(?:head|body|foot)$/.test(child.tag) ? rowsOf(child) : [];
  });
}

function cellsOf(row: HtmlElement): HtmlElement[] {
  return row.children.filter(
    (child): child is HtmlElement => typeof child !== 'string' && (child.tag === 'td' || child.tag === 'th'),
  );
}

/** Cells by row and column; one that spans several is in each of them. */
function gridOf(rows: readonly HtmlElement[]): string[][] {
  const grid: string[][] = rows.map(() => []);
  let left = MOST_CELLS;
  for (const [y, row] of rows.entries()) {
    let x = 0;
    for (const cell of cellsOf(row)) {
      while (grid[y]![x] !== undefined) x++;
      const text = linesIn(cell).join(' ');
      const wide = spanOf(cell.attributes.colspan);
      const high = Math.min(spanOf(cell.attributes.rowspan), rows.length - y);
      left -= wide * high;
      if (left < 0) return grid.slice(0, y);
      for (let dy = 0; dy < high; dy++) for (let dx = 0; dx < wide; dx++) grid[y + dy]![x + dx] = text;
      x += wide;
    }
  }
  const width = Math.max(0, ...grid.map((row) => row.length));
  return grid.map((row) => Array.from({ length: width }, (_, x) => row[x] ?? ''));
}

function spanOf(attribute: string | undefined): number {
  const span = Number.parseInt(attribute ?? '1', 10);
  return span >= 1 ? Math.min(span, MOST_SPAN) : 1;
}

/** The lines of one element, its tables aside. */
function linesIn(element: HtmlElement): string[] {
  const reader = new BlockReader();
  reader.read(element, false, false);
  reader.endLine();
  return reader.blocks.flatMap((block) => (block.kind === 'table' ? [] : [block.text]));
}
