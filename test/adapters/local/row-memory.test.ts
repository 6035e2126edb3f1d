import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RowMemory } from '../../../adapters/local/row-memory.ts';

const SCHEMA = 'CREATE TABLE IF NOT EXISTS t (key TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT';
const ASK = 'SELECT n FROM t WHERE key = ?';

describe('a memory of rows', () => {
  let root: string;
  let file: string;
  let memory: RowMemory;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'rescrape-memory-'));
    file = join(root, 'memory.sqlite');
    memory = new RowMemory(file, SCHEMA);
  });
  afterEach(() => {
    memory.close();
    rmSync(root, { recursive: true });
  });

  const put = (key: string, n: number) =>
    memory.write((database) => {
      database.prepare('INSERT OR REPLACE INTO t VALUES (?, ?)').run(key, n);
    });
  const asNextProcess = () => {
    memory.close();
    memory = new RowMemory(file, SCHEMA);
  };

  it('gives back what was written, now and in the next process', () => {
    expect(memory.row(ASK, 'a')).toBeUndefined();
    put('a', 1);
    expect(memory.row(ASK, 'a')).toEqual({ n: 1 });
    asNextProcess();
    expect(memory.row(ASK, 'a')).toEqual({ n: 1 });
    expect(memory.row(ASK, 'b')).toBeUndefined();
  });

  it('keeps nothing of a write that fails, writes no more, and is read on', () => {
    put('a', 1);
    memory.write((database) => {
      database.prepare('INSERT INTO t VALUES (?, ?)').run('b', 2);
      database.exec('INSERT INTO nowhere VALUES (1)');
    });
    put('c', 3);
    expect(['a', 'b', 'c'].map((key) => memory.row(ASK, key))).toEqual([{ n: 1 }, undefined, undefined]);
    asNextProcess();
    put('c', 3);
    expect(memory.row(ASK, 'c')).toEqual({ n: 3 });
  });

  it('is empty where its file is none, or its table another one', () => {
    writeFileSync(file, 'no database at all, and longer than the first bytes of one');
    put('a', 1);
    expect(memory.row(ASK, 'a')).toBeUndefined();
    rmSync(file);
    asNextProcess();
    const other = new DatabaseSync(file);
    other.exec('CREATE TABLE t (key TEXT)');
    other.close();
    expect(memory.row(ASK, 'a')).toBeUndefined();
    put('a', 1);
    expect(memory.row(ASK, 'a')).toBeUndefined();
  });

  it('is not opened again once it is closed', () => {
    put('a', 1);
    memory.close();
    put('b', 2);
    expect(memory.row(ASK, 'a')).toBeUndefined();
    asNextProcess();
    expect(memory.row(ASK, 'b')).toBeUndefined();
  });
});
