import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryObjectStore } from '../../adapters/local/directory-object-store.ts';
import { PartitionVersions } from '../../core/lake/partition-versions.ts';
import { readParquetFile } from './support/lake-reading.ts';
import { notes, SHELF } from './support/notes-source.ts';
import { startPublisher } from './support/publisher-process.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-concurrency-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const manifest = () => join(directory, 'lake', 'tables', 'notes', 'shelf=a', 'date=2026-11-20', 'manifest');
/** What a reader finds now: the manifest first, then what it names. */
async function read(): Promise<string[]> {
  const [file, ...more] = readFileSync(manifest(), 'utf8').trimEnd().split('\n');
  if (more.length > 0) throw new Error('more files than were written');
  return (await readParquetFile(file!)).map((row) => `${row.note}: ${row.text}`);
}

describe('two processes that publish into one partition', () => {
  it('lose no edition of each other, and leave one history without a fork', async () => {
    const editions = 25;
    const task = { directory, editions, lines: 1 };
    const commits = await Promise.all([
      startPublisher({ ...task, notes: ['x'] }),
      startPublisher({ ...task, notes: ['y'] }),
    ]);
    expect(commits).toEqual([editions, editions]);
    expect((await read()).sort()).toEqual([`x: edition ${editions}`, `y: edition ${editions}`]);

    const store = new PartitionVersions(
      openDirectoryObjectStore(join(directory, 'lake')),
      notes.table,
      SHELF,
    );
    const history: string[] = [];
    let at: string | null = (await store.current())!.descriptor.version;
    while (at !== null) {
      history.push(at);
      at = (await store.descriptor(at)).previous;
    }
    expect(history).toHaveLength(2 * editions);
    expect(new Set(history).size).toBe(2 * editions);
  });
});

describe('a reader that looks again and again during 200 swaps', () => {
  it('sees one whole edition each time: never a mix, never nothing, never both, and never an older one again', async () => {
    const lines = 4;
    let isOver = false;
    const publisher = startPublisher({ directory, notes: ['x', 'y'], editions: 200, lines }).finally(() => {
      isOver = true;
    });
    const seen: number[] = [];
    while (!isOver) {
      if (existsSync(manifest())) {
        const rows = await read();
        expect(rows).toHaveLength(2 * lines);
        const editions = new Set(rows.map((row) => row.slice('x: '.length)));
        expect(editions.size).toBe(1);
        seen.push(Number([...editions][0]!.slice('edition '.length)));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await publisher).toBe(200);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBeGreaterThan(20);
    expect((await read())[0]).toBe('x: edition 200');
  });
});
