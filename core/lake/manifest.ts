import type { ObjectHead, ObjectStore, PutOptions, StoredObject } from '../ports/object-store.ts';
import type { Partition, Table } from '../source/source.ts';
import { type DamageKind, type Mend, mendsOf, mendText } from './damage.ts';
import { dataPrefix, descriptorKey, manifestKey, partitionPath } from './layout.ts';
import {
  decodeDescriptor,
  NewerFormatError,
  refuseNewerFormat,
  statsOf,
  type VersionDescriptor,
} from './version.ts';

/**
 * Something in the lake that cannot be read as what it should be. The message says which key, and what to do.
 */
export class CorruptLakeError extends Error {
  override readonly name = 'CorruptLakeError';
  /** What mends it, as far as a command does. */
  readonly mends: readonly Mend[];
  /** What is wrong, without what to do. */
  readonly problem: string;

  constructor(
    message: string,
    { mends, problem }: { readonly mends: readonly Mend[]; readonly problem: string } = {
      mends: [],
      problem: message,
    },
  ) {
    super(message);
    this.mends = mends;
    this.problem = problem;
  }
}

/** Undefined for what cannot be read, where somebody else says so; anything else is thrown on. */
export function unlessCorrupt(error: unknown): undefined {
  if (error instanceof CorruptLakeError) return undefined;
  throw error;
}

/** One line: what is wrong, and what mends it as things stand. `damaged`: the version that is. */
export async function corruptPartition(
  problem: string,
  kind: DamageKind,
  {
    lake,
    table,
    partition,
  }: { readonly lake: ObjectStore; readonly table: Table; readonly partition: Partition },
  damaged?: string,
): Promise<CorruptLakeError> {
  const mends = await mendsOf(lake, table, partition, kind, damaged);
  return new CorruptLakeError(`${problem}: ${mendText(mends, table, partition)}`, { mends, problem });
}

/** Something of a later Rescrape: nothing is wrong with it, so nobody may write over it. */
export class NewerLakeError extends CorruptLakeError {
  constructor(key: string, { message }: NewerFormatError) {
    super(`${key} was written by a newer Rescrape (${message}): upgrade this one; it changes nothing there`);
  }
}

/** The current version of a partition, with the etag that its successor must match. */
export interface CurrentVersion {
  readonly descriptor: VersionDescriptor;
  readonly manifestEtag: string;
  /** ISO 8601; when it became current. */
  readonly committedAt: string;
  /** Run or command that made it current. */
  readonly committedBy: string;
}

/**
 * What is current, or undefined where nothing was ever committed.
 * Throws a CorruptLakeError for a manifest or descriptor that cannot be read: nothing is guessed.
 */
export async function readCurrent(
  lake: ObjectStore,
  table: Table,
  partition: Partition,
): Promise<CurrentVersion | undefined> {
  const key = manifestKey(table, partition);
  const manifest = await lake.get(key);
  if (!manifest) return undefined;
  const version = await currentVersionOf(lake, manifest, table, partition, key);
  return {
    descriptor: await readDescriptor(lake, table, partition, version),
    manifestEtag: manifest.etag,
    committedAt: manifest.metadata['committed-at'] ?? new Date(manifest.lastModified).toISOString(),
    committedBy: manifest.metadata.run ?? '',
  };
}

export async function readDescriptor(
  lake: ObjectStore,
  table: Table,
  partition: Partition,
  version: string,
): Promise<VersionDescriptor> {
  const key = descriptorKey(table, partition, version);
  const stored = await lake.get(key);
  const corrupt = (problem: string) =>
    corruptPartition(problem, 'descriptor', { lake, table, partition }, version);
  if (!stored) throw await corrupt(`${key} is missing, although its version is named`);
  try {
    return decodeDescriptor(stored.body);
  } catch (error) {
    if (error instanceof NewerFormatError) throw new NewerLakeError(key, error);
    throw await corrupt(`${key} is not a version descriptor`);
  }
}

/**
 * Makes a version current: the commit. A symlink file as Hive, Athena and Trino read it: absolute paths, one
 * a line, nothing else; what else there is to say stands in the object's metadata.
 */
