import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { accept, type Decided, DecisionError, reject, rollback } from '../../../core/pipeline/decisions.ts';
import { type PublishResult, publishResult } from '../../../core/pipeline/publish.ts';
import { type FaultPlan, type FaultRule, NO_FAULTS } from '../../../demo/faults.ts';
import {
  currentRows,
  filesUnder,
  logRows,
  type ReadRow,
  readParquetFile,
} from '../../e2e/support/lake-reading.ts';
import { notes, resultOf, SHELF } from '../../e2e/support/notes-source.ts';
import { Session } from '../../e2e/support/session.ts';
import { DAY, TODAY } from '../../e2e/support/small-site.ts';

let session: Session;
afterEach(() => session.close());

const GB = `country=gb/date=${DAY}`;
const PARTITION = { target: 'gb', date: DAY } as const;
const EMPTY_DAY: FaultPlan = { ...NO_FAULTS, emptyDays: [{ country: 'gb', date: DAY }] };
const SETTLES: FaultPlan['settlesLate'] = [{ country: 'gb', date: DAY, race: 1, days: 1 }];
const broken = (...races: number[]): FaultRule[] =>
  races.map((race) => ({
    where: { country: 'gb', date: DAY, race },
    fault: { kind: 'status', status: 500 },
  }));

/** A session in which Great Britain was published once. */
async function published(faults: FaultPlan = NO_FAULTS, today = TODAY): Promise<PublishResult> {
  session = await Session.start({ site: { faults, today } });
  return run();
}

/** One more run of Great Britain: what became of its partition. */
async function run(options: { readonly force?: boolean } = {}): Promise<PublishResult> {
  const { end } = await session.run({ targets: ['gb'], ...options });
  const { result } = end.summary.partitions[0]!;
  if (result === 'broken') throw new Error(`publish broke: ${end.problems[0]?.message}`);
  return result;
}

const rows = async (): Promise<ReadRow[]> => (await currentRows(session.directory)).get(GB) ?? [];
const lakeFile = (...path: string[]) => join(session.directory, 'lake', ...path);
const manifestFile = () => lakeFile('tables', 'racing_results', GB, 'manifest');
const dataFiles = () => [...filesUnder(lakeFile('data'))].sort();
const currentFile = () => readFileSync(manifestFile(), 'utf8').trimEnd();
/** Every file that readers see, with its bytes. */
const visible = () =>
  new Map(
    ['data', 'tables', 'exports']
      .flatMap((room) => [...filesUnder(lakeFile(room))])
      .map((file) => [file, readFileSync(file, 'latin1')]),
  );
const oneLine = expect.stringMatching(/^[^\n]+$/);

