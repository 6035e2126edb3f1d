import type { HtmlElement, HtmlIndex } from '../../../core/source/html.ts';

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
type FoundName = CellName | keyof typeof MARKS;
const FINDS = Object.entries({ ...CELLS, ...MARKS }) as [FoundName, readonly Find[]][];

/** One runner: its main row, and the rows that follow it up to the next runner's. */
export class RunnerRows {
  /** 1 for the first runner of the page. */
  readonly number: number;
  readonly #cells: Cells;
  comment: HtmlElement | undefined;
  pedigree: HtmlElement | undefined;

  constructor(number: number, cells: Cells) {
    this.number = number;
    this.#cells = cells;
  }

  cells(name: FoundName): readonly HtmlElement[] {
    return this.#cells.get(name)![this.number - 1]!;
  }
}

/** The cells of a page by name, then by runner. */
type Cells = Map<FoundName, readonly (readonly HtmlElement[])[]>;

/** Shared by all that is not found. */
const NONE: HtmlElement[] = [];

/**
 * Every runner with its own rows, in the order of the page. A string says which row belongs to nobody: rows
 * are told apart by what they are, never counted, so that an absent comment cannot shift its neighbours'.
 */
export function readRunnerRows(page: HtmlIndex): readonly RunnerRows[] | string {
  const mains = page.withClass(MAIN, 'tr');
  if (mains.length === 0) return [];
  const comments = page.withClass(COMMENT, 'tr');
  const pedigrees = page.withSelector(PEDIGREE, 'tr');
  const cells: Cells = new Map();
  const runners: RunnerRows[] = [];
  const placeOfMain = new Map<HtmlElement, number>();
  let last: RunnerRows | undefined;
  // Each list is in the order of the page, as the rows are.
  let comment = 0;
  let pedigree = 0;
  for (const row of page.tag('tr')) {
    const isComment = row === comments[comment];
    const isPedigree = row === pedigrees[pedigree];
    if (isComment) comment++;
    if (isPedigree) pedigree++;
    if (row === mains[runners.length]) {
      placeOfMain.set(row, runners.length);
      last = new RunnerRows(runners.length + 1, cells);
      runners.push(last);
    } else if (isComment || isPedigree) {
      const kind = isComment ? 'comment' : 'pedigree';
      if (!last) return `a ${kind} row stands before the first runner`;
      if (last[kind]) return `two ${kind} rows follow runner ${runners.length}`;
      last[kind] = row;
    }
  }
  for (const [name, finds] of FINDS) cells.set(name, findCells(finds, page, placeOfMain));
  return runners;
}

/** The cells of one name, looked up for all runners at once. */
function findCells(
  finds: readonly Find[],
  page: HtmlIndex,
  placeOfMain: ReadonlyMap<HtmlElement, number>,
): readonly (readonly HtmlElement[])[] {
  const cells: HtmlElement[][] = new Array(placeOfMain.size).fill(NONE);
  const foundBy: (Find | undefined)[] = new Array(placeOfMain.size).fill(undefined);
  let without = cells.length;
  for (const find of finds) {
    if (without === 0) break;
    for (const element of find(page)) {
      const runner = runnerOf(element, placeOfMain);
      if (runner === undefined) continue;
      if (foundBy[runner] === undefined) {
        foundBy[runner] = find;
        cells[runner] = [element];
        without--;
      } else if (foundBy[runner] === find) cells[runner]!.push(element);
    }
  }
  return cells;
}

/** The runner in whose main row an element stands. */
function runnerOf(
  { parent }: HtmlElement,
  placeOfMain: ReadonlyMap<HtmlElement, number>,
): number | undefined {
  for (let around = parent; around; around = around.parent) {
    const runner = around.tag === 'tr' ? placeOfMain.get(around) : undefined;
    if (runner !== undefined) return runner;
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
