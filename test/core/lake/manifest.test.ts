import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryObjectStore } from '../../../adapters/local/directory-object-store.ts';
import { dataKey, descriptorKey, manifestKey } from '../../../core/lake/layout.ts';
import { CorruptLakeError, readCurrent } from '../../../core/lake/manifest.ts';
import { PartitionVersions } from '../../../core/lake/partition-versions.ts';
import { linesOf, notes, SHELF } from '../../e2e/support/notes-source.ts';

const { table } = notes;
const KEY = manifestKey(table, SHELF);
const DATA = 'data/notes/shelf=a/date=2026-11-20';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-manifest-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const open = (directory = 'lake') => openDirectoryObjectStore(join(root, directory));
async function commit(version: string, over: string | undefined, directory = 'lake') {
  const lake = open(directory);
  const store = new PartitionVersions(lake, table, SHELF);
  const written = await store.write({
    version,
    previous: null,
    runId: 'run-1',
    createdAt: '2026-11-20T10:00:00.000Z',
    decision: 'commit',
    reason: null,
    parserVersion: 1,
    index: { url: 'https://notes.example/', checkedAt: 1, parserVersion: 1, capture: null },
    items: [{ id: 'x', url: '/x', state: 'found', rows: 2, checkedAt: 1, parserVersion: 1, capture: null }],
    rows: linesOf('x', ['α', null]),
  });
  return { store, answer: await store.commit(written, over, 'run-1', '2026-11-20T10:00:01.000Z') };
}

describe('a manifest', () => {
  /** Version that a manifest with this text makes current, once v1 and v2 are written. */
  async function versionBy(text: string): Promise<string | undefined> {
    await commit('v1', undefined);
    await commit('v2', undefined);
    const lake = open();
    await lake.put(KEY, new TextEncoder().encode(text));
    return (await readCurrent(lake, table, SHELF))?.descriptor.version;
  }

  it.each([
    ['a directory', `/srv/lake/${DATA}/v2-0.parquet\n`],
    ['a directory that was moved since', `/somewhere/else/entirely/${DATA}/v2-0.parquet\n`],
    ['a bucket', `s3://bucket/prefix/${DATA}/v2-0.parquet\n`],
    ['a file without a last line feed', `/srv/lake/${DATA}/v2-0.parquet`],
    ['several files', `/l/${DATA}/v2-0.parquet\n/l/${DATA}/v2-1.parquet\n`],
  ])('in %s names its version', async (_, text) => {
    expect(await versionBy(text)).toBe('v2');
  });

  it.each([
    ['nothing', ''],
    ['line feeds', '\n\n'],
    ['garbage', 'this is not what it was'],
    ['bytes of another file', 'PAR1\u0000\u0001\u0002PAR1'],
    ['files of two versions', `/l/${DATA}/v1-0.parquet\n/l/${DATA}/v2-0.parquet\n`],
    ['a file of another partition', '/l/data/notes/shelf=b/date=2026-11-20/v1-0.parquet\n'],
    ['a file of another table', '/l/data/other/shelf=a/date=2026-11-20/v1-0.parquet\n'],
    ['a file that climbs out', `/l/${DATA}/../../v1-0.parquet\n`],
    ['a file with another ending', `/l/${DATA}/v1-0.csv\n`],
    ['a good line and a bad one', `/l/${DATA}/v1-0.parquet\nrubbish\n`],
    ['half a line', `/l/${DATA}/v1-0.par`],
  ])('with %s in it is refused in one line, with what to do', async (_, text) => {
    const reading = versionBy(text);
    await expect(reading).rejects.toThrow(CorruptLakeError);
    await expect(reading).rejects.toThrow(
      /^tables\/notes\/shelf=a\/date=2026-11-20\/manifest [^\n]*rescrape partitions rollback[^\n]*$/,
    );
  });
});

