import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { FORMAT_VERSION } from '../../core/lake/version.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import type { VerifiedFiles } from '../../core/ports/verified-files.ts';
import { fileStamp } from './file-stamp.ts';
import { sideFiles } from './object-metadata.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

/** What a program that knows newer formats has read of a manifest is nothing for one that refuses them. */
const MANIFESTS = `manifests_${FORMAT_VERSION}`;
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS files (key TEXT PRIMARY KEY, stamp TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ${MANIFESTS} (key TEXT PRIMARY KEY, stamp TEXT NOT NULL, files TEXT NOT NULL)
    STRICT, WITHOUT ROWID;
`;

/** `files`: the keys of the files that it names, a line each. */
interface ReadManifest {
  readonly stamp: string;
  readonly files: string;
}

/**
 * Remembers in `<root>/.verified.sqlite` what was found whole, and which files manifests name, by inode, size
 * and times: the next process looks at the file's entry only. A write leaves another stamp, as does a copy.
 * What a disk loses by itself leaves none: that is told by reading everything (`completeness --lake`). Where
 * nothing can be written, what is learned holds for this process.
 */
export function openVerifiedFiles(
  root: string,
  lake: Pick<ObjectStore, 'get' | 'uri'>,
): VerifiedFiles & { close(): void } {
  const file = join(root, '.verified.sqlite');
  /** Null where it cannot be opened: waiting for who holds it takes ten seconds, which is done once. */
  let database: DatabaseSync | null | undefined;
  let stamps: Map<string, string> | undefined;
  let manifests: Map<string, ReadManifest> | undefined;

  const opened = (): DatabaseSync | null => {
    if (database !== undefined) return database;
    try {
      database = openSqliteDatabase(file, SCHEMA);
    } catch {
      database = null;
    }
    return database;
  };
  /** What is remembered in a table; nothing where that cannot be read. */
  const load = <T>(table: string, entryOf: (row: Record<string, unknown>) => T): Map<string, T> => {
    const loaded = new Map<string, T>();
    try {
      for (const row of opened()?.prepare(`SELECT * FROM ${table}`).iterate() ?? [])
        loaded.set(String(row.key), entryOf(row));
    } catch {
      // What is there is looked into once more.
    }
    return loaded;
  };
  const knownStamps = () => {
    stamps ??= load('files', ({ stamp }) => String(stamp));
    return stamps;
  };
  const knownManifests = () => {
    manifests ??= load(MANIFESTS, ({ stamp, files }) => ({ stamp: String(stamp), files: String(files) }));
    return manifests;
  };
  const write = (table: string, ...values: readonly string[]): void => {
    try {
      database
        ?.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${values.map(() => '?').join(', ')})`)
        .run(...values);
    } catch {
      // It is looked into once more by the next process.
    }
  };
  const stampOf = (key: string) => fileStamp(lake.uri(key));
  /** A manifest says which format it has in the file beside it. */
  const manifestStamp = (key: string): string | undefined => {
    const path = lake.uri(key);
    const stamp = fileStamp(path);
    return stamp && `${stamp} ${fileStamp(sideFiles(path).current) ?? ''}`;
  };
  const knownStamp = (key: string): string | undefined => {
    const stamp = stampOf(key);
    return knownStamps().get(key) === stamp ? stamp : undefined;
  };

  return {
    knownStamp,
    verify: async (key, isWhole) => {
      if (knownStamp(key) !== undefined) return 'whole';
      // Before the bytes: what is changed meanwhile has another stamp then.
      const stamp = stampOf(key);
      const stored = await lake.get(key);
      if (!stored || stamp === undefined) return 'missing';
      if (!isWhole(stored.body)) return 'damaged';
      knownStamps().set(key, stamp);
      write('files', key, stamp);
      return 'whole';
    },
    filesNamedBy: (manifest) => {
      const known = knownManifests().get(manifest);
      return known && known.stamp === manifestStamp(manifest) ? known.files : undefined;
    },
    readManifest: async (key, filesIn) => {
      // Before the bytes, as above.
      const stamp = manifestStamp(key);
      const manifest = await lake.get(key);
      if (!manifest) return undefined;
      const files = filesIn(manifest);
      if (stamp !== undefined) {
        const lines = files.join('\n');
        knownManifests().set(key, { stamp, files: lines });
        write(MANIFESTS, key, stamp, lines);
      }
      return { manifest, files };
    },
    close: () => database?.close(),
  };
}
