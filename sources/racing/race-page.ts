import type { HtmlElement } from '../../core/source/html.ts';
import { HtmlIndex, hasClass, own, readHtml, textOf } from '../../core/source/html.ts';
import type { Page } from '../../core/source/page.ts';
import type { Item, Parsed, Partition, Rejected } from '../../core/source/source.ts';
import { estimateSeconds, formatSeconds } from './finish-time.ts';
import { lengthsPerSecond } from './going.ts';
import type { Position } from './position.ts';
import { parsePosition } from './position.ts';
import type { RaceHeader } from './race-header.ts';
import { frameOf, readHeader } from './race-header.ts';
import { parseRacePath } from './race-path.ts';
import { rejected } from './rejected.ts';
import type { Starter } from './runner.ts';
import { nameOf, readRunner } from './runner.ts';
import type { RunnerRows } from './runner-rows.ts';
import { CELL_NAMES, readRunnerRows } from './runner-rows.ts';
import type { RaceColumns, RunColumns, Runner } from './schema.ts';

/**
 * Reads a result page into one record a runner, runner by runner. Never throws.
 * `empty`: a void race (position VOI), and an abandoned one, which has no runners and says so (`notHeld`).
 * HTML_CHANGED: a landmark is gone. NO_RECORDS: frame and table are there and nobody runs in it yet.
 * PARSE_ERROR: a runner's cells do not line up with its neighbours', or a cell cannot be read.
 */
export function parseRacePage(page: Page, item: Item, partition: Partition): Parsed<Runner> {
  const race = parseRacePath(item.url) ?? parseRacePath(page.url);
  if (!race) return rejected('PARSE_ERROR', `${item.url} is no address of a race`);
  const answered = parseRacePath(page.url)?.raceId ?? race.raceId;
  if (race.raceId !== item.id || answered !== item.id) {
    return rejected(
      'PARSE_ERROR',
      `asked for race ${item.id}, got ${answered === item.id ? race.raceId : answered}`,
    );
  }

  const index = new HtmlIndex(readHtml(page.text));
  const frame = frameOf(index);
  if (!frame) return rejected('HTML_CHANGED', 'main[data-analytics-race-date-time] is gone');
  const runners = readRunnerRows(index);
  if (typeof runners === 'string') return rejected('PARSE_ERROR', runners);
  if (runners.length === 0) return withoutRunners(index, frame);
  const read = readPositions(runners);
  if (read.kind === 'rejected') return read;
  if (read.kind === 'none') return withoutPositions(frame);
  const { positions } = read;
  if (positions.some((position) => position.kind === 'void'))
    return { kind: 'empty', reason: 'the race is void' };

  const header = readHeader(index, frame, runners.length);
  if (header.kind === 'rejected') return header;
  if (header.date !== partition.date) {
    return rejected('PARSE_ERROR', `the page is of ${header.date}, asked for ${partition.date}`);
  }
  const misaligned = findMisaligned(runners.filter((_, at) => positions[at]?.kind !== 'withdrawn'));
  if (misaligned) return misaligned;
  const starters: Read[] = [];
  for (const [at, rows] of runners.entries()) {
    const position = positions[at];
    if (!position || position.kind === 'withdrawn' || position.kind === 'void') continue;
    const columns = readRunner(rows, position, starters.at(-1)?.columns.ovr_btn ?? null);
    if (typeof columns === 'string') return rejected('PARSE_ERROR', `${nameOf(rows)}: ${columns}`);
    starters.push({ position, columns });
  }
  if (starters.length === 0) return rejected('NO_RECORDS', 'every runner was withdrawn');
  const disagreement = findDisagreement(starters, header);
  if (disagreement) return rejected('PARSE_ERROR', disagreement);
  const ids = { race_id: race.raceId, course_id: race.courseId };
  const ran = header.ran ?? starters.length;
  return { kind: 'records', records: toRecords(starters, header, { ...ids, ...header.columns, ran }) };
}

interface Read {
  readonly position: Starter;
  readonly columns: RunColumns;
}

/** A page without runners: why, or that the page has changed. */
function withoutRunners(index: HtmlIndex, frame: HtmlElement): Parsed<Runner> {
  const reason = notHeld(frame);
  if (reason !== undefined) return { kind: 'empty', reason };
  if (
    index.withSelector('link-horseName').length > 0 ||
    index.withSelector('text-horsePosition').length > 0
  ) {
    return rejected('HTML_CHANGED', 'runners stand outside tr.rp-horseTable__mainRow');
  }
  const header = readHeader(index, frame, 0);
  if (header.kind === 'rejected' && header.code === 'HTML_CHANGED') return header;
  const hasTable = [...index.classes()].some((name) => name.startsWith('rp-horseTable'));
  return hasTable
    ? rejected('NO_RECORDS', 'the table of runners is empty')
    : rejected('HTML_CHANGED', 'the table of runners is gone');
}

