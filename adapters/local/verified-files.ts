import { join } from 'node:path';
import { FORMAT_VERSION } from '../../core/lake/version.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import type { VerifiedFiles } from '../../core/ports/verified-files.ts';
import { fileStamp } from './file-stamp.ts';
import { sideFiles } from './object-metadata.ts';
import { RowMemory } from './row-memory.ts';

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
  const memory = new RowMemory(join(root, '.verified.sqlite'), SCHEMA);
  const stamps = new Map<string, string>();
  const manifests = new Map<string, ReadManifest>();

  const stampBefore = (key: string): string | undefined => {
    const learned = stamps.get(key);
    if (learned !== undefined) return learned;
    const row = memory.row('SELECT stamp FROM files WHERE key = ?', key);
    return row && String(row.stamp);
  };
  const manifestBefore = (key: string): ReadManifest | undefined => {
    const learned = manifests.get(key);
    if (learned) return learned;
    const row = memory.row(`SELECT stamp, files FROM ${MANIFESTS} WHERE key = ?`, key);
    return row && { stamp: String(row.stamp), files: String(row.files) };
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
    return stamp !== undefined && stampBefore(key) === stamp ? stamp : undefined;
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
      stamps.set(key, stamp);
      memory.write((database) => {
        database.prepare('INSERT OR REPLACE INTO files VALUES (?, ?)').run(key, stamp);
      });
      return 'whole';
    },
    filesNamedBy: (manifest) => {
      const known = manifestBefore(manifest);
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
        manifests.set(key, { stamp, files: lines });
        memory.write((database) => {
          database.prepare(`INSERT OR REPLACE INTO ${MANIFESTS} VALUES (?, ?, ?)`).run(key, stamp, lines);
        });
      }
      return { manifest, files };
    },
    close: () => memory.close(),
  };
}
