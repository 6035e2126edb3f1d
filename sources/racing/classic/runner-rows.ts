import type { HtmlElement, HtmlIndex } from '../../../core/source/html.ts';
import { hasClass } from '../../../core/source/html.ts';

const MAIN = 'rp-horseTable__mainRow';
const COMMENT = 'rp-horseTable__commentRow';
const PEDIGREE = 'block-pedigreeInfoFullResults';

type Find = (page: HtmlIndex) => readonly HtmlElement[];

/**
 * The cells of the runners' main rows by what they hold; a cell that both layouts of the page print is there
 * twice. Of several ways to find a cell the first that finds one in the row counts. A runner without a jockey
 * has a span where the link would be. A card of Arabian horses rates in `ARO`, which is no OR, and leaves the
 * endings of the other ratings empty.
 */
const CELLS = {
  position: [selector('text-horsePosition')],
  'saddle cloth': [classed('rp-horseTable__saddleClothNo')],
  horse: [selector('link-horseName', 'a')],
  price: [classed('rp-horseTable__horse__price')],
  jockey: [selector('link-jockeyName')],
  trainer: [selector('link-trainerName')],
  owner: [selector('link-silk')],
  age: [selector('horse-age')],
  weight: [classed('rp-horseTable__wgt', 'td')],
  OR: [ending('OR', 'ARO')],
  RPR: [selector('full-result-rpr'), ending('RPR')],
  TS: [selector('full-result-topspeed'), ending('TS')],
} as const satisfies Readonly<Record<string, readonly Find[]>>;

/** What stands in a main row beside: a runner may do without. */
const MARKS = {
  silk: [classed('rp-horseTable__silk', 'img')],
  country: [classed('rp-horseTable__horse__country')],
  draw: [classed('rp-horseTable__pos__draw')],
  margins: [classed('rp-horseTable__pos__length')],
  headgear: [classed('rp-horseTable__headGear')],
} as const satisfies Readonly<Record<string, readonly Find[]>>;

export type CellName = keyof typeof CELLS;
export const CELL_NAMES = Object.keys(CELLS) as readonly CellName[];
type Found<Name extends string> = Readonly<Record<Name, readonly HtmlElement[]>>;

/** One runner: its main row, and the rows that follow it up to the next runner's. */
export interface RunnerRows {
  /** 1 for the first runner of the page. */
  readonly number: number;
  readonly cells: Found<CellName>;
  readonly marks: Found<keyof typeof MARKS>;
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
  const numbers = new Map(runners.map(({ main }, at) => [main, at]));
  const cells = findInRows(CELLS, page, numbers);
  const marks = findInRows(MARKS, page, numbers);
  return runners.map(({ comment, pedigree }, at) => ({
    number: at + 1,
    cells: cells[at]!,
    marks: marks[at]!,
    comment,
    pedigree,
  }));
}

function kindOf(row: HtmlElement): 'comment' | 'pedigree' | undefined {
  if (hasClass(row, COMMENT)) return 'comment';
  return row.attribute('data-test-selector')?.trim() === PEDIGREE ? 'pedigree' : undefined;
}

/** What each of the rows holds, looked up for all of them at once. */
function findInRows<Name extends string>(
  finds: Readonly<Record<Name, readonly Find[]>>,
  page: HtmlIndex,
  rows: ReadonlyMap<HtmlElement, number>,
): readonly Found<Name>[] {
  const found = Array.from(rows, () => ({}) as Record<Name, HtmlElement[]>);
  for (const name in finds) {
    for (const row of found) row[name] = [];
    for (const find of finds[name]) {
      const isOpen = found.map((row) => row[name].length === 0);
      if (!isOpen.includes(true)) break;
      for (const element of find(page)) {
        const at = rowOf(element, rows);
        if (at !== undefined && isOpen[at]) found[at]![name].push(element);
      }
    }
  }
  return found;
}

/** Which of the rows an element stands in. */
function rowOf({ parent }: HtmlElement, rows: ReadonlyMap<HtmlElement, number>): number | undefined {
  for (let around = parent; around; around = around.parent) {
    const row = around.tag === 'tr' ? rows.get(around) : undefined;
    if (row !== undefined) return row;
  }
  return undefined;
}

function classed(name: string, tag?: string): Find {
  return (page) => page.withClass(name, tag);
}

function selector(value: string, tag?: string): Find {
  return (page) => page.withSelector(value, tag);
}

function ending(...endings: readonly string[]): Find {
  const isNamed = (cell: HtmlElement) => endings.includes(cell.attribute('data-ending')?.trim() ?? '');
  return (page) => page.tag('td').filter(isNamed);
}

/** True for a rating of Arabian horses. */
export function isArabianRating(cell: HtmlElement): boolean {
  return cell.attribute('data-ending')?.trim() === 'ARO';
}