/** Runners are listed and none has a position: the race was not run, or its result is not in yet. */
function withoutPositions(frame: HtmlElement): Parsed<Runner> {
  const reason = notHeld(frame);
  return reason === undefined
    ? rejected('NO_RECORDS', 'no runner has a position yet')
    : { kind: 'empty', reason };
}

const NOT_HELD =
  /^(?:this |the )?(?:race |meeting )*(?:is |was |has been |declared )*(abandoned|cancelled|void)\b/i;

/**
 * The notice of a race that was not run: a text in the frame that begins with `Abandoned`, `Meeting abandoned`,
 * `Race void`, or an element of a class named so. Links, the title and the runners are left out: they may speak of other
 * races, or of a void behind the leader.
 */
function notHeld(element: HtmlElement): string | undefined {
  for (const child of element.children) {
    if (typeof child === 'string') {
      const word = NOT_HELD.exec(child.trim())?.[1];
      if (word !== undefined) return `the race is ${word.toLowerCase()}`;
    } else if (child.tag !== 'a' && child.tag !== 'tr' && !hasClass(child, 'rp-raceTimeCourseName__title')) {
      if (/abandoned/i.test(child.attributes.class ?? '') && /abandoned/i.test(textOf(child)))
        return 'the race is abandoned';
      const reason = notHeld(child);
      if (reason !== undefined) return reason;
    }
  }
  return undefined;
}

type Positions =
  | { readonly kind: 'positions'; readonly positions: readonly Position[] }
  /** The cells are there and all empty. */
  | { readonly kind: 'none' };

/** The position of every runner; the first of its two cells counts, and the other may not contradict it. */
function readPositions(runners: readonly RunnerRows[]): Positions | Rejected {
  const cells = runners.map((rows) =>
    rows.cells.position
      .map((cell) => textOf(cell, (child) => child.tag === 'sup'))
      .filter((text) => text !== ''),
  );
  if (cells.every((texts) => texts.length === 0)) {
    return runners.some((rows) => rows.cells.position.length > 0)
      ? { kind: 'none' }
      : rejected('HTML_CHANGED', 'no runner has a cell for position');
  }
  const positions: Position[] = [];
  for (const [at, rows] of runners.entries()) {
    const texts = cells[at] ?? [];
    const [position, other] = texts.map(parsePosition);
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

function codeOf(position: Position): string {
  return 'code' in position ? position.code : position.kind;
}

/**
 * A cell that some runners have and one has not would be a shifted column to a reader by columns: PARSE_ERROR with the
 * runner's name. One that no runner has is a landmark gone; a walkover's lone runner may do without.
 */
function findMisaligned(runners: readonly RunnerRows[]): Rejected | undefined {
  const has = (rows: RunnerRows, name: (typeof CHECKED)[number]) =>
    name === 'pedigree row' ? rows.pedigree !== undefined : rows.cells[name].length > 0;
  for (const name of CHECKED) {
    const without = runners.filter((rows) => !has(rows, name));
    const [first] = without;
    if (!first || (runners.length === 1 && name !== 'horse')) continue;
    if (without.length === runners.length)
      return rejected('HTML_CHANGED', `no runner has a cell for ${name}`);
    return rejected('PARSE_ERROR', `${nameOf(first)}: has no ${name}, unlike its neighbours`);
  }
  return undefined;
}

const CHECKED = [...CELL_NAMES, 'pedigree row'] as const;

/** What the runners say together: no horse twice, and no fewer than the page counts. */
function findDisagreement(starters: readonly Read[], header: RaceHeader): string | undefined {
  const ids = new Set<string>();
  for (const { columns } of starters) {
    if (ids.has(columns.horse_id)) return `${columns.horse}: is there twice`;
    ids.add(columns.horse_id);
  }
  if (starters.length < (header.ran ?? 0)) return `${header.ran} ran, but the page lists ${starters.length}`;
  return undefined;
}

function toRecords(starters: readonly Read[], header: RaceHeader, shared: RaceColumns): Runner[] {
  const race = owned(shared);
  const rate = lengthsPerSecond(race.going, race.type === 'Flat' ? 'flat' : 'jumps');
  return starters.map(({ position, columns }) => {
    const { ovr_btn: overall } = columns;
    const secs =
      race.winning_secs === null || overall === null
        ? null
        : estimateSeconds(race.winning_secs, overall, rate);
    const prize = position.kind === 'placed' ? (header.prizes[position.place - 1] ?? null) : null;
    return { ...race, ...owned(columns), prize, time: secs === null ? null : formatSeconds(secs), secs };
  });
}

/** Records outlive their page by far, so none of their texts may be a view into it. */
function owned<Columns extends object>(columns: Columns): Columns {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(columns))
    copy[name] = typeof value === 'string' ? own(value) : value;
  return copy as Columns;
}
