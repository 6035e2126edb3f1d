import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Table } from '../source/source.ts';
import type { Cell, Column, Row } from './schema.ts';

/** How an item stands in a version. `carried`: its last attempt failed, its rows are older. `failed`: it has no rows. */
const ITEM_STATES = ['found', 'empty', 'carried', 'failed'] as const;

const versionItemSchema = z.object({
  id: z.string(),
  url: z.string(),
  state: z.enum(ITEM_STATES),
  rows: z.int(),
  /** When the source last confirmed what the version holds of the item; milliseconds. 0 where it never did. */
  checkedAt: z.number(),
  /** Version of the parser that made the rows. */
  parserVersion: z.int(),
  capture: z.string().nullable(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});
export type VersionItem = z.infer<typeof versionItemSchema>;

const descriptorSchema = z.object({
  formatVersion: z.literal(1),
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
  /** The index page that the list of items comes from. */
  index: z.object({
    url: z.string(),
    checkedAt: z.number(),
    parserVersion: z.int(),
    capture: z.string().nullable(),
    etag: z.string().optional(),
    lastModified: z.string().optional(),
  }),
  items: z.array(versionItemSchema),
});

/** One immutable state of a partition: which files, which items, from which pages. */
export type VersionDescriptor = z.infer<typeof descriptorSchema>;
export type VersionIndex = VersionDescriptor['index'];

export function encodeDescriptor(descriptor: VersionDescriptor): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(descriptor));
}

/** Throws where the bytes are no descriptor of a known format. */
export function decodeDescriptor(bytes: Uint8Array): VersionDescriptor {
  return descriptorSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

/** Rows by the item that they belong to. */
export function rowsByItem(table: Table, rows: readonly Row[]): Map<string, Row[]> {
  const byItem = new Map<string, Row[]>();
  for (const row of rows) {
    const id = String(row[table.itemKey]);
    const group = byItem.get(id);
    if (group) group.push(row);
    else byItem.set(id, [row]);
  }
  return byItem;
}

/** SHA-256 over the rows in row-key order, lineage left out: equal hashes mean that nothing a reader cares about changed. */
export function contentHash(columns: readonly Column[], rows: readonly Row[]): string {
  const own = columns.filter((column) => !column.name.startsWith('_')).map((column) => column.name);
  const hash = createHash('sha256');
  for (const row of rows)
    hash.update(JSON.stringify(own.map((name): Cell => row[name] ?? null))).update('\n');
  return hash.digest('hex');
}

/** SHA-256 of a file, in hexadecimal. */
export function fileHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Sum of what a version holds, for reports and for the manifest's metadata. */
export interface VersionStats {
  readonly expected: number;
  readonly found: number;
  readonly empty: number;
  readonly carried: number;
  /** Carried over or not. */
  readonly failed: number;
}

export function statsOf(items: readonly VersionItem[]): VersionStats {
  const count = (state: VersionItem['state']) => items.filter((item) => item.state === state).length;
  const carried = count('carried');
  return {
    expected: items.length,
    found: count('found'),
    empty: count('empty'),
    carried,
    failed: carried + count('failed'),
  };
}
