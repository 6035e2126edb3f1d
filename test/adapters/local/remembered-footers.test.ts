import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileStamp } from '../../../adapters/local/file-stamp.ts';
import { openRememberedFooters } from '../../../adapters/local/remembered-footers.ts';

const FOOTERS = [
  { columns: '[["n","INTEGER"]]', rows: 3 },
  { columns: '[["n","VARCHAR"]]', rows: 12 },
] as const;

describe('remembered footers', () => {
  let root: string;
  let memory: string;
  let paths: string[];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'rescrape-footers-'));
    memory = join(root, '.columns.sqlite');
    paths = ['a', 'b'].map((name) => join(root, name));
    for (const path of paths) writeFileSync(path, 'x');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function remember(): void {
    const remembered = openRememberedFooters(memory);
    remembered.recall(paths[0]!);
    remembered.remember(paths.map((path, at) => ({ path, stamp: fileStamp(path)!, ...FOOTERS[at]! })));
    remembered.close();
  }
  function recalled(): readonly unknown[] {
    const remembered = openRememberedFooters(memory);
    const found = paths.map((path) => remembered.recall(path));
    remembered.close();
    return found;
  }

  it.each([
    'UPDATE columns SET columns = replace(columns, \'"n"\', \'"o"\')',
    'UPDATE columns SET id = id + 1',
    'UPDATE footers SET columns = columns + 1',
    'UPDATE footers SET columns = (SELECT max(id) + min(id) FROM columns) - columns',
    'UPDATE footers SET rows = rows + 16',
    "UPDATE footers SET stamp = stamp || '0'",
    'UPDATE footers SET crc = crc + 1',
    'DELETE FROM columns',
  ])('are none where a disk has changed them, and are found and kept anew: %s', (damage) => {
    remember();
    expect(recalled()).toMatchObject(FOOTERS);
    const database = new DatabaseSync(memory);
    database.exec(damage);
    database.close();
    expect(recalled()).toEqual([undefined, undefined]);
    remember();
    expect(recalled()).toMatchObject(FOOTERS);
  });
});