export async function putManifest(
  lake: ObjectStore,
  table: Table,
  partition: Partition,
  descriptor: VersionDescriptor,
  commit: { readonly over: string | undefined; readonly by: string; readonly at: string },
): Promise<'committed' | 'lost'> {
  const body = new TextEncoder().encode(`${descriptor.files.map((file) => lake.uri(file.key)).join('\n')}\n`);
  const stats = statsOf(descriptor.items);
  const options: PutOptions = {
    ...(commit.over === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: commit.over }),
    contentType: 'text/plain',
    durable: true,
    metadata: {
      format: String(descriptor.formatVersion),
      version: descriptor.version,
      run: commit.by,
      'committed-at': commit.at,
      rows: String(descriptor.rows),
      'items-expected': String(stats.expected),
      'items-found': String(stats.found),
      'items-failed': String(stats.failed),
      hash: descriptor.contentHash,
      ...schemaFacts(descriptor),
      ...(descriptor.previous !== null && { previous: descriptor.previous }),
    },
  };
  try {
    const answer = await lake.put(manifestKey(table, partition), body, options);
    return answer.kind === 'stored' ? 'committed' : 'lost';
  } catch (error) {
    // The answer got lost, perhaps not the write: only the manifest itself can tell.
    const now = await lake.get(manifestKey(table, partition));
    if (now && new TextDecoder().decode(now.body) === new TextDecoder().decode(body)) return 'committed';
    throw error;
  }
}

/** What a manifest says of the schema of its version, so that nobody need open the descriptor for it. */
export interface NamedSchema {
  readonly fingerprint: string;
  /** ISO 8601; when the version was written. */
  readonly createdAt: string;
}

function schemaFacts({ schema, createdAt }: VersionDescriptor): Readonly<Record<string, string>> {
  return schema ? { schema: schema.fingerprint, 'created-at': createdAt } : {};
}

/** Undefined where it does not say: of before it was kept, or of a version that has none. */
export function namedSchema({ metadata }: ObjectHead): NamedSchema | undefined {
  const { schema: fingerprint, 'created-at': createdAt } = metadata;
  return fingerprint === undefined || createdAt === undefined ? undefined : { fingerprint, createdAt };
}

/** As `manifestVersion`; its error tells what mends the manifest. */
export async function currentVersionOf(
  lake: ObjectStore,
  manifest: StoredObject,
  table: Table,
  partition: Partition,
  key: string,
): Promise<string> {
  try {
    return manifestVersion(manifest, table, partition, key);
  } catch (error) {
    if (!(error instanceof CorruptLakeError) || error instanceof NewerLakeError) throw error;
    throw await corruptPartition(`${key} is no manifest of ${partitionPath(table, partition)}`, 'manifest', {
      lake,
      table,
      partition,
    });
  }
}

/** The version that the manifest names, and the keys of its files, in order. */
function parseManifest(manifest: StoredObject, table: Table, partition: Partition, key: string): NamedFiles {
  refuseNewerManifest(manifest, key);
  const named = filesNamedIn(new TextDecoder().decode(manifest.body), table, partition);
  if (named === undefined) throw corrupt(key, table, partition);
  return named;
}

interface NamedFiles {
  readonly version: string;
  readonly files: string[];
}

/**
 * What the lines of a manifest name; undefined where they are no manifest of the partition. The path before
 * `data/` is ignored, so that a lake may be moved.
 */
export function filesNamedIn(text: string, table: Table, partition: Partition): NamedFiles | undefined {
  const prefix = dataPrefix(table, partition);
  const files: string[] = [];
  let version: string | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const at = line.indexOf(prefix);
    const name = at < 0 ? null : DATA_FILE.exec(line.slice(at + prefix.length));
    if (!name || (version !== undefined && version !== name[1])) return undefined;
    version = name[1]!;
    const file = line.slice(at);
    // Its rows would be there twice.
    if (files.includes(file)) return undefined;
    files.push(file);
  }
  return version === undefined ? undefined : { version, files };
}

const DATA_FILE = /^([A-Za-z0-9][A-Za-z0-9._-]*)-\d+\.parquet$/;

/** Throws a NewerLakeError. */
function refuseNewerManifest({ metadata }: ObjectHead, key: string): void {
  try {
    refuseNewerFormat(Number(metadata.format ?? 1));
  } catch (error) {
    if (error instanceof NewerFormatError) throw new NewerLakeError(key, error);
    throw error;
  }
}

/** The version that a manifest names. Throws as `manifestFiles` does. */
export function manifestVersion(
  manifest: StoredObject,
  table: Table,
  partition: Partition,
  key: string,
): string {
  return parseManifest(manifest, table, partition, key).version;
}

/**
 * Keys of the data files that a manifest names, in order. Throws a CorruptLakeError for anything that is no
 * manifest.
 */
export function manifestFiles(
  manifest: StoredObject,
  table: Table,
  partition: Partition,
  key: string,
): string[] {
  return parseManifest(manifest, table, partition, key).files;
}

function corrupt(key: string, table: Table, partition: Partition): CorruptLakeError {
  return new CorruptLakeError(
    `${key} is no manifest of ${partitionPath(table, partition)}: put its version back with "rescrape partitions rollback"`,
  );
}
