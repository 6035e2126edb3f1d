import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryObjectStore } from '../../adapters/local/directory-object-store.ts';
import { openVerifiedFiles } from '../../adapters/local/verified-files.ts';
import { addDays, civilDate } from '../../core/calendar/civil-date.ts';
import { dataKey, manifestKey } from '../../core/lake/layout.ts';
import { CorruptLakeError } from '../../core/lake/manifest.ts';
import { localRelations } from '../../runtime/local-relations.ts';
import { racing } from '../../sources/racing/source.ts';
import {
  commit,
  type Lake,
  NOW,
  openLake,
  PARTITION,
  publish,
  query,
  runner,
  writeCommits,
} from '../core/completeness/lake-fixture.ts';
import { toldOfCalls } from '../e2e/support/watched-stores.ts';

const ROWS = [runner('1', 'a'), runner('1', 'b')];

describe('the relations of a local lake', () => {
  let it_: Lake;
  beforeEach(() => {
    it_ = openLake();
  });
  afterEach(() => it_.close());

  const relations = () => localRelations({ lake: it_.lake, sources: [racing], clock: { now: () => NOW } });
  const table = async (name: string) => {
    const found = (await relations()).find((relation) => relation.name === name);
    if (found?.kind !== 'table') throw new Error(`no table ${name}`);
    return found;
  };

  it('are the tables of the sources, the append-only tables and the views', async () => {
    const names = (await relations()).map(({ name, kind }) => `${kind} ${name}`);
    expect(names.slice(0, 4)).toEqual([
      'table racing_results',
      'table attempts',
      'table commits',
      'table runs',
    ]);
    expect(names).toContain('view v_completeness');
    expect(new Set(names).size).toBe(names.length);
  });

  it('are those that a statement may mean, through views too, and all where it names none', async () => {
    const names = async (statement: string) => {
      const platform = { lake: it_.lake, sources: [racing], clock: { now: () => NOW } };
      return (await localRelations(platform, { statement })).map(({ name }) => name);
    };
    expect(await names('SELECT * FROM Attempts')).toEqual(['attempts']);
    const behind = ['commits', 'runs', 'targets', 'v_completeness'];
    expect(await names('SELECT * FROM v_completeness')).toEqual(behind);
    expect(await names('SHOW TABLES')).toEqual((await relations()).map(({ name }) => name));
  });

  it('have the rows of runs from a day on, where that is all that is asked for', async () => {
    const lake = it_.lake;
    for (const day of ['2025-11-15', '2025-11-16', '2025-11-17'])
      await lake.put(`attempts/run_date=${day}/run-${day}.parquet`, new Uint8Array(1));
    const platform = { lake, sources: [racing], clock: { now: () => NOW } };
    const needed = { statement: 'FROM attempts', logsFrom: civilDate('2025-11-16') };
    const [found] = await localRelations(platform, needed);
    const files = found?.kind === 'table' ? found.files : [];
    expect(files.map((file) => /run_date=([^/]*)/.exec(file)?.[1])).toEqual(['2025-11-16', '2025-11-17']);
  });

  it('show their columns to a statement that names none, and are not looked for', async () => {
    await publish(it_.lake, 0, ROWS);
    const asked: string[] = [];
    const lake = toldOfCalls(it_.lake, (method) => asked.push(method));
    const filesFor = async (statement: string) => {
      const platform = { lake, sources: [racing], clock: { now: () => NOW } };
      const found = await localRelations(platform, { statement });
      return found.flatMap((each) => (each.kind === 'table' ? each.files : []));
    };
    expect(await filesFor('SHOW TABLES')).toEqual([]);
    expect(asked).toEqual([]);
    // Whose name nobody reads in the statement.
    expect(await filesFor("FROM query_table('racing_' || 'results')")).toHaveLength(1);
  });

  it('read the current version of each partition and no other', async () => {
    await publish(it_.lake, 0, ROWS);
    await publish(it_.lake, 0, [...ROWS, runner('2', 'c')]);
    await publish(it_.lake, -1, ROWS.slice(1));
    await publish(it_.lake, -2, []);
    const rows = await query(
      it_.lake,
      'SELECT country, date, count(*) AS n FROM racing_results GROUP BY ALL ORDER BY date',
    );
    expect(rows).toEqual([
      { country: 'gb', date: '2025-11-16', n: 1 },
      { country: 'gb', date: '2025-11-17', n: 3 },
    ]);
    expect((await table('racing_results')).files).toHaveLength(3);
  });

  it('describe the columns as the schema does', async () => {
    const { columns, partitionTypes } = await table('racing_results');
    expect(columns.find(({ name }) => name === 'prize')).toMatchObject({ duckdbType: 'DOUBLE' });
    expect(columns.find(({ name }) => name === '_committed_at')).toMatchObject({ duckdbType: 'TIMESTAMP' });
    expect(columns[0]).toMatchObject({ name: 'race_id', comment: expect.stringContaining('race') });
    expect(partitionTypes).toEqual({ country: 'VARCHAR', date: 'DATE' });
  });

  it('work in a directory that was moved', async () => {
    await publish(it_.lake, 0, ROWS);
    await writeCommits(it_.lake, [commit('gb', '2025-11-17', '2025-11-17T01:30')]);
    renameSync(join(it_.directory, 'lake'), join(it_.directory, 'moved'));
    const moved = openDirectoryObjectStore(join(it_.directory, 'moved'));
    try {
      const sql =
        'SELECT count(*) AS n, (SELECT count(*) FROM v_completeness) AS partitions FROM racing_results';
      expect(await query(moved, sql)).toEqual([{ n: 2, partitions: 1 }]);
    } finally {
      moved.close();
    }
  });

  it('are refused in one line where a manifest is none', async () => {
    await publish(it_.lake, 0, ROWS);
    const key = manifestKey(racing.table, PARTITION);
    for (const rubbish of [
      '',
      'rubbish\n',
      '/lake/data/racing_results/country=gb/date=2025-11-16/v-0.parquet\n',
      '/lake/data/racing_results/country=gb/date=2025-11-17/v-0.parquet\n'.repeat(2),
    ]) {
      writeFileSync(it_.lake.uri(key), rubbish);
      const refused = await relations().catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(CorruptLakeError);
      expect((refused as Error).message).toMatch(
        /^tables\/racing_results\/country=gb\/date=2025-11-17\/manifest is no .*rollback/,
      );
      expect((refused as Error).message).not.toContain('\n');
    }
  });

  it('are those that manifests name, whatever was damaged of what is remembered of them', async () => {
    const { directory, lake } = it_;
    await publish(lake, 0, ROWS);
    await publish(lake, -1, ROWS.slice(1));
    const filesNow = async () => {
      const verified = openVerifiedFiles(join(directory, 'lake'), lake);
      try {
        const platform = { lake, sources: [racing], clock: { now: () => NOW }, verified };
        const [found] = await localRelations(platform, { statement: 'FROM racing_results' });
        if (found?.kind !== 'table') throw new Error('no table');
        await found.check?.();
        return found.files;
      } finally {
        verified.close();
      }
    };
    const files = await filesNow();
    expect(await filesNow()).toEqual(files);
    const other = `(SELECT min(other.files) FROM manifests_1 AS other)`;
    for (const damaged of ["''", "'../x'", 'files || char(10) || files', "files || '\\'", other]) {
      const database = new DatabaseSync(join(directory, 'lake', '.verified.sqlite'));
      database.exec(`UPDATE manifests_1 SET files = ${damaged}`);
      database.close();
      expect(await filesNow(), damaged).toEqual(files);
    }
  });

  it('are refused where something else stands among the manifests', async () => {
    await it_.lake.put(`${manifestKey(racing.table, PARTITION)}.bak`, new Uint8Array());
    await expect(relations()).rejects.toThrow(
      /manifest\.bak is no manifest of racing_results: .* move it away/,
    );
  });

  it('of ten years of three targets are all there', async () => {
    const start = civilDate('2015-11-18');
    for (let day = 0; day < 3650; day++) {
      for (const { id: target } of racing.targets) {
        const partition = { value: target, date: addDays(start, day) };
        const file = it_.lake.uri(dataKey(racing.table, partition, 'version', 0));
        const manifest = it_.lake.uri(manifestKey(racing.table, partition));
        mkdirSync(dirname(manifest), { recursive: true });
        writeFileSync(manifest, `${file}\n`);
      }
    }
    const { files } = await table('racing_results');
    expect(files).toHaveLength(3 * 3650);
  });
});
