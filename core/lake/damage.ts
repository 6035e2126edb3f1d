import type { ObjectStore } from '../ports/object-store.ts';
import type { Partition, Table } from '../source/source.ts';
import { dataPrefix, manifestKey, partitionPath } from './layout.ts';
import { decodeDescriptor, fileHash, type VersionDescriptor } from './version.ts';

/**
 * What mends a damaged partition. `rollback`: to a version that is whole; `delete`: of the manifest, then a
 * new scrape.
 */
export type Mend =
  | { readonly kind: 'force' | 'reparse' }
  | { readonly kind: 'rollback'; readonly to: string }
  | { readonly kind: 'delete'; readonly key: string };

/**
 * What is wrong: a data file, the manifest that names others than its version has, the descriptor, the
 * manifest, or that there is no manifest.
 */
export type DamageKind = 'file' | 'files-differ' | 'descriptor' | 'manifest' | 'manifest-gone';

/** In this order. A publish reads the manifest and the descriptor, so no scrape mends what it cannot read. */
const MENDS: Readonly<Record<DamageKind, readonly Mend['kind'][]>> = {
  file: ['force', 'reparse', 'rollback'],
  'files-differ': ['rollback', 'delete'],
  descriptor: ['rollback', 'delete'],
  manifest: ['rollback', 'delete'],
  'manifest-gone': ['force', 'reparse'],
};

/** What mends the damage as things stand: a rollback is named only where there is a version to go back to. */
export async function mendsOf(
  lake: ObjectStore,
  table: Table,
  partition: Partition,
  kind: DamageKind,
  damaged?: string,
): Promise<Mend[]> {
  const mends: Mend[] = [];
  for (const mend of MENDS[kind]) {
    if (mend === 'rollback') {
      const to = await newestWhole(lake, table, partition, [damaged]);
      if (to !== undefined) mends.push({ kind: mend, to });
    } else if (mend === 'delete') mends.push({ kind: mend, key: manifestKey(table, partition) });
    else mends.push({ kind: mend });
  }
  return mends;
}

/** The newest version beside those that a rollback takes: every file of it is as it was written. */
export async function newestWhole(
  lake: ObjectStore,
  table: Table,
  partition: Partition,
  beside: readonly (string | undefined)[],
): Promise<string | undefined> {
  const prefix = dataPrefix(table, partition);
  const keys = await Array.fromAsync(lake.list(`${prefix}_`), ({ key }) => key);
  for (const key of keys.sort().reverse()) {
    const version = key.slice(prefix.length + 1, -'.json'.length);
    if (!beside.includes(version) && (await isWhole(lake, key))) return version;
  }
  return undefined;
}

async function isWhole(lake: ObjectStore, descriptorKey: string): Promise<boolean> {
  const stored = await lake.get(descriptorKey);
  const descriptor = stored && decoded(stored.body);
  if (descriptor?.decision !== 'commit') return false;
  for (const { key, sha256 } of descriptor.files) {
    const file = await lake.get(key);
    if (!file || fileHash(file.body) !== sha256) return false;
  }
  return true;
}

function decoded(body: Uint8Array): VersionDescriptor | undefined {
  try {
    return decodeDescriptor(body);
  } catch {
    return undefined;
  }
}

/** The mends as the end of a message. */
export function mendText(mends: readonly Mend[], table: Table, partition: Partition): string {
  return mends.map((mend) => textOf(mend, partitionPath(table, partition))).join(', or ');
}

function textOf(mend: Mend, path: string): string {
  switch (mend.kind) {
    case 'force':
      return `scrape ${path} again with "rescrape run --force"`;
    case 'reparse':
      return 'mend it from its captures with "rescrape reparse"';
    case 'rollback':
      return `put the version before back with "rescrape partitions rollback --to ${mend.to}"`;
    case 'delete':
      return `delete ${mend.key} and scrape the date again`;
  }
}
