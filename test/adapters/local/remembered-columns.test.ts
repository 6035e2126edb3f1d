import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileStamp } from '../../../adapters/local/file-stamp.ts';
import { openRememberedColumns } from '../../../adapters/local/remembered-columns.ts';

const INTEGER = '[["n","INTEGER"]]';
const TEXT = '[["n","VARCHAR"]]';

describe('remembered columns', () => {
  let root: string;
  let memory: string;
  let paths: string[];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'rescrape-columns-'));
    memory = join(root, '.columns.sqlite');
    paths = ['a', 'b'].map((name) => join(root, name));
    for (const path of paths) writeFileSync(path, 'x');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function remember(): void {
    const remembered = openRememberedColumns(memory);
    remembered.recall(paths[0]!);
    remembered.remember(
      paths.map((path, at) => ({ path, stamp: fileStamp(path)!, columns: at === 0 ? INTEGER : TEXT })),
    );
    remembered.close();
  }
  function recalled(): readonly (string | undefined)[] {
    const remembered = openRememberedColumns(memory);
    const found = paths.map((path) => remembered.recall(path));
    remembered.close();
    return found;
  }

  it.each([
    'UPDATE columns SET columns = replace(columns, \'"n"\', \'"o"\')',
    'UPDATE columns SET id = id + 1',
    'UPDATE files SET columns = columns + 1',
    'DELETE FROM columns',
  ])('are none where a disk has changed them, and are found and kept anew: %s', (damage) => {
    remember();
    expect(recalled()).toEqual([INTEGER, TEXT]);
    const database = new DatabaseSync(memory);
    database.exec(damage);
    database.close();
    expect(recalled()).toEqual([undefined, undefined]);
    remember();
    expect(recalled()).toEqual([INTEGER, TEXT]);
  });
});
