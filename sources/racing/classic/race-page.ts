import type { HtmlElement, HtmlIndex } from '../../../core/source/html.ts';
import { textOf } from '../../../core/source/html.ts';
import type { Rejected } from '../../../core/source/source.ts';
import type { Position } from '../position.ts';
import { parsePosition } from '../position.ts';
import type { PrintedRunner, ReadRace } from '../printed-race.ts';
import type { PromisedRace } from '../promised-race.ts';
import { rejected } from '../rejected.ts';
import { noticeOnPage } from './not-held.ts';
import type { ClassicIdentity } from './race-header.ts';
import { frameOf, readHeader, readIdentity } from './race-header.ts';
import { readRaceInfo } from './race-info.ts';
import { nameOf, readRunner } from './runner.ts';
import type { RunnerRows } from './runner-rows.ts';
import { CELL_NAMES, readRunnerRows } from './runner-rows.ts';

const VOID: ReadRace = { kind: 'empty', reason: 'the race is void' };

/** Reads a result page of the classic markup, runner by runner. */
export function readClassicRace(page: HtmlIndex, promised: PromisedRace): ReadRace {
  const frame = frameOf(page);
  if (!frame) return rejected('HTML_CHANGED', 'main[data-analytics-race-date-time] is gone');
  const identity = readIdentity(page, frame, promised);
  if (identity.kind === 'rejected') return identity;
  const runners = readRunnerRows(page);
  if (typeof runners === 'string') return rejected('PARSE_ERROR', runners);
  if (runners.length === 0) return withoutRunners(page, frame, identity);
  const read = readPositions(runners);
  if (read.kind === 'rejected') return read;
  if (read.kind === 'none') return withoutPositions(page, frame);
  const { positions } = read;
  if (positions.some((position) => position.kind === 'void')) return VOID;

  const header = readHeader(page, identity, runners.length);
  if (header.kind === 'rejected') return header;
  const misaligned = findMisaligned(
    runners.filter((_, at) => positions[at]?.kind !== 'withdrawn'),
    promised.country,
  );
  if (misaligned) return misaligned;
  const starters: PrintedRunner[] = [];
  for (const [at, rows] of runners.entries()) {
    const position = positions[at];
    if (!position || position.kind === 'withdrawn' || position.kind === 'void') continue;
    const starter = readRunner(rows, position);
    if (typeof starter === 'string') return rejected('PARSE_ERROR', `${nameOf(rows)}: ${starter}`);
    starters.push(starter);
  }
  return { kind: 'race', race: header.race, runners: starters };
}

/** A page without runners: why, or that the page has changed. */
function withoutRunners(page: HtmlIndex, frame: HtmlElement, identity: ClassicIdentity): ReadRace {
  const reason = notHeld(page, frame);
  if (reason) return reason;
  if (page.withSelector('link-horseName').length > 0 || page.withSelector('text-horsePosition').length > 0) {
    return rejected('HTML_CHANGED', 'runners stand outside tr.rp-horseTable__mainRow');
  }
  const header = readHeader(page, identity, 0);
  if (header.kind === 'rejected' && header.code === 'HTML_CHANGED') return header;
  const hasTable = [...page.classes()].some((name) => name.startsWith('rp-horseTable'));
  return hasTable
    ? rejected('NO_RECORDS', 'the table of runners is empty')
    : rejected('HTML_CHANGED', 'the table of runners is gone');
}

/** Runners are listed and none has a position: the race was not run, or its result is not in yet. */
function withoutPositions(page: HtmlIndex, frame: HtmlElement): ReadRace {
  return notHeld(page, frame) ?? rejected('NO_RECORDS', 'no runner has a position yet');
}

/** A notice says so, or the box under the runners is there and empty, as a void race leaves it. */
function notHeld(page: HtmlIndex, frame: HtmlElement): ReadRace | undefined {
  const notice = noticeOnPage(frame);
  if (notice !== undefined) return { kind: 'empty', reason: `the race is ${notice}` };
  const info = readRaceInfo(page);
  return info.hasBox && info.filled === 0 ? VOID : undefined;
}

type Positions =
  | { readonly kind: 'positions'; readonly positions: readonly Position[] }
  /** The cells are there and all empty. */
  | { readonly kind: 'none' };

/** The position of every runner; where it is printed twice, the two may not contradict each other. */
function readPositions(runners: readonly RunnerRows[]): Positions | Rejected {
  const cells = runners.map((rows) => textsOf(rows.cells('position')));
  if (cells.every((texts) => texts.length === 0)) {
    return runners.some((rows) => rows.cells('position').length > 0)
      ? { kind: 'none' }
      : rejected('HTML_CHANGED', 'no runner has a cell for position');
  }
  const positions: Position[] = [];
  for (const [at, rows] of runners.entries()) {
    const texts = cells[at] ?? [];
    const position = parsePosition(texts[0] ?? '');
    const other = texts.length > 1 ? parsePosition(texts[1]!) : undefined;
    if (!position) {
      return rejected(
        'PARSE_ERROR',
        `${nameOf(rows)}: position ${JSON.stringify(texts[0] ?? '')} is no position`,
      );
    }
    if (other && (other.kind !== position.kind || codeOf(other) !== codeOf(position))) {
      return rejected('PARSE_ERROR', `${nameOf(rows)}: position says both ${texts[0]} and ${texts[1]}`);
    }
    positions.push(position);
  }
  return { kind: 'positions', positions };
}

/** Those that are not empty, without the draws beside them. */
function textsOf(cells: readonly HtmlElement[]): readonly string[] {
  const texts: string[] = [];
  for (const cell of cells) {
    const text = textOf(cell, isSuperscript);
    if (text !== '') texts.push(text);
  }
  return texts;
}

function isSuperscript({ tag }: HtmlElement): boolean {
  return tag === 'sup';
}

function codeOf(position: Position): string {
  return 'code' in position ? position.code : position.kind;
}

/** Countries whose meetings all number their runners. */
const NUMBERED: ReadonlySet<string> = new Set(['GB', 'IRE']);

/**
 * A cell that some runners have and one has not would be a shifted column to a reader by columns: PARSE_ERROR
 * with the runner's name. One that no runner has is a landmark gone; a walkover's lone runner may do without,
 * and some meetings abroad print no saddle cloths.
 */
function findMisaligned(runners: readonly RunnerRows[], country: string): Rejected | undefined {
  const has = (rows: RunnerRows, name: (typeof CHECKED)[number]) =>
    name === 'pedigree row' ? rows.pedigree !== undefined : rows.cells(name).length > 0;
  for (const name of CHECKED) {
    const without = runners.filter((rows) => !has(rows, name));
    const [first] = without;
    if (!first || (runners.length === 1 && name !== 'horse')) continue;
    if (without.length === runners.length) {
      if (name === 'saddle cloth' && !NUMBERED.has(country)) continue;
      return rejected('HTML_CHANGED', `no runner has a cell for ${name}`);
    }
    return rejected('PARSE_ERROR', `${nameOf(first)}: has no ${name}, unlike its neighbours`);
  }
  return undefined;
}

const CHECKED = [...CELL_NAMES, 'pedigree row'] as const;
