import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteGroupCommit } from '../../../adapters/local/sqlite-group-commit.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';

let directory: string;
let file: string;
let database: DatabaseSync;
let other: DatabaseSync;
let commits: SqliteGroupCommit;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-commit-'));
  file = join(directory, 'numbers.sqlite');
  database = new DatabaseSync(file, { timeout: 0 });
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT');
  other = new DatabaseSync(file, { timeout: 0 });
  commits = new SqliteGroupCommit(database, file);
});
afterEach(() => {
  database.close();
  other.close();
  rmSync(directory, { recursive: true });
});

/** Each number is written once; `isKept`: false to write it in vain. */
function add(...numbers: readonly number[]): Promise<number> {
  return commits.transact('write', true, () => {
    for (const n of numbers) database.prepare('INSERT INTO numbers VALUES (?)').run(n);
    return { result: numbers.length, isKept: !numbers.includes(13) };
  });
}

const numbersThere = () =>
  other
    .prepare('SELECT n FROM numbers ORDER BY n')
    .all()
    .map(({ n }) => n);
const logBytes = () => statSync(`${file}-wal`).size;

describe('transactions that are asked for side by side', () => {
  it('are answered when others see them, each with its own result', async () => {
    const seen = Promise.all([add(1), add(2, 3)].map((answer) => answer.then((n) => [n, numbersThere()])));
    expect(numbersThere()).toEqual([]);
    expect(await seen).toEqual([
      [1, [1, 2, 3]],
      [2, [1, 2, 3]],
    ]);
  });

  it('are one commit: the page that they all change is written once', async () => {
    await add(1);
    const before = logBytes();
    await add(2);
    const alone = logBytes() - before;
    await Promise.all([add(3), add(4), add(5), add(6)]);
    expect(logBytes() - before).toBe(2 * alone);
  });

  it('fail each by itself: one that leaves nothing, and one that is refused', async () => {
    await add(1);
    const answers = await Promise.allSettled([add(2), add(12, 13), add(3, 1), add(4)]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(numbersThere()).toEqual([1, 2, 4]);
    expect(await add(3)).toBe(1);
  });

  it('fail together where the file is locked, and can be asked for again', async () => {
    other.exec('BEGIN IMMEDIATE');
    const answers = await Promise.allSettled([add(1), add(2)]);
    for (const answer of answers)
      expect(answer).toEqual({ status: 'rejected', reason: expect.any(StorageError) });
    other.exec('ROLLBACK');
    await Promise.all([add(1), add(2)]);
    expect(numbersThere()).toEqual([1, 2]);
  });

  it('are finished before the database is closed', async () => {
    const answer = add(1);
    commits.finish();
    expect(numbersThere()).toEqual([1]);
    expect(await answer).toBe(1);
  });
});
