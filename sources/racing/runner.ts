import type { HtmlElement } from '../../core/source/html.ts';
import { textOf } from '../../core/source/html.ts';
import { NOT_MEASURED, readBeaten } from './lengths.ts';
import { nameWithCountry } from './named-country.ts';
import { isNone, textOrNull } from './none.ts';
import { parseStartingPrice } from './odds.ts';
import { readPedigree } from './pedigree.ts';
import type { Position } from './position.ts';
import { profileId, profileName } from './race-path.ts';
import type { RunnerRows } from './runner-rows.ts';
import type { RunColumns } from './schema.ts';

/** A runner that took part. */
export type Starter = Exclude<Position, { readonly kind: 'void' | 'withdrawn' }>;

/** Collects what is wrong with the cells of one runner. */
type Fault = (problem: string) => void;

/** The horse's printed name, for messages; `runner 3` where it has none. */
export function nameOf(rows: RunnerRows): string {
  const name = rows.cells.horse.map((link) => textOf(link)).find((text) => text !== '');
  return name ?? `runner ${rows.number}`;
}

/**
 * Reads one runner from its own rows only. Answers the problem, one line, where a cell cannot be read or says two things.
 * `previousOverall` is the overall distance of the finisher before, which a lone `dht` shares.
 */
export function readRunner(
  rows: RunnerRows,
  position: Starter,
  previousOverall: number | null,
): RunColumns | string {
  const { cells, row } = rows;
  const faults: string[] = [];
  const fault: Fault = (problem) => faults.push(problem);
  const horse = nameWithCountry(
    one('horse', cells.horse, fault),
    row.withClass('rp-horseTable__horse__country').map((cell) => textOf(cell))[0],
  );
  const horseId = idOf('horse', cells.horse, fault);
  const pedigree = rows.pedigree && readPedigree(rows.pedigree);
  if (!horse || horseId === null) fault('has no horse link');
  if (rows.pedigree && !pedigree) fault('has more than three parents in its pedigree');
  const price = one('price', cells.price, fault);
  const starting = parseStartingPrice(price);
  if (!starting) fault(`price ${quote(price)} is no price`);
  const beaten = beatenOf(rows, position, previousOverall, fault);
  const silk = row.withClass('rp-horseTable__silk', 'img')[0]?.attributes;
  const columns: RunColumns = {
    pos: position.code,
    draw: wholeNumber('draw', one('draw', row.withClass('rp-horseTable__pos__draw'), fault), fault),
    num: wholeNumber('saddle cloth', one('saddle cloth', cells['saddle cloth'], fault), fault),
    btn: beaten.by,
    ovr_btn: beaten.overall,
    horse: horse?.name ?? '',
    horse_id: horseId ?? '',
    horse_country: horse?.country ?? '',
    sp: starting?.sp ?? null,
    dec: starting?.dec ?? null,
    jockey: textOrNull(linkText(cells.jockey)),
    jockey_id: idOf('jockey', cells.jockey, fault),
    trainer: textOrNull(linkText(cells.trainer)),
    trainer_id: idOf('trainer', cells.trainer, fault),
    owner: profileName(cells.owner[0]?.attributes.href) ?? null,
    owner_id: idOf('owner', cells.owner, fault),
    silk_url: textOrNull(silk?.src?.trim() || silk?.['data-src']?.trim()),
    age: wholeNumber('age', one('age', cells.age, fault), fault),
    lbs: poundsOf(cells.weight, fault),
    hg: textOrNull(headgearOf(rows)),
    or: wholeNumber('OR', one('OR', cells.OR, fault), fault),
    rpr: wholeNumber('RPR', one('RPR', cells.RPR, fault), fault),
    ts: wholeNumber('TS', one('TS', cells.TS, fault), fault),
    sex: pedigree?.sex ?? null,
    colour: pedigree?.colour ?? null,
    sire: pedigree?.sire?.name ?? null,
    sire_id: pedigree?.sire?.id ?? null,
    dam: pedigree?.dam?.name ?? null,
    dam_id: pedigree?.dam?.id ?? null,
    damsire: pedigree?.damsire?.name ?? null,
    damsire_id: pedigree?.damsire?.id ?? null,
    comment: rows.comment ? textOrNull(textOf(rows.comment)) : null,
  };
  return faults[0] ?? columns;
}

/** The one text of a cell that may be printed twice; superscripts are not part of it. */
function one(what: string, elements: readonly HtmlElement[], fault: Fault): string {
  const texts = new Set(elements.map((element) => textOf(element, isMark)).filter((text) => text !== ''));
  if (texts.size > 1) fault(`${what} says both ${[...texts].slice(0, 2).map(quote).join(' and ')}`);
  return texts.values().next().value ?? '';
}

/** Layouts may abbreviate a name differently, so the first counts; that it is one person is for `idOf` to see. */
function linkText(links: readonly HtmlElement[]): string | undefined {
  return links.map((link) => textOf(link, isMark)).find((text) => text !== '');
}

/** Draws beside a position, claims beside a jockey, the country beside a horse: cells of their own inside a cell. */
function isMark(element: HtmlElement): boolean {
  return (
    element.tag === 'sup' || element.attributes.class?.includes('rp-horseTable__horse__country') === true
  );
}

function idOf(what: string, links: readonly HtmlElement[], fault: Fault): string | null {
  const ids = new Set(links.map((link) => profileId(link.attributes.href)).filter((id) => id !== undefined));
  if (ids.size > 1) fault(`has two ${what}s: ${[...ids].slice(0, 2).join(' and ')}`);
  return ids.values().next().value ?? null;
}

/** `(7)`, `3.`, `85`, `1A` of coupled horses; null for a dash. */
function wholeNumber(what: string, text: string, fault: Fault): number | null {
  const bare = text.replace(/[().\s]/g, '');
  if (isNone(bare)) return null;
  const digits = /^(\d{1,4})(?:[A-Z]|yo|[+?])?$/.exec(bare)?.[1];
  if (digits === undefined) fault(`${what} ${quote(text)} is no number`);
  return digits === undefined ? null : Number(digits);
}

function beatenOf(rows: RunnerRows, position: Starter, previous: number | null, fault: Fault) {
  if (position.kind === 'not-finished') return NOT_MEASURED;
  const [cell] = rows.row.withClass('rp-horseTable__pos__length');
  const texts = cell ? innermostSpans(cell).map((span) => textOf(span)) : [];
  const margins = texts.filter((text) => !isNone(text.replace(/[[\]]/g, '')));
  const isWinner = position.kind === 'placed' && position.place === 1;
  const beaten = readBeaten(margins, isWinner, previous);
  if (!beaten) fault(`distance ${quote(texts.join(' '))} is no distance in lengths`);
  return beaten ?? NOT_MEASURED;
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

function poundsOf(weights: readonly HtmlElement[], fault: Fault): number | null {
  const parts = weights.flatMap(innermostSpans);
  const [stones, pounds] = ['st', 'lb'].map((ending) => {
    const spans = parts.filter((span) => span.attributes['data-ending']?.trim() === ending);
    return wholeNumber(ending, one(ending, spans, fault), fault);
  });
  if (stones == null && pounds == null) return null;
  if (stones == null || pounds == null || pounds >= POUNDS_IN_STONE) {
    fault(`weight ${quote(weights.map((cell) => textOf(cell)).join(' '))} is no stones and pounds`);
    return null;
  }
  return stones * POUNDS_IN_STONE + pounds;
}

function headgearOf(rows: RunnerRows): string | undefined {
  const [mark] = rows.row.withClass('rp-horseTable__headGear');
  return mark && textOf(mark).replaceAll(' ', '');
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
