import { NOT_MEASURED, readBeaten } from './lengths.ts';
import { memoized } from './memoized.ts';
import { nameWithCountry } from './named-country.ts';
import { isNone, textOrNull } from './none.ts';
import { parseStartingPrice } from './odds.ts';
import type { PrintedParent, PrintedRunner } from './printed-race.ts';
import type { RunColumns } from './schema.ts';
import { plainNumber } from './whole-number.ts';

/** Collects what is wrong with the cells of one runner. */
export type Fault = (problem: string) => void;

/**
 * A runner's own columns, of a page of either markup; the problem, one line, where a cell cannot be read.
 * `previousOverall` is the overall distance of the finisher before, which a lone `dht` shares.
 */
export function runColumns(printed: PrintedRunner, previousOverall: number | null): RunColumns | string {
  const faults: string[] = [];
  const fault: Fault = (problem) => faults.push(problem);
  const horse = nameWithCountry(printed.horse.name, printed.horse.country);
  if (!horse || printed.horse.id === null) fault('has no horse link');
  const starting = parseStartingPrice(printed.price);
  if (!starting) fault(`price ${quote(printed.price)} is no price`);
  const beaten = beatenOf(printed, previousOverall, fault);
  const { colour, sex } = colourAndSex(printed.colourAndSex);
  const columns: RunColumns = {
    pos: printed.position.code,
    draw: wholeNumber('draw', printed.draw, fault),
    num: wholeNumber('saddle cloth', printed.saddleCloth, fault),
    btn: beaten.by,
    ovr_btn: beaten.overall,
    horse: horse?.name ?? '',
    horse_id: printed.horse.id ?? '',
    horse_country: horse?.country ?? '',
    sp: starting?.sp ?? null,
    dec: starting?.dec ?? null,
    jockey: printed.jockey.name,
    jockey_id: printed.jockey.id,
    trainer: printed.trainer.name,
    trainer_id: printed.trainer.id,
    owner: printed.owner.name,
    owner_id: printed.owner.id,
    silk_url: textOrNull(printed.silkUrl),
    age: wholeNumber('age', printed.age, fault),
    lbs: printed.pounds,
    hg: textOrNull(printed.headgear),
    or: wholeNumber('OR', printed.officialRating, fault),
    rpr: wholeNumber('RPR', printed.racingPostRating, fault),
    ts: wholeNumber('TS', printed.topspeed, fault),
    sex,
    colour,
    sire: parentName(printed.sire),
    sire_id: printed.sire?.id ?? null,
    dam: parentName(printed.dam),
    dam_id: printed.dam?.id ?? null,
    damsire: printed.damsire?.name ?? null,
    damsire_id: printed.damsire?.id ?? null,
    comment: textOrNull(printed.comment),
  };
  return faults[0] ?? columns;
}

/** `(7)`, `3.`, `85`, `1A` of coupled horses; null for a dash. */
export function wholeNumber(what: string, text: string, fault: Fault): number | null {
  const plain = plainNumber(text);
  if (plain !== undefined) return plain;
  if (text === '') return null;
  const bare = text.replace(/[().\s]/g, '');
  if (isNone(bare)) return null;
  const digits = /^(\d{1,4})(?:[A-Z]|yo|[+?])?$/.exec(bare)?.[1];
  if (digits === undefined) fault(`${what} ${quote(text)} is no number`);
  return digits === undefined ? null : Number(digits);
}

function beatenOf({ position, margins }: PrintedRunner, previous: number | null, fault: Fault) {
  if (position.kind === 'not-finished') return NOT_MEASURED;
  const printed = margins.filter(isMargin);
  const isWinner = position.kind === 'placed' && position.place === 1;
  const beaten = readBeaten(printed, isWinner, previous);
  if (!beaten) fault(`distance ${quote(margins.join(' '))} is no distance in lengths`);
  return beaten ?? NOT_MEASURED;
}

/** `[]` is none. */
function isMargin(margin: string): boolean {
  return !isNone(margin.includes('[') || margin.includes(']') ? margin.replace(/[[\]]/g, '') : margin);
}

const SEXES = new Set(['c', 'f', 'g', 'h', 'm', 'r', 'rig']);

/** `b g`, `b/br f`; either may be missing. */
const colourAndSex = memoized((text): Pick<RunColumns, 'colour' | 'sex'> => {
  const words = text.split(' ').filter((word) => /[A-Za-z]/.test(word));
  const last = words.at(-1);
  if (last === undefined) return { colour: null, sex: null };
  if (words.length === 1)
    return SEXES.has(last.toLowerCase()) ? { colour: null, sex: last } : { colour: last, sex: null };
  return { colour: words.slice(0, -1).join(' '), sex: last };
});

function parentName(parent: PrintedParent | undefined): string | null {
  if (parent === undefined || isUnnamed(parent.name)) return null;
  return nameWithCountry(parent.name, parent.country)?.name ?? null;
}

/** A parent that is not registered is named so, or by a dash. */
export function isUnnamed(name: string): boolean {
  return isNone(name) || /\bunregistered\b/i.test(name);
}

export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