describe('the first publish of a partition', () => {
  it('commits a manifest that names one file by its absolute path, and nothing else', async () => {
    const result = await published();
    expect(result).toMatchObject({
      status: 'committed',
      previous: null,
      rows: 12,
      rowsBefore: null,
      reason: null,
    });
    expect(readFileSync(manifestFile(), 'utf8')).toBe(
      `${lakeFile('data', 'racing_results', GB, `${result.version}-0.parquet`)}\n`,
    );
    expect(await rows()).toHaveLength(12);
    const stored = await session.platform.lake.get(`tables/racing_results/${GB}/manifest`);
    expect(stored!.metadata).toMatchObject({
      version: result.version,
      rows: '12',
      'items-expected': '4',
      hash: result.contentHash,
    });
  });

  it('writes the data, then its descriptor, and the manifest last', async () => {
    await published();
    const order = session.writes
      .filter((key) => /^(data|tables|exports)\//.test(key))
      .map((key) => key.replace(/[^/]*\.(parquet|json|csv)$/, '*.$1'));
    expect(order).toEqual([
      `data/racing_results/${GB}/*.parquet`,
      `data/racing_results/${GB}/*.json`,
      `tables/racing_results/${GB}/manifest`,
      'exports/csv/racing_results/gb/*.csv',
    ]);
  });

  it('stamps every row with its run, its page, its capture and one time of commit', async () => {
    await published();
    const [run] = await logRows(session.directory, 'runs');
    const all = await rows();
    expect(new Set(all.map((row) => row._run_id))).toEqual(new Set([run!.run_id]));
    expect(new Set(all.map((row) => row._committed_at)).size).toBe(1);
    for (const row of all) {
      expect(row._source_url).toContain(String(row.race_id));
      expect(row._capture).toMatch(/\.warc\.gz#\d+$/);
    }
  });

  it('believes a day that its index says is empty, with one file without rows', async () => {
    const result = await published(EMPTY_DAY);
    expect(result).toMatchObject({ status: 'committed', rows: 0, stats: { expected: 0, indexRead: true } });
    expect(dataFiles().filter((file) => file.endsWith('.parquet'))).toEqual([currentFile()]);
    expect(await rows()).toEqual([]);
  });

  it('commits nothing where no item gave records', async () => {
    const result = await published({ ...NO_FAULTS, rules: broken(0, 1, 2, 3) });
    expect(result).toMatchObject({ status: 'failed', version: null, reason: oneLine });
    expect(existsSync(manifestFile())).toBe(false);
  });
});

describe('a rerun over a site that did not change', () => {
  it('costs conditional requests and writes nothing that readers see', async () => {
    const first = await published();
    const before = visible();
    session.writes.length = 0;
    const asked = session.site.requests.length;
    const again = await run();
    expect(again).toMatchObject({
      status: 'unchanged',
      version: first.version,
      stats: { unchanged: 4, found: 4 },
    });
    expect(session.site.requests.slice(asked).map(({ status }) => status)).toEqual([304, 304, 304, 304, 304]);
    expect(session.writes.filter((key) => /^(data|tables|exports|captures)\//.test(key))).toEqual([]);
    expect(visible()).toEqual(before);
  });

  it('asks for every page in full where it is forced to, and still writes nothing', async () => {
    const first = await published();
    const before = visible();
    const asked = session.site.requests.length;
    expect(await run({ force: true })).toMatchObject({ status: 'unchanged', version: first.version });
    expect(session.site.requests.slice(asked).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(visible()).toEqual(before);
  });

  it('is on record: as a commit that changed nothing, and as a partition that is fresh', async () => {
    await published();
    await run();
    const commits = await logRows(session.directory, 'commits');
    expect(commits.map(({ status, changed }) => [status, changed])).toEqual([
      ['committed', true],
      ['unchanged', false],
    ]);
  });
});

describe('a publish over an earlier version', () => {
  it('makes a new version of it and leaves the files of the earlier one', async () => {
    const first = await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    const before = dataFiles();
    session.site.setToday(TODAY);
    const second = await run();
    expect(second).toMatchObject({ status: 'committed', previous: first.version, rows: 12, rowsBefore: 12 });
    expect(second.contentHash).not.toBe(first.contentHash);
    expect(dataFiles()).toEqual(expect.arrayContaining(before));
    expect(dataFiles()).toHaveLength(before.length + 2);
  });

  it('carries over the rows of items that failed, and counts them', async () => {
    await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    const before = await rows();
    const raceId = session.site.truth('gb', DAY)[0]!.raceId;
    session.site.setToday(TODAY);
    session.site.setFaults({ ...NO_FAULTS, settlesLate: SETTLES, rules: broken(0) });
    const second = await run();
    expect(second).toMatchObject({
      status: 'committed',
      rows: 12,
      stats: { found: 3, carried: 1, failed: 1 },
    });
    const own = (all: readonly ReadRow[]) =>
      all.filter((row) => row.race_id === raceId).map(({ _committed_at, ...row }) => row);
    expect(own(await rows())).toEqual(own(before));
  });

  it('takes carried rows for fresh again when the page comes back unchanged', async () => {
    await published();
    session.site.setFaults({ ...NO_FAULTS, rules: broken(0) });
    expect(await run()).toMatchObject({ status: 'unchanged', stats: { found: 3, carried: 1 } });
    session.site.setFaults(NO_FAULTS);
    expect(await run()).toMatchObject({ status: 'unchanged', stats: { found: 4, carried: 0, failed: 0 } });
  });

  it('leaves everything as it is where the index could not be read', async () => {
    await published();
    const before = visible();
    session.site.setFaults({
      ...NO_FAULTS,
      rules: [{ where: { path: `/results/${DAY}` }, fault: { kind: 'status', status: 500 } }],
    });
    expect(await run()).toMatchObject({ status: 'failed', rows: 12, reason: oneLine });
    expect(visible()).toEqual(before);
  });
});

describe('a version that shrinks more than the source allows', () => {
  const decide = { actor: 'ann' };

  async function held(): Promise<{ first: PublishResult; second: PublishResult }> {
    const first = await published();
    session.site.setFaults(EMPTY_DAY);
    return { first, second: await run() };
  }

  it('is written and held, and readers keep the rows that they had', async () => {
    const { first, second } = await held();
    expect(second).toMatchObject({
      status: 'held',
      version: first.version,
      rows: 12,
      held: expect.any(String),
      reason: oneLine,
    });
    expect(await rows()).toHaveLength(12);
    expect(existsSync(lakeFile('data', 'racing_results', GB, `${second.held}-0.parquet`))).toBe(true);
  });

  it('becomes current when it is accepted, with its export', async () => {
    const { first, second } = await held();
    const decided = await accept(session.platform, session.source, PARTITION, decide);
    expect(decided).toMatchObject({
      decision: 'accepted',
      version: second.held,
      previous: first.version,
      rows: 0,
    } satisfies Partial<Decided>);
    expect(await rows()).toEqual([]);
    expect(
      readFileSync(
        lakeFile('exports', 'csv', 'racing_results', 'gb', `${DAY.replaceAll('-', '_')}.csv`),
        'utf8',
      ).split('\r\n'),
    ).toHaveLength(2);
    await expect(accept(session.platform, session.source, PARTITION, decide)).rejects.toThrow(DecisionError);
  });

  it('is forgotten when it is rejected', async () => {
    const { first } = await held();
    const decided = await reject(session.platform, session.source, PARTITION, decide);
    expect(decided).toMatchObject({ decision: 'rejected', version: first.version, rows: 12 });
    expect(await rows()).toHaveLength(12);
    await expect(accept(session.platform, session.source, PARTITION, decide)).rejects.toThrow(
      /holds no version back/,
    );
  });

  it('can no longer be accepted once something else was committed', async () => {
    const { first } = await held();
    session.site.setFaults({ ...NO_FAULTS, settlesLate: [{ country: 'gb', date: DAY, race: 0, days: 30 }] });
    const other = await run();
    expect(other).toMatchObject({ status: 'committed', previous: first.version });
    await expect(accept(session.platform, session.source, PARTITION, decide)).rejects.toThrow(DecisionError);
    expect(await rows()).toHaveLength(12);
  });

  it('is not written again by a rerun that finds the same', async () => {
    await held();
    const before = dataFiles();
    expect(await run()).toMatchObject({ status: 'held' });
    expect(dataFiles().length - before.length).toBeLessThanOrEqual(2);
    expect(await rows()).toHaveLength(12);
  });

  it('is not held for what its failures explain', async () => {
    await published();
    session.site.setFaults({ ...NO_FAULTS, rules: broken(0, 1, 2) });
    expect(await run()).toMatchObject({ status: 'unchanged', rows: 12, stats: { carried: 3 } });
  });

  it('leaves its decisions in the commits table', async () => {
    await held();
    await reject(session.platform, session.source, PARTITION, decide);
    const commits = (await logRows(session.directory, 'commits')).sort((a, b) =>
      String(a.run_id) < String(b.run_id) ? -1 : 1,
    );
    expect(commits.map(({ status, actor }) => [status, actor])).toEqual([
      ['committed', 'run'],
      ['held', 'run'],
      ['rejected', 'ann'],
    ]);
  });
});

describe('a rollback', () => {
  const decide = { actor: 'ann' };

  async function twoVersions(): Promise<{ first: PublishResult; second: PublishResult; old: ReadRow[] }> {
    const first = await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    const old = await rows();
    session.site.setToday(TODAY);
    return { first, second: await run(), old };
  }

  it('puts the version before back in one commit, its export with it', async () => {
    const { first, second, old } = await twoVersions();
    session.writes.length = 0;
    const decided = await rollback(session.platform, session.source, PARTITION, decide);
    expect(decided).toMatchObject({
      decision: 'rolled_back',
      version: first.version,
      previous: second.version,
      rows: 12,
    });
    expect(await rows()).toEqual(old);
    expect(session.writes.filter((key) => /^(data|tables)\//.test(key))).toEqual([
      `tables/racing_results/${GB}/manifest`,
    ]);
  });

  it('is undone by the next run, which finds the page as it is', async () => {
    const { second } = await twoVersions();
    await rollback(session.platform, session.source, PARTITION, decide);
    const after = await run();
    expect(after).toMatchObject({ status: 'committed', rows: 12, stats: { found: 4, carried: 0 } });
    expect(after.contentHash).toBe(second.contentHash);
  });

  it.each([
    ['a version that there is not', 'nosuch', /has no version nosuch/],
    ['the version that is current', undefined, /is the current version/],
  ])('to %s is refused with what there is to do', async (_, to, message) => {
    const { second } = await twoVersions();
    const options = { ...decide, to: to ?? second.version! };
    await expect(rollback(session.platform, session.source, PARTITION, options)).rejects.toThrow(message);
    await expect(rollback(session.platform, session.source, PARTITION, options)).rejects.toThrow(
      DecisionError,
    );
  });

  it('of a partition that has one version or none is refused', async () => {
    await published();
    await expect(rollback(session.platform, session.source, PARTITION, decide)).rejects.toThrow(
      /no earlier version/,
    );
    const none = { target: 'fr', date: DAY } as const;
    await expect(rollback(session.platform, session.source, none, decide)).rejects.toThrow(
      /has no version yet/,
    );
  });
});

describe('damage in the lake', () => {
  const garble = (file: string) => writeFileSync(file, 'this is not what it was');

  it('in the current Parquet file fails the publish that needs its rows, with what to do, and touches nothing', async () => {
    await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    garble(currentFile());
    const before = visible();
    session.site.setToday(TODAY);
    const result = await run();
    expect(result).toMatchObject({ status: 'failed', reason: oneLine });
    expect(result.reason).toMatch(/\.parquet .*run --force.*partitions rollback/);
    expect(visible()).toEqual(before);
  });

  it('in the current Parquet file is mended by the forced run that the message advises', async () => {
    await published();
    garble(currentFile());
    const result = await run({ force: true });
    expect(result).toMatchObject({ status: 'committed', rows: 12 });
    expect(await rows()).toHaveLength(12);
  });

  it('in the manifest fails the publish, with what to do, and touches nothing', async () => {
    await published();
    garble(manifestFile());
    const before = visible();
    const result = await run();
    expect(result).toMatchObject({ status: 'failed', reason: oneLine });
    expect(result.reason).toMatch(/manifest.*partitions rollback/);
    expect(visible()).toEqual(before);
  });

  it('in the manifest is mended by the rollback that the message advises', async () => {
    const first = await published();
    const before = await rows();
    garble(manifestFile());
    expect(await rollback(session.platform, session.source, PARTITION, { actor: 'ann' })).toMatchObject({
      version: first.version,
    });
    expect(await rows()).toEqual(before);
    expect(await run()).toMatchObject({ status: 'unchanged', rows: 12 });
  });

  it('in the descriptor of the current version is mended by the rollback that the message advises', async () => {
    const first = await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    session.site.setToday(TODAY);
    const second = await run();
    garble(lakeFile('data', 'racing_results', GB, `_${second.version}.json`));
    const result = await run();
    expect(result).toMatchObject({ status: 'failed', reason: oneLine });
    expect(result.reason).toMatch(/partitions rollback/);
    expect(await rollback(session.platform, session.source, PARTITION, { actor: 'ann' })).toMatchObject({
      version: first.version,
    });
    expect(await run()).toMatchObject({ status: 'committed', rows: 12 });
  });

  it('never lets a version become current that cannot be read', async () => {
    await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    garble(currentFile());
    session.site.setToday(TODAY);
    await run({ force: true });
    const before = visible();
    await expect(rollback(session.platform, session.source, PARTITION, { actor: 'ann' })).rejects.toThrow(
      /is damaged/,
    );
    expect(visible()).toEqual(before);
  });
});

describe('several who publish into one partition at the same time', () => {
  const SHELF_FILE = 'tables/notes/shelf=a/date=2026-11-20/manifest';

  async function start(): Promise<void> {
    session = await Session.start({ sources: [notes] });
  }
  const publishNotes = (
    looked: Parameters<typeof resultOf>[0]['notes'],
    at: number,
    platform = session.platform,
  ) => {
    const runId = platform.newId();
    return publishResult(
      { platform, source: notes, runId, partition: SHELF },
      resultOf({ runId, at, notes: looked }),
    );
  };
  async function texts(): Promise<string[]> {
    const stored = await session.platform.lake.get(SHELF_FILE);
    const file = Buffer.from(stored!.body).toString().trimEnd();
    return (await readParquetFile(file)).map((row) => `${row.note}: ${row.text}`).sort();
  }

  it('both end up in it, whoever comes first', async () => {
    await start();
    await publishNotes({ x: ['old'], y: ['old'] }, 1);
    const other = session.open([notes]);
    let others: Promise<PublishResult> | undefined;
    session.onWrite = async ({ name }) => {
      if (name !== SHELF_FILE || others) return;
      others = publishNotes({ x: 'failed', y: ['new'] }, 2, other);
      await others;
    };
    const mine = await publishNotes({ x: ['new'], y: 'failed' }, 2);
    expect(await others).toMatchObject({ status: 'committed' });
    expect(mine).toMatchObject({ status: 'committed', previous: (await others)!.version });
    expect(await texts()).toEqual(['x: new', 'y: new']);
    await other.close();
  });

  it('all end up in it, when four start at once from nothing', async () => {
    await start();
    const platforms = Array.from({ length: 4 }, () => session.open([notes]));
    const letters = ['w', 'x', 'y', 'z'];
    const answers = await Promise.all(
      platforms.map((platform, nth) =>
        publishNotes(
          Object.fromEntries(letters.map((note, at) => [note, at === nth ? [`of ${nth}`] : 'failed'])),
          5,
          platform,
        ),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(4).fill('committed'));
    expect(await texts()).toEqual(['w: of 0', 'x: of 1', 'y: of 2', 'z: of 3']);
    await Promise.all(platforms.map((platform) => platform.close()));
  });

  it('leaves the later look where an earlier one comes in late', async () => {
    await start();
    await publishNotes({ x: ['later'] }, 10);
    expect(await publishNotes({ x: ['earlier'] }, 5)).toMatchObject({ status: 'unchanged' });
    expect(await texts()).toEqual(['x: later']);
  });

  it('gives up by name where others keep winning, and loses nothing', async () => {
    await start();
    await publishNotes({ x: ['0'] }, 1);
    const other = session.open([notes]);
    let at = 1;
    session.onWrite = async ({ name }) => {
      if (name === SHELF_FILE) await publishNotes({ x: [String(++at)] }, at, other);
    };
    await expect(publishNotes({ x: ['mine'] }, 1_000)).rejects.toMatchObject({ name: 'Conflict' });
    expect(await texts()).toEqual([`x: ${at}`]);
    await other.close();
  });

  it('takes a write whose answer got lost for what it is: done, or not done', async () => {
    await start();
    session.onWrite = async ({ name, start: begin }) => {
      if (name !== SHELF_FILE) return;
      begin();
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new Error('the answer got lost');
    };
    expect(await publishNotes({ x: ['stored'] }, 1)).toMatchObject({ status: 'committed' });
    session.onWrite = ({ name }) => {
      if (name === SHELF_FILE) throw new Error('nothing was sent');
    };
    await expect(publishNotes({ x: ['not stored'] }, 2)).rejects.toThrow('nothing was sent');
    expect(await texts()).toEqual(['x: stored']);
  });

  it('keeps the rows of a note that answers 304, and drops the lines that another lost', async () => {
    await start();
    await publishNotes({ x: ['a', 'b'], y: ['c'] }, 1);
    await publishNotes({ x: ['a'], y: 'unchanged' }, 2);
    expect(await texts()).toEqual(['x: a', 'y: c']);
  });
});
