import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import { WatchedDisk } from './watched-disk.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const KEY = 'tables/t/country=gb/date=2025-10-02/manifest';
const NEXT_DAY = 'tables/t/country=gb/date=2025-10-03/manifest';

let parent: string;
let root: string;
let disk: WatchedDisk;
let open: () => ObjectStore & { close(): void };
let store: ReturnType<typeof open>;
beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'rescrape-power-'));
  root = join(parent, 'lake');
  disk = new WatchedDisk();
  // Anew for each test: it takes its file functions when it is imported.
  vi.resetModules();
  const { openDirectoryObjectStore } = await import('../../../adapters/local/directory-object-store.ts');
  open = () => openDirectoryObjectStore(root);
  store = open();
});
afterEach(() => {
  store.close();
  disk.stop();
  rmSync(parent, { recursive: true });
});

const pathOf = (key: string) => join(root, key);
const isDurable = (path: string) => disk.isDurable(path, root);

const isSideFile = (path: string) => path.startsWith(join(dirname(pathOf(KEY)), `.${basename(KEY)}.`));

/** The side files with the metadata of what stands at the key, or is about to. */
function sideFiles(key: string): string[] {
  const directory = dirname(pathOf(key));
  return readdirSync(directory)
    .map((name) => join(directory, name))
    .filter(isSideFile);
}

/** Paths below the store that were flushed by the work; temporary files without their names. */
async function flushedBy(work: () => Promise<unknown>): Promise<string[]> {
  const before = disk.flushed.length;
  await work();
  const paths = disk.flushed.slice(before).map((path) => relative(root, path));
  return paths.map((path) => (path.startsWith('.tmp/') ? '.tmp/*' : path)).sort();
}

describe('after a power cut', () => {
  it('an object that was put durably is there, with its metadata', async () => {
    await store.put(KEY, bytes('1'), { durable: true, ifNoneMatch: '*', metadata: { version: '1' } });
    for (const path of [pathOf(KEY), ...sideFiles(KEY)]) expect(isDurable(path)).toBe(true);
    await store.put('plain/deep/object', bytes('1'), { durable: true });
    expect(isDurable(pathOf('plain/deep/object'))).toBe(true);
  });

  it('it is there as well where others made its directories without flushing them', async () => {
    await store.put(KEY, bytes('1'), { metadata: { version: '1' } });
    expect(isDurable(pathOf(KEY))).toBe(false);
    const other = open();
    await other.put(KEY, bytes('2'), { durable: true, metadata: { version: '2' } });
    other.close();
    for (const path of [pathOf(KEY), ...sideFiles(KEY)]) expect(isDurable(path)).toBe(true);
  });

  it('a body never stands without its metadata, be it the new one or the one before', async () => {
    const seen: string[] = [];
    await store.put(KEY, bytes('1'), { durable: true, metadata: { version: '1' } });
    disk.onChange = (path) => {
      const sides = sideFiles(KEY).map((side) => [
        JSON.parse(readFileSync(side, 'utf8')).metadata.version,
        side,
      ]);
      if (path === pathOf(KEY)) {
        for (const [, side] of sides) expect(isDurable(String(side))).toBe(true);
        seen.push(`swap beside ${sides.map(([version]) => version).sort()}`);
      } else if (isSideFile(path) && existsSync(path)) {
        expect(isDurable(pathOf(KEY))).toBe(true);
        expect(readFileSync(pathOf(KEY), 'utf8')).toBe('2');
        seen.push('removed');
      }
    };
    await store.put(KEY, bytes('2'), { durable: true, metadata: { version: '2' } });
    expect(seen).toEqual(['swap beside 1,2', 'removed']);
  });
});

it('metadata of a body whose writer was killed after its swap stays until the next swap', async () => {
  const put = (n: string) => store.put(KEY, bytes(n), { metadata: { version: n } });
  const versions = () =>
    sideFiles(KEY).map((side) => JSON.parse(readFileSync(side, 'utf8')).metadata.version);
  await put('1');
  const [side] = sideFiles(KEY);
  const ofFirst = readFileSync(side!);
  await put('2');
  renameSync(side!, side!.replace(/meta$/, 'next'));
  writeFileSync(side!, ofFirst);
  const seen: string[] = [];
  disk.onChange = (path) => {
    if (path === pathOf(KEY)) seen.push(...versions());
  };
  await put('3');
  expect(seen.sort()).toEqual(['2', '3']);
  expect(versions()).toEqual(['3']);
});

describe('a durable put flushes', () => {
  it('only what is not on the disk yet', async () => {
    const put = (key: string) => () => store.put(key, bytes(key), { durable: true });
    expect(await flushedBy(put(KEY))).toEqual(
      [
        '',
        '.tmp/*',
        'tables',
        'tables/t',
        'tables/t/country=gb',
        'tables/t/country=gb/date=2025-10-02',
      ].sort(),
    );
    expect(await flushedBy(put(NEXT_DAY))).toEqual(
      ['.tmp/*', 'tables/t/country=gb', 'tables/t/country=gb/date=2025-10-03'].sort(),
    );
    expect(await flushedBy(put(`${NEXT_DAY}-2`))).toEqual(
      ['.tmp/*', 'tables/t/country=gb/date=2025-10-03'].sort(),
    );
  });

  it('nothing where nobody asks for it', async () => {
    expect(await flushedBy(() => store.put(KEY, bytes('1'), { metadata: { version: '1' } }))).toEqual([]);
    expect(await flushedBy(() => store.put(KEY, bytes('2'), { metadata: { version: '2' } }))).toEqual([]);
  });
});

it('metadata of a put that comes second is not found with the body that was first, even the very same', async () => {
  // A plain put of another process, between the look and the swap.
  disk.onChange = (path) => {
    if (isSideFile(path) && !existsSync(pathOf(KEY))) writeFileSync(pathOf(KEY), '1');
  };
  const second = await store.put(KEY, bytes('1'), { ifNoneMatch: '*', metadata: { version: '2' } });
  expect(second).toEqual({ kind: 'precondition-failed' });
  expect((await store.get(KEY))?.metadata).toEqual({});
});
