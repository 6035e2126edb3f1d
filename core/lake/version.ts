import { hash } from 'node:crypto';
import * as z from 'zod';
import { lazily } from '../schema/lazily.ts';
import { versionSchemaSchema } from '../schema/table-shape.ts';
import { type Item, LISTED_STATUSES, type ListedStatus } from '../source/source.ts';

/** How an index says that an item has no result, or none yet. */
export type WithoutResult = Exclude<ListedStatus, 'ready'>;
const WITHOUT_RESULT = LISTED_STATUSES.filter((status) => status !== 'ready') as WithoutResult[];

/**
 * How an item stands in a version. `empty`: its page says that it has no rows. `carried`: its last attempt
 * failed, or the index lists it as pending although it had rows: they are older. `failed`: it has no rows.
 * `pending`, `abandoned`, `void`: the index says so, and its page was not asked for.
 */
const ITEM_STATES = ['found', 'empty', 'carried', 'failed', ...WITHOUT_RESULT] as const;

const versionItemSchema = lazily(() =>
  z.object({
    id: z.string(),
    url: z.string(),
    /** As the item has them (`Item`); left out where it has none. */
    target: z.string().exactOptional(),
    method: z.enum(['GET', 'POST']).exactOptional(),
    headers: z.record(z.string(), z.string()).exactOptional(),
    body: z.string().exactOptional(),
    /** Requests that it took, where it took several. */
    pages: z.int().optional(),
    /** See `PageEvidence`. */
    absent: z.array(z.string()).readonly().exactOptional(),
    state: z.enum(ITEM_STATES),
    /** How the index lists an item that is carried over without having been asked for. */
    listed: z.literal('pending').optional(),
    rows: z.int(),
    /** SHA-256 of its rows as they were read, lineage left out; absent where nobody needed it yet. */
    contentHash: z.string().optional(),
    /**
     * When the source last confirmed what the version holds of the item; milliseconds. 0 where it never did.
     */
    checkedAt: z.number(),
    /** Version of the parser that made the rows. */
    parserVersion: z.int(),
    /**
     * Fingerprint of the schema that its rows were read with, where that is another one than that of its
     * version; '' where nobody knows it.
     */
    schema: z.string().exactOptional(),
    capture: z.string().nullable(),
    etag: z.string().optional(),
    lastModified: z.string().optional(),
    /** See `CopyAge`. */
    asOf: z.number().optional(),
  }),
);
export type VersionItem = z.infer<ReturnType<typeof versionItemSchema>>;

/** An item whose rows went because of what the index of the day said of it. */
const withdrawnItemSchema = lazily(() =>
  z.object({
    id: z.string(),
    url: z.string(),
    /** That it had. */
    rows: z.int(),
    /** `unlisted`: the index no longer lists it. */
    why: z.enum(['unlisted', 'abandoned', 'void']),
    /** The first version without it. */
    version: z.string(),
  }),
);
export type WithdrawnItem = z.infer<ReturnType<typeof withdrawnItemSchema>>;

/** Rows of several items that are of one and the same thing (`Table.unique`). */
const repeatedRowsSchema = lazily(() =>
  z.object({
    items: z.array(z.string()),
    /** Rows that are there more than once, each counted once. */
    rows: z.int(),
    /** The first of them: its columns and values. */
    example: z.string(),
  }),
);
export type RepeatedRows = z.infer<ReturnType<typeof repeatedRowsSchema>>;

/** Of what is written today: descriptors, and the manifests that name their versions. */
export const FORMAT_VERSION = 1;

const descriptorSchema = lazily(() =>
  z.object({
    formatVersion: z.literal(FORMAT_VERSION),
    version: z.string(),
    previous: z.string().nullable(),
    runId: z.string(),
    createdAt: z.string(),
    decision: z.enum(['commit', 'hold']),
    reason: z.string().nullable(),
    /** `sha256` of the whole file: most damage to a compressed file would otherwise be read as data. */
    files: z.array(z.object({ key: z.string(), rows: z.int(), bytes: z.int(), sha256: z.string() })).min(1),
    rows: z.int(),
    contentHash: z.string(),
    /** Of the table, as its files have it; absent in versions of before it was kept. */
    schema: versionSchemaSchema().exactOptional(),
    /** The index page that the list of items comes from. */
    index: z.object({
      url: z.string(),
      checkedAt: z.number(),
      parserVersion: z.int(),
      capture: z.string().nullable(),
      etag: z.string().optional(),
      lastModified: z.string().optional(),
      /** See `CopyAge`; of the oldest of its pages. */
      asOf: z.number().optional(),
      /** Pages that it took, where it took several. */
      pages: z.int().optional(),
      /** There is no index, the targets themselves are the list; `url` is the base address, '' for none. */
      ofTargets: z.literal(true).optional(),
      /** What on it says that the day is empty. */
      sign: z.string().optional(),
    }),
    items: z.array(versionItemSchema()),
    /** Items that an earlier version had with rows and that have not come back since. */
    withdrawn: z.array(withdrawnItemSchema()).default([]),
    repeated: z.array(repeatedRowsSchema()).default([]),
  }),
);

