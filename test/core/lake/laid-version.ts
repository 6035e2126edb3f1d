import { merge } from '../../../core/lake/merge.ts';
import type { ScrapeResult } from '../../../core/lake/scrape-result.ts';
import type { VersionDescriptor } from '../../../core/lake/version.ts';
import type { Row } from '../../../core/schema/columns.ts';

/** A version with its rows by item, as publish makes one of the other. */
export interface Version {
  readonly descriptor: VersionDescriptor;
  readonly rows: ReadonlyMap<string, readonly Row[]>;
}

/** The version that a scrape makes of the current one; undefined where it makes none. */
export function lay(current: Version | undefined, result: ScrapeResult): Version | undefined {
  const merged = merge(current?.descriptor, result);
  if (!merged) return undefined;
  const rows = new Map(
    merged.items.map(
      ({ item, rows: own }) => [item.id, own === 'keep' ? (current?.rows.get(item.id) ?? []) : own] as const,
    ),
  );
  const all = [...rows.values()].flat();
  return {
    rows,
    descriptor: {
      formatVersion: 1,
      version: result.runId,
      previous: current?.descriptor.version ?? null,
      runId: result.runId,
      createdAt: '2026-11-20T00:00:00.000Z',
      decision: 'commit',
      reason: null,
      files: [{ key: 'k', rows: all.length, bytes: 0, sha256: '' }],
      rows: all.length,
      contentHash: '',
      index: merged.index,
      items: merged.items.map(({ item }) => item),
      withdrawn: [],
      repeated: [],
    },
  };
}

/** What a reader sees: the texts of each item that the version lists. */
export function texts(version: Version | undefined): Record<string, unknown[]> {
  return Object.fromEntries(
    [...(version?.rows ?? [])].sort().map(([id, rows]) => [id, rows.map((row) => row.text)]),
  );
}
