import type { HtmlElement } from '../../../core/source/html.ts';
import { textOf } from '../../../core/source/html.ts';
import { textOrNull } from '../none.ts';
import type { PrintedProfile, PrintedRunner, Starter } from '../printed-race.ts';
import { profileId, profileName } from '../race-path.ts';
import { type Fault, quote, wholeNumber } from '../run-columns.ts';
import { NO_PEDIGREE, readPedigree } from './pedigree.ts';
import { isArabianRating, type RunnerRows } from './runner-rows.ts';

/** The horse's printed name, for messages; `runner 3` where it has none. */
export function nameOf(rows: RunnerRows): string {
  return firstText(rows.cells('horse')) ?? `runner ${rows.number}`;
}

function firstText(
  elements: readonly HtmlElement[],
  skip?: (element: HtmlElement) => boolean,
): string | undefined {
  for (const element of elements) {
    const text = textOf(element, skip);
    if (text !== '') return text;
  }
  return undefined;
}

/** Reads one runner from its own rows only. Answers the problem, one line, where a cell says two things. */
export function readRunner(rows: RunnerRows, position: Starter): PrintedRunner | string {
  const faults: string[] = [];
  const fault: Fault = (problem) => faults.push(problem);
  const pedigree = rows.pedigree ? readPedigree(rows.pedigree) : NO_PEDIGREE;
  if (!pedigree) return 'has more than three parents in its pedigree';
  const [silk] = rows.cells('silk');
  const [country] = rows.cells('country');
  const runner: PrintedRunner = {
    position,
    draw: one('draw', rows.cells('draw'), fault),
    saddleCloth: one('saddle cloth', rows.cells('saddle cloth'), fault),
    margins: marginsOf(rows),
    horse: {
      name: one('horse', rows.cells('horse'), fault),
      country: country ? textOf(country) : '',
      id: idOf('horse', rows.cells('horse'), fault),
    },
    price: one('price', rows.cells('price'), fault),
    jockey: profileOf('jockey', rows.cells('jockey'), fault),
    trainer: profileOf('trainer', rows.cells('trainer'), fault),
    owner: {
      name: profileName(rows.cells('owner')[0]?.attribute('href')) ?? null,
      id: idOf('owner', rows.cells('owner'), fault),
    },
    silkUrl: silk?.attribute('src')?.trim() || silk?.attribute('data-src')?.trim() || '',
    age: one('age', rows.cells('age'), fault),
    pounds: poundsOf(rows.cells('weight'), fault),
    headgear: headgearOf(rows),
    officialRating: one(
      'OR',
      rows.cells('OR').filter((cell) => !isArabianRating(cell)),
      fault,
    ),
    racingPostRating: one('RPR', rows.cells('RPR'), fault),
    topspeed: one('TS', rows.cells('TS'), fault),
    colourAndSex: pedigree.colourAndSex,
    sire: pedigree.sire,
    dam: pedigree.dam,
    damsire: pedigree.damsire,
    comment: rows.comment ? textOf(rows.comment) : '',
  };
  return faults[0] ?? runner;
}

/** The one text of a cell that may be printed twice; superscripts are not part of it. */
function one(what: string, elements: readonly HtmlElement[], fault: Fault): string {
  let text = '';
  for (const element of elements) {
    const printed = textOf(element, isMark);
    if (printed === '' || printed === text) continue;
    if (text !== '') {
      fault(`${what} says both ${quote(text)} and ${quote(printed)}`);
      break;
    }
    text = printed;
  }
  return text;
}

/**
 * Layouts may abbreviate a name differently, so the first counts; that it is one person is for `idOf` to see.
 */
function profileOf(what: string, links: readonly HtmlElement[], fault: Fault): PrintedProfile {
  return { name: textOrNull(firstText(links, isMark)), id: idOf(what, links, fault) };
}

/**
 * Draws beside a position, claims beside a jockey, the country beside a horse: cells of their own inside a
 * cell.
 */
function isMark(element: HtmlElement): boolean {
  return (
    element.tag === 'sup' || element.attribute('class')?.includes('rp-horseTable__horse__country') === true
  );
}

function idOf(what: string, links: readonly HtmlElement[], fault: Fault): string | null {
  let id: string | undefined;
  let before: string | undefined;
  for (const link of links) {
    const href = link.attribute('href');
    // Two layouts print the same link.
    if (href === before) continue;
    before = href;
    const other = profileId(href);
    if (other === undefined || other === id) continue;
    if (id !== undefined) {
      fault(`has two ${what}s: ${id} and ${other}`);
      break;
    }
    id = other;
  }
  return id ?? null;
}

function marginsOf(rows: RunnerRows): readonly string[] {
  const margins: string[] = [];
  const [cell] = rows.cells('margins');
  if (cell) for (const span of innermostSpans(cell)) margins.push(textOf(span));
  return margins;
}

function innermostSpans(element: HtmlElement, spans: HtmlElement[] = []): readonly HtmlElement[] {
  for (const child of element.children) {
    if (typeof child === 'string') continue;
    const before = spans.length;
    innermostSpans(child, spans);
    if (spans.length === before && child.tag === 'span') spans.push(child);
  }
  return spans;
}

const POUNDS_IN_STONE = 14;

/** Over-weights and extra weights stand beside the two numbers, in spans of their own. */
function poundsOf(weights: readonly HtmlElement[], fault: Fault): number | null {
  const inStones: HtmlElement[] = [];
  const inPounds: HtmlElement[] = [];
  for (const cell of weights) {
    for (const span of innermostSpans(cell)) {
      const unit = span.attribute('data-ending')?.trim();
      if (unit === 'st') inStones.push(span);
      else if (unit === 'lb') inPounds.push(span);
    }
  }
  const stones = wholeNumber('st', one('st', inStones, fault), fault);
  const pounds = wholeNumber('lb', one('lb', inPounds, fault), fault);
  if (stones === null && pounds === null) return null;
  if (stones === null || pounds === null || pounds >= POUNDS_IN_STONE) {
    fault(`weight ${quote(weights.map((cell) => textOf(cell)).join(' '))} is no stones and pounds`);
    return null;
  }
  return stones * POUNDS_IN_STONE + pounds;
}

function headgearOf(rows: RunnerRows): string {
  const [mark] = rows.cells('headgear');
  return mark ? textOf(mark).replaceAll(' ', '') : '';
}
