import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Platform } from '../../core/platform.ts';
import type { RunInput } from '../../core/state/run-store.ts';
import { RunStore } from '../../core/state/run-store.ts';
import type { FaultPlan } from '../../demo/faults.ts';
import { NO_FAULTS } from '../../demo/faults.ts';
import type { DemoSite } from '../../demo/site.ts';
import { openLocalPlatform } from '../../runtime/local.ts';
import { runLocally } from '../../runtime/local-run.ts';
import type { RunEnd } from '../../runtime/run-end.ts';
import { ImpatientClock } from './support/impatient-clock.ts';
import { pictureOf } from './support/lake-picture.ts';
import { currentRows, filesUnder } from './support/lake-reading.ts';
import { playRun, type RunTask } from './support/run-process.ts';
import { amountOf, DAY, settingsFor, startSmallSite } from './support/small-site.ts';
import { TODAY } from './support/test-time.ts';

type Picture = Awaited<ReturnType<typeof pictureOf>>;
type Phase = NonNullable<RunTask['kill']>['phase'];

/** Processes at once: the machine of the tests has two cores. */
const LANES = 2;
/** Milliseconds that a resumed run is later than the one that skipped its waits. */
const LATER = 120_000;

const GB = `country=gb/date=${DAY}`;
const IRE = `country=ire/date=${DAY}`;
/**
 * One race of each kind of trouble that leaves a mark in the lake: rows carried over, retries used up, a
 * failure that stays.
 */
const TROUBLE: FaultPlan = {
  ...NO_FAULTS,
  rules: [
    { where: { country: 'gb', date: DAY, race: 0 }, fault: { kind: 'status', status: 404 } },
    { where: { country: 'gb', date: DAY, race: 2 }, fault: { kind: 'status', status: 503 } },
    { where: { country: 'ire', date: DAY, race: 0 }, fault: { kind: 'changed-page' } },
  ],
  settlesLate: [{ country: 'gb', date: DAY, race: 1, days: 1 }],
};

const root = mkdtempSync(join(tmpdir(), 'rescrape-kill-'));
let site: DemoSite;

beforeAll(async () => {
  site = await startSmallSite({ racesPerDay: 0.3 });
});
afterAll(async () => {
  await site.close();
  rmSync(root, { recursive: true, force: true });
});

/** A directory that can be put back to how it was. */
interface Lane {
  readonly directory: string;
  restore(): void;
}

function lane(name: string): Lane {
  const directory = join(root, name);
  const snapshot = join(root, `${name}-before`);
  return {
    directory,
    restore: () => {
      rmSync(directory, { recursive: true, force: true });
      cpSync(snapshot, directory, { recursive: true });
    },
  };
}

async function snapshotOf({ directory }: Lane): Promise<void> {
  cpSync(directory, `${directory}-before`, { recursive: true });
}

function taskIn(directory: string, targets: readonly string[], kill?: RunTask['kill']): RunTask {
  const env = settingsFor(site, { RESCRAPE_RACING_CONCURRENCY: targets.includes('fr') ? '1' : '4' });
  return { directory, env, request: { start: DAY, end: DAY, targets }, ...(kill && { kill }) };
}

interface Again {
  readonly end: RunEnd;
  /** False where the killed run had come to its end, all but the report, and another one followed it. */
  readonly resumed: boolean;
  /** Of the run that was killed. */
  readonly picture: Picture;
}

/** The same request again, in this process and undisturbed. */
async function runAgain({ directory, env, request }: RunTask): Promise<Again> {
  const platform = openLocalPlatform({ directory, env, clock: new ImpatientClock(LATER) });
  try {
    const before = await lastRun(platform);
    const end = await runLocally(platform, { source: 'racing', force: false, ...request });
    const resumed = end.runId === before?.runId || before?.targets?.length !== request.targets?.length;
    return { end, resumed, picture: await pictureOf(platform, resumed ? end.runId : before!.runId) };
  } finally {
    await platform.close();
  }
}

