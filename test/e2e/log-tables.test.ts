import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { dayOfRun } from '../../core/calendar/run-id.ts';
import { why } from '../../core/explain/why.ts';
import { earlierLogPrefix, earlierRunLogKey, runLogKey, runLogPrefix } from '../../core/lake/layout.ts';
import { writeParquet } from '../../core/lake/parquet.ts';
import { LOG_COLUMNS, readLogFile } from '../../core/lake/partition-log.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { summarize } from '../../core/run/summarize.ts';
import { STAGES } from '../../core/stages.ts';
import { logRows, tableRows } from './support/lake-reading.ts';
import { Session } from './support/session.ts';
import { DAY } from './support/small-site.ts';
import { query } from './support/sql.ts';

const GB = { value: 'gb', date: civilDate(DAY) };

let session: Session;
beforeEach(async () => {
  session = await Session.start();
});
afterEach(() => session.close());

const sql = (text: string) => query(session.platform, text);

/** Rows, different ones, and days of the runs, as a reader of the tables sees them now. */
async function counts() {
  const [row] = await sql(
    `SELECT count(*) AS attempts, count(DISTINCT attempt_id) AS different, count(run_date) AS dated,
      (SELECT count(*) FROM commits) AS commits, (SELECT count(*) FROM runs) AS runs FROM attempts`,
  );
  return row;
}

const filesOf = (table: 'attempts' | 'commits' | 'runs') =>
  Array.fromAsync(session.platform.lake.list(runLogPrefix(table)), ({ key }) => key);

