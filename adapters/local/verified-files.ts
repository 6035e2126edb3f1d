import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import type { VerifiedFiles } from '../../core/ports/verified-files.ts';
import { fileStamp } from './file-stamp.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS files (key TEXT PRIMARY KEY, stamp TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/**
 * Remembers in `<root>/.verified.sqlite` what was found whole, by inode, size and times: the next process
 * looks at the file's entry only. A write leaves another stamp, as does a copy. What a disk loses by itself
 * leaves none: that is told by reading everything (`completeness --lake`). Where nothing can be written, what
 * is learned holds for this process.
 */
export function openVerifiedFiles(
  root: string,
  lake: Pick<ObjectStore, 'get' | 'uri'>,
): VerifiedFiles & { close(): void } {
  const file = join(root, '.verified.sqlite');
  let database: DatabaseSync | undefined;
  let stamps: Map<string, string> | undefined;

  const known = (): Map<string, string> => {
    if (stamps) return stamps;
    stamps = new Map();
    try {
      database = openSqliteDatabase(file, SCHEMA);
      for (const { key, stamp } of database.prepare('SELECT key, stamp FROM files').all())
        stamps.set(String(key), String(stamp));
    } catch {
      database?.close();
      database = undefined;
    }
    return stamps;
  };
  const knownStamp = (key: string): string | undefined => {
    const stamp = fileStamp(lake.uri(key));
    return known().get(key) === stamp ? stamp : undefined;
  };
  const remember = (key: string, stamp: string): void => {
    known().set(key, stamp);
    try {
      database?.prepare('INSERT OR REPLACE INTO files VALUES (?, ?)').run(key, stamp);
    } catch {
      // It is hashed once more by the next process.
    }
  };

  return {
    knownStamp,
    verify: async (key, isWhole) => {
      if (knownStamp(key) !== undefined) return 'whole';
      // Before the bytes: what is changed meanwhile has another stamp then.
      const stamp = fileStamp(lake.uri(key));
      const stored = await lake.get(key);
      if (!stored || stamp === undefined) return 'missing';
      if (!isWhole(stored.body)) return 'damaged';
      remember(key, stamp);
      return 'whole';
    },
    close: () => database?.close(),
  };
}