async function lastRun({ state }: Pick<Platform, 'state'>): Promise<RunInput | undefined> {
  for await (const { input } of new RunStore(state).list('racing')) return input;
  return undefined;
}

async function undisturbed(task: RunTask): Promise<{ picture: Picture; writes: readonly string[] }> {
  const run = await playRun(task);
  if (run === 'killed') throw new Error('nobody was to kill this run');
  const platform = openLocalPlatform({ directory: task.directory, env: task.env });
  try {
    return { picture: await pictureOf(platform, run.runId), writes: run.writes };
  } finally {
    await platform.close();
  }
}

/**
 * Kills at the first write, the second, and so on, until a run ends before its turn; gives the number of
 * kills.
 */
async function killAtEvery(
  phase: Phase,
  lanes: readonly Lane[],
  check: (lane: Lane, at: number) => Promise<boolean>,
): Promise<number> {
  let next = 1;
  let kills = 0;
  let isOver = false;
  await Promise.all(
    lanes.map(async (one) => {
      while (!isOver) {
        one.restore();
        const killed = await check(one, next++);
        if (killed) kills++;
        else isOver = true;
      }
    }),
  );
  expect(kills, `kills ${phase} a write`).toBeGreaterThan(0);
  return kills;
}

function withoutMoment(rows: object[] | undefined): object[] {
  const own = (row: object) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('_')));
  return (rows ?? []).map(own);
}

/** Names of the parts in which two pictures differ. */
function differences(picture: Picture, expected: Picture): string[] {
  return (Object.keys(expected) as (keyof Picture)[]).filter(
    (part) => !isDeepStrictEqual(picture[part], expected[part]),
  );
}