/** One immutable state of a partition: which files, which items, from which pages. */
export type VersionDescriptor = z.infer<ReturnType<typeof descriptorSchema>>;
export type VersionIndex = VersionDescriptor['index'];

/** The end of a descriptor's text: the hash of all before it. */
const CHECKSUM = /,"sha256":"([0-9a-f]{64})"\}$/;

export function encodeDescriptor(descriptor: VersionDescriptor): Uint8Array {
  const text = JSON.stringify(descriptor).slice(0, -1);
  const bytes = new TextEncoder().encode(text);
  return new TextEncoder().encode(`${text},"sha256":"${fileHash(bytes)}"}`);
}

const formatSchema = lazily(() => z.object({ formatVersion: z.int() }));

/** Written by a later Rescrape than this one: whole, perhaps, and not ours to read or to replace. */
export class NewerFormatError extends Error {
  override readonly name = 'NewerFormatError';
}

/**
 * Throws a NewerFormatError for a descriptor of a later format, and otherwise where the bytes are no
 * descriptor.
 */
export function decodeDescriptor(bytes: Uint8Array): VersionDescriptor {
  const text = new TextDecoder().decode(bytes);
  const value: unknown = JSON.parse(text);
  const { data } = formatSchema().safeParse(value);
  if (data) refuseNewerFormat(data.formatVersion);
  // Those of before the checksum have none; one that lost its own is told by its key, which no schema has.
  const checksum = CHECKSUM.exec(text);
  if (checksum && fileHash(new TextEncoder().encode(text.slice(0, checksum.index))) !== checksum[1])
    throw new Error('it is not what was written');
  return descriptorSchema().parse(value);
}

export function refuseNewerFormat(formatVersion: number): void {
  if (formatVersion > FORMAT_VERSION)
    throw new NewerFormatError(`format ${formatVersion}, and this Rescrape reads ${FORMAT_VERSION}`);
}

/** The item of a version as its source names it, and asks for it. */
export function itemOf({ id, url, target, method, headers, body }: VersionItem): Item {
  return {
    id,
    url,
    ...(target !== undefined && { target }),
    ...(method && { method }),
    ...(headers && { headers }),
    ...(body !== undefined && { body }),
  };
}

/** Fingerprint of the schema that the rows of an item were read with; '' where nobody knows it. */
export function rowSchemaOf(item: VersionItem, { schema }: VersionDescriptor): string {
  return item.schema ?? schema?.fingerprint ?? '';
}

/** SHA-256 of a file, in hexadecimal. */
export function fileHash(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** How the index of the version lists the item where that is otherwise than ready. */
export function listedAs({
  state,
  listed,
}: Pick<VersionItem, 'state' | 'listed'>): WithoutResult | undefined {
  return isWithoutResult(state) ? state : listed;
}

export function isWithoutResult(state: VersionItem['state']): state is WithoutResult {
  return (WITHOUT_RESULT as readonly string[]).includes(state);
}

/** Sum of what a version holds, for reports and for the manifest's metadata. */
export interface VersionStats {
  /** Items that can have rows: those that are not `empty`, `pending`, `abandoned` or `void`. */
  readonly expected: number;
  readonly found: number;
  readonly empty: number;
  readonly pending: number;
  readonly abandoned: number;
  readonly void: number;
  readonly carried: number;
  /** Carried over or not. */
  readonly failed: number;
}

export function statsOf(items: readonly VersionItem[]): VersionStats {
  const count = (state: VersionItem['state']) => items.filter((item) => item.state === state).length;
  const carried = count('carried');
  const failed = carried + count('failed');
  const found = count('found');
  return {
    expected: found + failed,
    found,
    empty: count('empty'),
    pending: count('pending'),
    abandoned: count('abandoned'),
    void: count('void'),
    carried,
    failed,
  };
}
