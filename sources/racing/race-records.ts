import type { Parsed } from '../../core/source/source.ts';
import { estimateSeconds, formatSeconds } from './finish-time.ts';
import { lengthsPerSecond } from './going.ts';
import type { PrintedRace, PrintedRunner, Starter } from './printed-race.ts';
import type { Prizes } from './prize.ts';
import { raceColumns } from './race-columns.ts';
import type { RacePath } from './race-path.ts';
import { rejected } from './rejected.ts';
import { runColumns } from './run-columns.ts';
import type { RaceColumns, ResultColumns, RunColumns, Runner } from './schema.ts';

interface Run {
  readonly position: Starter;
  readonly columns: RunColumns;
}

/** One record a runner, from what a page of either markup prints. */
export function raceRecords(
  race: PrintedRace,
  runners: readonly PrintedRunner[],
  path: RacePath,
): Parsed<Runner> {
  if (runners.length === 0) return rejected('NO_RECORDS', 'every runner was withdrawn');
  const shared = raceColumns(race, path, runners.length);
  if (shared.kind === 'rejected') return shared;
  const runs: Run[] = [];
  let overall: number | null = null;
  for (const printed of runners) {
    const columns = runColumns(printed, overall);
    if (typeof columns === 'string')
      return rejected('PARSE_ERROR', `${printed.horse.name || `runner ${runs.length + 1}`}: ${columns}`);
    overall = columns.ovr_btn;
    runs.push({ position: printed.position, columns });
  }
  const disagreement = findDisagreement(runs, race.ran);
  if (disagreement !== undefined) return rejected('PARSE_ERROR', disagreement);
  return { kind: 'records', records: toRecords(runs, race.prizes, shared.columns) };
}

/** What the runners say together: no horse twice, and no fewer than the page counts. */
function findDisagreement(runs: readonly Run[], ran: number | null): string | undefined {
  const ids = new Set<string>();
  for (const { columns } of runs) {
    if (ids.has(columns.horse_id)) return `${columns.horse}: is there twice`;
    ids.add(columns.horse_id);
  }
  return runs.length < (ran ?? 0) ? `${ran} ran, but the page lists ${runs.length}` : undefined;
}

function toRecords(runs: readonly Run[], prizes: Prizes, race: RaceColumns): Runner[] {
  const rate = lengthsPerSecond(race.going, race.type === 'Flat' ? 'flat' : 'jumps');
  return runs.map(({ position, columns }) => {
    const { ovr_btn: overall } = columns;
    const secs =
      race.winning_secs === null || overall === null
        ? null
        : estimateSeconds(race.winning_secs, overall, rate);
    const prize = position.kind === 'placed' ? (prizes.get(position.place) ?? null) : null;
    const time = secs === null ? null : formatSeconds(secs);
    return recordOf(race, columns, { prize, time, secs });
  });
}

/** Column by column: to spread or to assign fifty of them takes twice as long. */
function recordOf(race: RaceColumns, run: RunColumns, result: ResultColumns): Runner {
  return {
    race_id: race.race_id,
    course_id: race.course_id,
    course: race.course,
    off: race.off,
    race_name: race.race_name,
    class: race.class,
    pattern: race.pattern,
    rating_band: race.rating_band,
    age_band: race.age_band,
    sex_rest: race.sex_rest,
    dist: race.dist,
    dist_y: race.dist_y,
    dist_f: race.dist_f,
    dist_m: race.dist_m,
    course_detail: race.course_detail,
    going: race.going,
    surface: race.surface,
    type: race.type,
    ran: race.ran,
    winning_time: race.winning_time,
    winning_secs: race.winning_secs,
    pos: run.pos,
    draw: run.draw,
    num: run.num,
    btn: run.btn,
    ovr_btn: run.ovr_btn,
    horse: run.horse,
    horse_id: run.horse_id,
    horse_country: run.horse_country,
    sp: run.sp,
    dec: run.dec,
    jockey: run.jockey,
    jockey_id: run.jockey_id,
    trainer: run.trainer,
    trainer_id: run.trainer_id,
    owner: run.owner,
    owner_id: run.owner_id,
    silk_url: run.silk_url,
    age: run.age,
    lbs: run.lbs,
    hg: run.hg,
    or: run.or,
    rpr: run.rpr,
    ts: run.ts,
    sex: run.sex,
    colour: run.colour,
    sire: run.sire,
    sire_id: run.sire_id,
    dam: run.dam,
    dam_id: run.dam_id,
    damsire: run.damsire,
    damsire_id: run.damsire_id,
    comment: run.comment,
    prize: result.prize,
    time: result.time,
    secs: result.secs,
  };
}
