import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { fileStamp } from './file-stamp.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS columns (id INTEGER PRIMARY KEY, columns TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, columns INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
`;

/** What is in the footers of files, as text, so that the next process need not open them all for it. */
export interface RememberedColumns {
  /**
   * Undefined where nobody has looked, or the file is another one since. `stamp`: the file's, from whoever
   * has it already.
   */
  recall(path: string, stamp?: string): string | undefined;
  remember(found: readonly FoundColumns[]): void;
  close(): void;
}

export interface FoundColumns {
  readonly path: string;
  /** Of before the file was opened. */
  readonly stamp: string;
  readonly columns: string;
}

/**
 * Kept in a SQLite file, by inode, size and times. Where nothing can be written, what is learned holds for
 * this process.
 */
export function openRememberedColumns(file: string): RememberedColumns {
  let database: DatabaseSync | undefined;
  let loaded: Map<string, Omit<FoundColumns, 'path'>> | undefined;

  const known = (): Map<string, Omit<FoundColumns, 'path'>> => {
    if (loaded) return loaded;
    loaded = new Map();
    try {
      database = openSqliteDatabase(file, SCHEMA);
      const texts = new Map<unknown, string>();
      for (const { id, columns } of database.prepare('SELECT id, columns FROM columns').all())
        if (id === idOf(String(columns))) texts.set(id, String(columns));
      for (const { path, stamp, columns } of database.prepare('SELECT * FROM files').all()) {
        const text = texts.get(columns);
        if (text !== undefined) loaded.set(String(path), { stamp: String(stamp), columns: text });
      }
    } catch {
      database?.close();
      database = undefined;
    }
    return loaded;
  };

  return {
    recall(path, stamp) {
      const before = known().get(path);
      if (before === undefined || (stamp ?? fileStamp(path)) !== before.stamp) return undefined;
      return before.columns;
    },
    remember(found) {
      for (const { path, ...entry } of found) known().set(path, entry);
      if (database) writeAll(database, found);
    },
    close: () => database?.close(),
  };
}

/** Follows from the text, so that one of which the disk has lost a bit is nothing that anybody remembers. */
function idOf(columns: string): number {
  return createHash('sha256').update(columns).digest().readUIntBE(0, 6);
}

function writeAll(database: DatabaseSync, found: readonly FoundColumns[]): void {
  try {
    const added = new Set<number>();
    database.exec('BEGIN IMMEDIATE');
    const addColumns = database.prepare('INSERT OR REPLACE INTO columns VALUES (?, ?)');
    const addFile = database.prepare('INSERT OR REPLACE INTO files VALUES (?, ?, ?)');
    for (const { path, stamp, columns } of found) {
      const id = idOf(columns);
      if (!added.has(id)) addColumns.run(id, columns);
      added.add(id);
      addFile.run(path, stamp, id);
    }
    database.exec('COMMIT');
  } catch {
    // The next process looks into these files once more.
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}