describe('a run that is killed anywhere and started again', () => {
  const targets = ['gb', 'ire'];
  const lanes = Array.from({ length: LANES }, (_, nth) => lane(`lane-${nth}`));
  let expected: Picture;
  let writes: readonly string[];
  let before: object[];
  let after: { gb: object[]; ire: object[] };

  beforeAll(async () => {
    site.setFaults({ ...NO_FAULTS, settlesLate: TROUBLE.settlesLate });
    site.setToday(DAY);
    const reference = lane('undisturbed');
    for (const one of [reference, ...lanes]) {
      await playRun(taskIn(one.directory, ['gb']));
      await snapshotOf(one);
    }
    before = rowsOf(await currentRows(reference.directory), GB);
    site.setFaults(TROUBLE);
    site.setToday(TODAY);
    ({ picture: expected, writes } = await undisturbed(taskIn(reference.directory, targets)));
    const rows = await currentRows(reference.directory);
    after = { gb: rowsOf(rows, GB), ire: rowsOf(rows, IRE) };
  });

  const rowsOf = (rows: Awaited<ReturnType<typeof currentRows>>, partition: string) =>
    withoutMoment(rows.get(partition)).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

  /** What is wrong with a lake whose writer has just died, as a reader sees it. */
  async function complaintsOfAReader(directory: string): Promise<string[]> {
    const rows = await currentRows(directory);
    const gb = rowsOf(rows, GB);
    const ire = rowsOf(rows, IRE);
    const stray = [...filesUnder(join(directory, 'lake', 'tables'))].filter(
      (file) => !file.endsWith('/manifest'),
    );
    return [
      ...(isDeepStrictEqual(gb, before) || isDeepStrictEqual(gb, after.gb)
        ? []
        : ['gb is neither the old version nor the new one']),
      ...(rows.has(IRE) && !isDeepStrictEqual(ire, after.ire)
        ? ['ire is neither absent nor the new version']
        : []),
      ...[...rows.values()].flatMap((one) =>
        new Set(one.map((row) => row._committed_at)).size > 1 ? ['one partition is of two commits'] : [],
      ),
      ...stray.map((file) => `${file} lies where readers look for manifests`),
    ];
  }

  async function killAndRunAgain(one: Lane, phase: Phase, at: number, problems: string[]): Promise<boolean> {
    const task = taskIn(one.directory, targets, { phase, at });
    if ((await playRun(task)) !== 'killed') return false;
    const where = `${phase} write ${at}`;
    for (const complaint of await complaintsOfAReader(one.directory)) problems.push(`${where}: ${complaint}`);
    const again = await runAgain(task);
    if (again.end.kind !== 'finished') problems.push(`${where}: the second try ended ${again.end.kind}`);
    const lasting: string[] = ['partitions', 'attempts', 'commits', 'run', 'exports'];
    for (const part of differences(again.picture, expected)) {
      if (again.resumed || lasting.includes(part)) problems.push(`${where}: ${part} differs`);
    }
    return true;
  }

  it('has something to be killed in: a version over another, a first version, a failure, retries, carried rows', () => {
    const { rows } = amountOf(site);
    const unread = site.truth('ire', DAY)[0]!.runners.length;
    const ofIreland = amountOf(site, 'ire').rows - unread;
    expect(expected.commits).toMatchObject([
      { target: 'gb', status: 'committed', items_carried: 2, rows_before: rows, rows },
      { target: 'ire', status: 'committed', items_failed: 1, rows_before: null, rows: ofIreland },
    ]);
    expect(after.gb).not.toEqual(before);
    expect(expected.failures).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ target: 'gb', code: 'SERVER_ERROR', attempts: 4, runs: 1 }),
        expect.objectContaining({ target: 'ire', code: 'HTML_CHANGED', attempts: 1, runs: 1 }),
      ]),
    );
    expect(writes.length).toBeGreaterThan(35);
  });

  it('leaves what one undisturbed run leaves, whichever write it died in front of; readers never see a mix', async () => {
    const problems: string[] = [];
    const kills = await killAtEvery('before', lanes, (one, at) =>
      killAndRunAgain(one, 'before', at, problems),
    );
    expect(problems).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(writes.length - 1);
  });

  it('leaves the same where it died in the midst of a data file, a descriptor or a manifest', async () => {
    const problems: string[] = [];
    const kills = await killAtEvery('during', lanes, (one, at) =>
      killAndRunAgain(one, 'during', at, problems),
    );
    expect(problems).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(6);
  });
});

describe('a run that is killed around a wall and started again', () => {
  const WALL: FaultPlan = {
    ...NO_FAULTS,
    rules: [{ where: { country: 'fr', date: DAY, race: 0 }, fault: { kind: 'cloudflare-challenge' } }],
  };
  const lanes = Array.from({ length: LANES }, (_, nth) => lane(`wall-${nth}`));
  let expected: Picture;

  beforeAll(async () => {
    site.setFaults(WALL);
    ({ picture: expected } = await undisturbed(taskIn(lane('wall').directory, ['fr'])));
    for (const one of lanes) {
      mkdirSync(one.directory);
      await snapshotOf(one);
    }
  });

  it('asks for no page behind the wall, and flags the target once, whichever write it died in front of', async () => {
    expect(expected.attempts).toMatchObject([
      { item_id: expect.any(String), error_code: 'BLOCKED' },
      { item_id: 'index' },
    ]);
    expect(expected.targets).toMatchObject([
      { target: 'fr', skip: 'security_block_one_attempt', consecutiveBlocks: 1 },
    ]);
    const problems: string[] = [];
    await killAtEvery('before', lanes, async (one, at) => {
      const task = taskIn(one.directory, ['fr'], { phase: 'before', at });
      if ((await playRun(task)) !== 'killed') return false;
      const again = await runAgain(task);
      if (!again.resumed) return true;
      for (const part of differences(again.picture, expected))
        problems.push(`before write ${at}: ${part} differs`);
      return true;
    });
    expect(problems).toEqual([]);
  });
});
