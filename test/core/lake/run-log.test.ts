import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryObjectStore } from '../../../adapters/local/directory-object-store.ts';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { dayOfRun } from '../../../core/calendar/run-id.ts';
import { partitionLogKey, runLogKey } from '../../../core/lake/layout.ts';
import { readCommits, readLog, writeCommit } from '../../../core/lake/partition-log.ts';
import { mergeRunLogs } from '../../../core/lake/run-log.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import { racing } from '../../../sources/racing/source.ts';
import { commit } from '../completeness/lake-fixture.ts';

const RUN = '019aa8e5-3a00-7abc-8def-0123456789ab';
const DAYS = ['2025-11-15', '2025-11-16', '2025-11-17'].map(civilDate);
const PARTITIONS = DAYS.map((date) => ({ value: 'gb', date }));
const KEY = runLogKey('commits', dayOfRun(RUN), RUN);

let directory: string;
let lake: ReturnType<typeof openDirectoryObjectStore>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-run-log-'));
  lake = openDirectoryObjectStore(directory);
});
afterEach(() => {
  lake.close();
  rmSync(directory, { recursive: true, force: true });
});

/** The commits of the run, one a partition, each in the partition's own file. */
async function writeCommits(): Promise<void> {
  for (const partition of PARTITIONS) {
    const row = commit('gb', partition.date, '2025-11-17T01:30', { run_id: RUN });
    await writeCommit(lake, 'racing', partition, row);
  }
}

const refuse = (error: Error) => {
  throw error;
};
const merge = (partitions = PARTITIONS, store: ObjectStore = lake, onDamage: (e: Error) => void = refuse) =>
  mergeRunLogs(store, { runId: RUN, source: 'racing', partitions }, onDamage);
const datesInTable = async () =>
  (await readLog(lake, 'commits', KEY)).map(({ partition_date }) => partition_date).sort();

describe('the file of a run', () => {
  beforeEach(writeCommits);

  it('has what the run did to each of its partitions, whose own files stay', async () => {
    await merge();
    expect(await datesInTable()).toEqual(DAYS);
    for (const partition of PARTITIONS)
      expect(await readCommits(lake, racing, partition)).toMatchObject([{ partition_date: partition.date }]);
  });

  it('is the same when it is written again', async () => {
    await merge();
    const first = await lake.get(KEY);
    await merge();
    expect((await lake.get(KEY))?.etag).toBe(first?.etag);
  });

  it('keeps what it has when a partition is added later', async () => {
    await merge(PARTITIONS.slice(0, 2));
    await merge(PARTITIONS.slice(2));
    expect(await datesInTable()).toEqual(DAYS);
  });

  it('takes the later record of a partition that was recorded twice', async () => {
    await merge();
    const again = commit('gb', DAYS[1]!, '2025-11-17T02:30', { run_id: RUN, rows: 7 });
    await writeCommit(lake, 'racing', PARTITIONS[1]!, again);
    await merge([PARTITIONS[1]!]);
    expect(await datesInTable()).toEqual(DAYS);
    const rows = await readLog(lake, 'commits', KEY);
    expect(rows.find(({ partition_date }) => partition_date === DAYS[1])?.rows).toBe(7);
  });

  it('has the rows of two who write it at the same time', async () => {
    await Promise.all(PARTITIONS.map((partition) => merge([partition])));
    expect(await datesInTable()).toEqual(DAYS);
  });

  it('is not written where nothing was done', async () => {
    await merge([{ value: 'gb', date: civilDate('2025-11-14') }]);
    expect(await lake.head(KEY)).toBeUndefined();
  });

  it('is written without a file that cannot be read, which is told', async () => {
    const key = partitionLogKey('commits', dayOfRun(RUN), 'racing', PARTITIONS[1]!, RUN);
    await lake.put(key, new TextEncoder().encode('rubbish'));
    const told: string[] = [];
    await merge(PARTITIONS, lake, ({ message }) => told.push(message));
    expect(await datesInTable()).toEqual([DAYS[0], DAYS[2]]);
    expect(told).toEqual([expect.stringContaining(`${key} cannot be read`)]);
  });
});

describe('the file of a long run', () => {
  it('has the rows of all its partitions in their order', async () => {
    const dates = Array.from({ length: 90 }, (_, day) =>
      civilDate(new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10)),
    );
    const partitions = dates.map((date) => ({ value: 'gb', date }));
    for (const partition of partitions)
      await writeCommit(
        lake,
        'racing',
        partition,
        commit('gb', partition.date, '2025-11-17T01:30', { run_id: RUN }),
      );
    await merge(partitions);
    const rows = await readLog(lake, 'commits', KEY);
    expect(rows.map(({ partition_date }) => partition_date)).toEqual(dates);
  });
});