describe('the current version of a partition', () => {
  it('is nothing where nothing was ever committed', async () => {
    expect(await readCurrent(open(), table, SHELF)).toBeUndefined();
  });

  it('tells its files, its items, who committed it and when, and gives its rows', async () => {
    const { store } = await commit('v1', undefined);
    const current = await store.current();
    expect(current).toMatchObject({
      committedAt: '2026-11-20T10:00:01.000Z',
      committedBy: 'run-1',
      descriptor: { version: 'v1', rows: 2, files: [{ key: dataKey(table, SHELF, 'v1', 0), rows: 2 }] },
    });
    const rows = await store.rows(current!.descriptor);
    expect(rows.map((row) => [row.text, row._committed_at])).toEqual([
      ['α', '2026-11-20T10:00:00.000Z'],
      [null, '2026-11-20T10:00:00.000Z'],
    ]);
  });

  it('is committed only over the version that was read', async () => {
    expect((await commit('v1', undefined)).answer).toBe('committed');
    expect((await commit('v2', undefined)).answer).toBe('lost');
    expect((await commit('v2', '"stale"')).answer).toBe('lost');
    const current = await readCurrent(open(), table, SHELF);
    expect(current!.descriptor.version).toBe('v1');
    expect((await commit('v2', current!.manifestEtag)).answer).toBe('committed');
  });

  it('goes with the lake when its directory is moved', async () => {
    await commit('v1', undefined);
    cpSync(join(root, 'lake'), join(root, 'moved'), { recursive: true });
    rmSync(join(root, 'lake'), { recursive: true });
    const store = new PartitionVersions(open('moved'), table, SHELF);
    expect(await store.rows((await store.current())!.descriptor)).toHaveLength(2);
  });

  it.each([
    ['is missing', undefined],
    ['is no JSON', 'garbage'],
    ['is of no format', '{"formatVersion":0}'],
  ])('whose descriptor %s is refused in one line, with what to do', async (_, text) => {
    await commit('v1', undefined);
    const lake = open();
    const key = descriptorKey(table, SHELF, 'v1');
    if (text === undefined) await lake.delete(key);
    else await lake.put(key, new TextEncoder().encode(text));
    const reading = readCurrent(lake, table, SHELF);
    await expect(reading).rejects.toThrow(CorruptLakeError);
    await expect(reading).rejects.toThrow(
      /^data\/notes\/[^\n]*_v1\.json [^\n]*: delete tables\/notes\/[^\n]*manifest and scrape the date again$/,
    );
  });

  it.each(['is missing', 'is cut off', 'has one bit changed'])(
    'whose data file %s is refused in one line that names it',
    async (how) => {
      const { store } = await commit('v1', undefined);
      const lake = open();
      const key = dataKey(table, SHELF, 'v1', 0);
      const body = (await lake.get(key))!.body;
      const changed = Uint8Array.from(body);
      changed[Math.floor(body.length / 3)]! ^= 1;
      if (how === 'is missing') await lake.delete(key);
      else await lake.put(key, how === 'is cut off' ? body.slice(0, body.length / 2) : changed);
      const { descriptor } = (await store.current())!;
      expect(await store.damage(descriptor)).toBeInstanceOf(CorruptLakeError);
      await expect(store.rows(descriptor)).rejects.toThrow(
        /^data\/notes\/[^\n]*v1-0\.parquet [^\n]*rescrape run --force[^\n]*$/,
      );
    },
  );

  it('exports its rows as CSV once, with the columns of the partition in front', async () => {
    const { store } = await commit('v1', undefined);
    const { descriptor } = (await store.current())!;
    await store.exportCsv(descriptor);
    const stored = await open().get('exports/csv/notes/a/2026_11_20.csv');
    const lines = new TextDecoder().decode(stored!.body).split('\r\n');
    expect(lines[0]).toBe('shelf,date,note,line,text,_run_id,_source_url,_scraped_at,_committed_at,_capture');
    expect(lines[1]).toMatch(/^a,2026-11-20,x,0,α,/);
    await store.exportCsv(descriptor);
    expect((await open().head('exports/csv/notes/a/2026_11_20.csv'))!.lastModified).toBe(
      stored!.lastModified,
    );
  });
});
