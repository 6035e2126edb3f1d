import type { HtmlElement } from '../../../core/source/html.ts';
import { HtmlIndex, hasClass } from '../../../core/source/html.ts';

const MAIN = 'rp-horseTable__mainRow';
const COMMENT = 'rp-horseTable__commentRow';
const PEDIGREE = 'block-pedigreeInfoFullResults';

/**
 * The cells of a runner's main row by what they hold; a cell that both layouts of the page print is there
 * twice. A runner without a jockey has a span where the link would be. A card of Arabian horses rates in
 * `ARO`, which is no OR, and leaves the endings of the other ratings empty.
 */
const CELLS = {
  position: (row) => row.withSelector('text-horsePosition'),
  'saddle cloth': (row) => row.withClass('rp-horseTable__saddleClothNo'),
  horse: (row) => row.withSelector('link-horseName', 'a'),
  price: (row) => row.withClass('rp-horseTable__horse__price'),
  jockey: (row) => row.withSelector('link-jockeyName'),
  trainer: (row) => row.withSelector('link-trainerName'),
  owner: (row) => row.withSelector('link-silk'),
  age: (row) => row.withSelector('horse-age'),
  weight: (row) => row.withClass('rp-horseTable__wgt', 'td'),
  OR: (row) => endingWith(row, 'OR', 'ARO'),
  RPR: (row) => selectedOr(row.withSelector('full-result-rpr'), endingWith(row, 'RPR')),
  TS: (row) => selectedOr(row.withSelector('full-result-topspeed'), endingWith(row, 'TS')),
} as const satisfies Readonly<Record<string, (row: HtmlIndex) => readonly HtmlElement[]>>;

export type CellName = keyof typeof CELLS;
export const CELL_NAMES = Object.keys(CELLS) as readonly CellName[];

/** One runner: its main row, and the rows that follow it up to the next runner's. */
export interface RunnerRows {
  /** 1 for the first runner of the page. */
  readonly number: number;
  readonly row: HtmlIndex;
  readonly cells: Readonly<Record<CellName, readonly HtmlElement[]>>;
  readonly comment: HtmlElement | undefined;
  readonly pedigree: HtmlElement | undefined;
}

/**
 * Every runner with its own rows, in the order of the page. A string says which row belongs to nobody: rows
 * are told apart by what they are, never counted, so that an absent comment cannot shift its neighbours'.
 */
export function readRunnerRows(page: HtmlIndex): readonly RunnerRows[] | string {
  if (page.withClass(MAIN, 'tr').length === 0) return [];
  const runners: { main: HtmlElement; comment?: HtmlElement; pedigree?: HtmlElement }[] = [];
  for (const row of page.tag('tr')) {
    const last = runners.at(-1);
    if (hasClass(row, MAIN)) runners.push({ main: row });
    else {
      const kind = kindOf(row);
      if (kind === undefined) continue;
      if (!last) return `a ${kind} row stands before the first runner`;
      if (last[kind]) return `two ${kind} rows follow runner ${runners.length}`;
      last[kind] = row;
    }
  }
  return runners.map(({ main, comment, pedigree }, at) => {
    const row = new HtmlIndex(main, page);
    return { number: at + 1, row, cells: cellsOf(row), comment, pedigree };
  });
}

function kindOf(row: HtmlElement): 'comment' | 'pedigree' | undefined {
  if (hasClass(row, COMMENT)) return 'comment';
  return row.attributes['data-test-selector']?.trim() === PEDIGREE ? 'pedigree' : undefined;
}

function cellsOf(row: HtmlIndex): RunnerRows['cells'] {
  const cells: Partial<Record<CellName, readonly HtmlElement[]>> = {};
  for (const name of CELL_NAMES) cells[name] = CELLS[name](row);
  return cells as RunnerRows['cells'];
}

function endingWith(row: HtmlIndex, ...endings: readonly string[]): readonly HtmlElement[] {
  return row.tag('td').filter((cell) => endings.includes(cell.attributes['data-ending']?.trim() ?? ''));
}

function selectedOr(
  selected: readonly HtmlElement[],
  others: readonly HtmlElement[],
): readonly HtmlElement[] {
  return selected.length > 0 ? selected : others;
}

/** True for a rating of Arabian horses. */
export function isArabianRating(cell: HtmlElement): boolean {
  return cell.attributes['data-ending']?.trim() === 'ARO';
}
