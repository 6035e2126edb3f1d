import { createHash } from 'node:crypto';
import type { SQLOutputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { fileStamp } from './file-stamp.ts';
import { RowMemory } from './row-memory.ts';

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
  const memory = new RowMemory(file, SCHEMA);
  const learned = new Map<string, FoundFooter>();
  const texts = new Map<SQLOutputValue, string | undefined>();

  const columnsOf = (id: SQLOutputValue): string | undefined => {
    if (texts.has(id)) return texts.get(id);
    const text = memory.row('SELECT columns FROM columns WHERE id = ?', id)?.columns;
    const columns = typeof text === 'string' && idOf(text) === id ? text : undefined;
    texts.set(id, columns);
    return columns;
  };
  const lookUp = (path: string): FoundFooter | undefined => {
    const row = memory.row('SELECT stamp, rows, columns, crc FROM footers WHERE path = ?', path);
    if (!row || row.crc !== crcOf(path, row.stamp, row.rows, row.columns)) return undefined;
    const columns = columnsOf(row.columns!);
    return columns === undefined
      ? undefined
      : { path, stamp: String(row.stamp), rows: Number(row.rows), columns };
  };

  return {
    recall(path, stamp) {
      const before = learned.get(path) ?? lookUp(path);
      return before !== undefined && (stamp ?? fileStamp(path)) === before.stamp ? before : undefined;
    },
    remember(found) {
      for (const footer of found) learned.set(footer.path, footer);
      memory.write((database) => {
        const addColumns = database.prepare('INSERT OR REPLACE INTO columns VALUES (?, ?)');
        const addFile = database.prepare('INSERT OR REPLACE INTO footers VALUES (?, ?, ?, ?, ?)');
        const added = new Set<number>();
        for (const { path, stamp, rows, columns } of found) {
          const id = idOf(columns);
          if (!added.has(id)) addColumns.run(id, columns);
          added.add(id);
          addFile.run(path, stamp, rows, id, crcOf(path, stamp, rows, id));
        }
      });
    },
    close: () => memory.close(),
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