describe('the append-only tables', () => {
  it('have one file a run, under the day of the run', async () => {
    const { end } = await session.run();
    const day = dayOfRun(end.runId);
    for (const table of ['attempts', 'commits', 'runs'] as const)
      expect(await filesOf(table)).toEqual([runLogKey(table, day, end.runId)]);
    expect(await sql('SELECT DISTINCT run_date FROM attempts')).toEqual([{ run_date: day }]);
  });

  it('have each row once at every moment of a run, from the partition that is finalized first', async () => {
    const seen: unknown[] = [];
    let asking: Promise<void> = Promise.resolve();
    session.onWrite = ({ name }) => {
      if (!name.startsWith(runLogPrefix('attempts')) && !name.startsWith(runLogPrefix('commits'))) return;
      asking = asking.then(async () => void seen.push(await counts()));
      return asking;
    };
    await session.run();
    session.onWrite = () => {};
    const all = await counts();
    expect(all).toMatchObject({ attempts: all!.different, dated: all!.different, commits: 3, runs: 1 });
    expect(seen).toEqual([
      { ...all, runs: 0 },
      { ...all, runs: 0 },
    ]);
  });

  it('have each row once where the run died between its two files', async () => {
    session.onWrite = ({ name }) => {
      if (name.startsWith(runLogPrefix('commits'))) throw new StorageError('there is no room on the disk');
    };
    await expect(session.run()).rejects.toThrow('no room');
    const died = await counts();
    expect(died).toMatchObject({ attempts: died!.different, commits: 3, runs: 0 });
    session.onWrite = () => {};
    const { end } = await session.run();
    const after = await counts();
    expect(after).toMatchObject({ attempts: after!.different, commits: 6, runs: 1 });
    const rows = await tableRows(session.directory, 'attempts');
    expect(rows.filter(({ run_id }) => run_id !== end.runId)).toHaveLength(Number(died!.attempts));
    expect(await filesOf('commits')).toHaveLength(2);
  });

  it('get the rows of a run whose workflow died from the run after it', async () => {
    const work = await session.planned('gb');
    await STAGES.scrape(session.platform, work as never, () => false);
    await STAGES.publish(session.platform, work as never, () => false);
    expect(await tableRows(session.directory, 'commits')).toEqual([]);
    const next = await session.planned('ire');
    await STAGES.scrape(session.platform, next as never, () => false);
    await STAGES.publish(session.platform, next as never, () => false);
    const input = { source: 'racing', start: DAY, end: DAY, targets: ['ire'], force: false };
    const list = { key: `work/${next.runId}/plan.jsonl`, lines: 1 };
    await summarize(session.platform, { ...input, runId: next.runId, workList: list });
    const commits = await tableRows(session.directory, 'commits');
    expect(commits.map(({ run_id, target }) => [run_id, target]).sort()).toEqual([
      [work.runId, 'gb'],
      [next.runId, 'ire'],
    ]);
    const attempts = await tableRows(session.directory, 'attempts');
    expect(attempts).toHaveLength((await logRows(session.directory, 'attempts')).length);
  });

  it('read on where attempts do not say how they went out', async () => {
    const { end } = await session.run({ targets: ['gb'] });
    const { lake } = session.platform;
    const key = runLogKey('attempts', dayOfRun(end.runId), end.runId);
    const rows = await readLogFile('attempts', key, (await lake.get(key))!.body);
    const isNew = (name: string) => name === 'proxy' || name === 'user_agent';
    expect(rows.every(({ user_agent }) => user_agent === session.source.politeness.userAgent)).toBe(true);
    const columns = LOG_COLUMNS.attempts().filter(({ name }) => !isNew(name));
    await lake.put(key, writeParquet(columns, rows));
    await session.run({ targets: ['gb'] });
    const known = await sql(
      'SELECT run_id, count(*) AS n, count(user_agent) AS named, count(proxy) AS proxied FROM attempts GROUP BY ALL ORDER BY ALL',
    );
    expect(known).toMatchObject([
      { n: rows.length, named: 0, proxied: 0 },
      { n: expect.anything(), named: expect.anything(), proxied: 0 },
    ]);
    expect(known[1]!.named).toEqual(known[1]!.n);
    const old = await readLogFile('attempts', key, (await lake.get(key))!.body);
    expect(old.map(({ attempt_id }) => attempt_id)).toEqual(rows.map(({ attempt_id }) => attempt_id));
  });

  it('read on in a lake of the version before, whose folders are called date', async () => {
    const { end } = await session.run({ targets: ['gb'] });
    const { now: _, ...asked } = await why(session.platform, session.source, GB, null);
    const before = await counts();
    await asTheVersionBefore(end.runId);
    expect(await counts()).toEqual(before);
    expect(await sql('SELECT DISTINCT run_date FROM runs')).toEqual([{ run_date: dayOfRun(end.runId) }]);
    expect(await why(session.platform, session.source, GB, null)).toMatchObject(asked);
    await session.run({ targets: ['ire'] });
    expect(await counts()).toMatchObject({ commits: 2, runs: 2 });
    // The run has noted which of the earlier files belong to the partition: none is looked for in the listing
    // again.
    const lists: string[] = [];
    const { lake } = session.platform;
    const list = (prefix: string) => {
      lists.push(prefix);
      return lake.list(prefix);
    };
    const noted = { ...session.platform, lake: Object.assign(Object.create(lake), { list }) };
    expect((await why(noted, session.source, GB, null)).attempts).toEqual(asked.attempts);
    expect(lists.filter((prefix) => prefix.includes('date='))).toEqual([]);
  });
});

/** Lays the logs of a run of `GB` as the version before did. */
async function asTheVersionBefore(runId: string): Promise<void> {
  const { lake } = session.platform;
  const day = dayOfRun(runId);
  for (const table of ['attempts', 'commits', 'runs'] as const) {
    const { body } = (await lake.get(runLogKey(table, day, runId)))!;
    for await (const { key } of lake.list(`${table}/`)) await lake.delete(key);
    const key =
      table === 'runs'
        ? earlierRunLogKey(day, runId)
        : `${earlierLogPrefix(table)}${day}/${runId}-racing.gb.${DAY}-0.parquet`;
    await lake.put(key, body);
  }
}
