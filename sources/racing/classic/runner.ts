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
  const name = rows.cells.horse.map((link) => textOf(link)).find((text) => text !== '');
  return name ?? `runner ${rows.number}`;
}

/** Reads one runner from its own rows only. Answers the problem, one line, where a cell says two things. */
export function readRunner(rows: RunnerRows, position: Starter): PrintedRunner | string {
  const { cells, marks } = rows;
  const faults: string[] = [];
  const fault: Fault = (problem) => faults.push(problem);
  const pedigree = rows.pedigree ? readPedigree(rows.pedigree) : NO_PEDIGREE;
  if (!pedigree) fault('has more than three parents in its pedigree');
  const [silk] = marks.silk;
  const [country] = marks.country;
  const runner: PrintedRunner = {
    position,
    draw: one('draw', marks.draw, fault),
    saddleCloth: one('saddle cloth', cells['saddle cloth'], fault),
    margins: marginsOf(rows),
    horse: {
      name: one('horse', cells.horse, fault),
      country: country ? textOf(country) : '',
      id: idOf('horse', cells.horse, fault),
    },
    price: one('price', cells.price, fault),
    jockey: profileOf('jockey', cells.jockey, fault),
    trainer: profileOf('trainer', cells.trainer, fault),
    owner: {
      name: profileName(cells.owner[0]?.attribute('href')) ?? null,
      id: idOf('owner', cells.owner, fault),
    },
    silkUrl: silk?.attribute('src')?.trim() || silk?.attribute('data-src')?.trim() || '',
    age: one('age', cells.age, fault),
    pounds: poundsOf(cells.weight, fault),
    headgear: headgearOf(rows),
    officialRating: one(
      'OR',
      cells.OR.filter((cell) => !isArabianRating(cell)),
      fault,
    ),
    racingPostRating: one('RPR', cells.RPR, fault),
    topspeed: one('TS', cells.TS, fault),
    ...(pedigree ?? NO_PEDIGREE),
    comment: rows.comment ? textOf(rows.comment) : '',
  };
  return faults[0] ?? runner;
}

/** The one text of a cell that may be printed twice; superscripts are not part of it. */
function one(what: string, elements: readonly HtmlElement[], fault: Fault): string {
  const [only] = elements;
  if (elements.length <= 1) return only ? textOf(only, isMark) : '';
  const texts = new Set(elements.map((element) => textOf(element, isMark)).filter((text) => text !== ''));
  if (texts.size > 1) fault(`${what} says both ${[...texts].slice(0, 2).map(quote).join(' and ')}`);
  return texts.values().next().value ?? '';
}

/**
 * Layouts may abbreviate a name differently, so the first counts; that it is one person is for `idOf` to see.
 */
function profileOf(what: string, links: readonly HtmlElement[], fault: Fault): PrintedProfile {
  const name = links.map((link) => textOf(link, isMark)).find((text) => text !== '');
  return { name: textOrNull(name), id: idOf(what, links, fault) };
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
  const ids = new Set(
    links.map((link) => profileId(link.attribute('href'))).filter((id) => id !== undefined),
  );
  if (ids.size > 1) fault(`has two ${what}s: ${[...ids].slice(0, 2).join(' and ')}`);
  return ids.values().next().value ?? null;
}

function marginsOf(rows: RunnerRows): readonly string[] {
  const [cell] = rows.marks.margins;
  return cell ? innermostSpans(cell).map((span) => textOf(span)) : [];
}

function innermostSpans(element: HtmlElement): readonly HtmlElement[] {
  const spans: HtmlElement[] = [];
  for (const child of element.children) {
    if (typeof child === 'string') continue;
    const inside = innermostSpans(child);
    if (inside.length > 0) spans.push(...inside);
    else if (child.tag === 'span') spans.push(child);
  }
  return spans;
}

const POUNDS_IN_STONE = 14;

/** Over-weights and extra weights stand beside the two numbers, in spans of their own. */
function poundsOf(weights: readonly HtmlElement[], fault: Fault): number | null {
  const parts = weights.flatMap(innermostSpans);
  const [stones, pounds] = ['st', 'lb'].map((ending) => {
    const spans = parts.filter((span) => span.attribute('data-ending')?.trim() === ending);
    return wholeNumber(ending, one(ending, spans, fault), fault);
  });
  if (stones == null && pounds == null) return null;
  if (stones == null || pounds == null || pounds >= POUNDS_IN_STONE) {
    fault(`weight ${quote(weights.map((cell) => textOf(cell)).join(' '))} is no stones and pounds`);
    return null;
  }
  return stones * POUNDS_IN_STONE + pounds;
}

function headgearOf(rows: RunnerRows): string {
  const [mark] = rows.marks.headgear;
  return mark ? textOf(mark).replaceAll(' ', '') : '';
}
