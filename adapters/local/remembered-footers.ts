import { createHash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { fileStamp } from './file-stamp.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

/** `files` is what was kept before rows were. */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  DROP TABLE IF EXISTS files;
  CREATE TABLE IF NOT EXISTS columns (id INTEGER PRIMARY KEY, columns TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS footers (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, rows INTEGER NOT NULL,
    columns INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** What the footer of a Parquet file says. */
export interface RememberedFooter {
  /** As whoever remembers it wrote it down. */
  readonly columns: string;
  readonly rows: number;
}

/** What is in the footers of files, so that the next process need not open them all for it. */
export interface RememberedFooters {
  /**
   * Undefined where nobody has looked, or the file is another one since. `stamp`: the file's, from whoever
   * has it already.
   */
  recall(path: string, stamp?: string): RememberedFooter | undefined;
  remember(found: readonly FoundFooter[]): void;
  close(): void;
}

export interface FoundFooter extends RememberedFooter {
  readonly path: string;
  /** Of before the file was opened. */
  readonly stamp: string;
}

/**
 * Kept in a SQLite file, by inode, size and times. Where nothing can be written, what is learned holds for
 * this process.
 */
export function openRememberedFooters(file: string): RememberedFooters {
  let database: DatabaseSync | undefined;
  let loaded: Map<string, FoundFooter> | undefined;

  const known = (): Map<string, FoundFooter> => {
    if (loaded) return loaded;
    loaded = new Map();
    try {
      database = openSqliteDatabase(file, SCHEMA);
      const texts = new Map<unknown, string>();
      for (const { id, columns } of database.prepare('SELECT id, columns FROM columns').all())
        if (id === idOf(String(columns))) texts.set(id, String(columns));
      for (const { path, stamp, rows, columns, crc } of database.prepare('SELECT * FROM footers').all()) {
        const text = texts.get(columns);
        if (text === undefined || crc !== crcOf(path, stamp, rows, columns)) continue;
        const footer = { path: String(path), stamp: String(stamp), rows: Number(rows), columns: text };
        loaded.set(footer.path, footer);
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
      return before !== undefined && (stamp ?? fileStamp(path)) === before.stamp ? before : undefined;
    },
    remember(found) {
      for (const footer of found) known().set(footer.path, footer);
      if (database) writeAll(database, found);
    },
    close: () => database?.close(),
  };
}

/** Follows from the text, so that one of which the disk has lost a bit is nothing that anybody remembers. */
function idOf(columns: string): number {
  return createHash('sha256').update(columns).digest().readUIntBE(0, 6);
}

/** The same for a file: a bit in a number of rows would be a wrong answer. */
function crcOf(...fields: readonly (SQLOutputValue | undefined)[]): number {
  return crc32(fields.join('\n'));
}

function writeAll(database: DatabaseSync, found: readonly FoundFooter[]): void {
  try {
    const added = new Set<number>();
    database.exec('BEGIN IMMEDIATE');
    const addColumns = database.prepare('INSERT OR REPLACE INTO columns VALUES (?, ?)');
    const addFile = database.prepare('INSERT OR REPLACE INTO footers VALUES (?, ?, ?, ?, ?)');
    for (const { path, stamp, rows, columns } of found) {
      const id = idOf(columns);
      if (!added.has(id)) addColumns.run(id, columns);
      added.add(id);
      addFile.run(path, stamp, rows, id, crcOf(path, stamp, rows, id));
    }
    database.exec('COMMIT');
  } catch {
    // The next process looks into these files once more.
    if (database.isTransaction) database.exec('ROLLBACK');
  }
}
