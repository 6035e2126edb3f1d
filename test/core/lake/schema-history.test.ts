import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryObjectStore } from '../../../adapters/local/directory-object-store.ts';
import { schemaHistoryKey } from '../../../core/lake/layout.ts';
import { CorruptLakeError } from '../../../core/lake/manifest.ts';
import { type KnownSchema, SchemaHistory, tablesOnceOf } from '../../../core/lake/schema-history.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-history-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** As another process sees the lake: it has read nothing yet. */
const open = () => openDirectoryObjectStore(root);
const history = (lake = open()) => new SchemaHistory(lake, 'lots');
const known = (fingerprint: string, parserVersion = 1): KnownSchema => ({
  fingerprint,
  parserVersion,
  firstSeenAt: '2026-03-10T00:00:00.000Z',
  source: 'lots',
  partitionBy: ['shelf', 'date'],
});

async function fingerprints(): Promise<string[]> {
  const stored = await open().get(schemaHistoryKey('lots'));
  const { schemas } = JSON.parse(new TextDecoder().decode(stored!.body));
  return schemas.map(({ fingerprint }: KnownSchema) => fingerprint);
}

describe('the schemas that a table was written with', () => {
  it('are in the order in which they were seen first, whatever many processes append at once', async () => {
    await history().record([known('a')]);
    const names = ['b', 'c', 'd', 'e', 'f', 'g', 'h'];
    await Promise.all(names.map((name) => history().record([known('a'), known(name)])));
    const order = await fingerprints();
    expect(order[0]).toBe('a');
    expect(order.toSorted()).toEqual(['a', ...names]);
    for (const [at, own] of order.entries())
      for (const [otherAt, other] of order.entries())
        expect(await history().isOlder(known(own), known(other))).toBe(at < otherAt);
  });

  it('are there once each, and are read again only where one is missing', async () => {
    const lake = open();
    const own = history(lake);
    expect(await own.record([known('a'), known('b')])).toEqual([]);
    expect(await own.record([known('b')])).toBeUndefined();
    await history().record([known('c')]);
    expect(await own.isOlder(known('b'), known('c'))).toBe(true);
    expect(await own.record([known('d')])).toEqual([known('a'), known('b'), known('c')]);
    expect(await fingerprints()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are newer with a higher parserVersion, whenever they were seen', async () => {
    await history().record([known('a'), known('b'), known('a', 3)]);
    expect(await history().isOlder(known('b'), known('a', 3))).toBe(true);
    expect(await history().isOlder(known('a', 3), known('b'))).toBe(false);
    expect(await history().isOlder(known('a'), known('b'))).toBe(true);
  });

  it('one that nobody has seen is the newest, and none is older than itself', async () => {
    await history().record([known('a')]);
    expect(await history().isOlder(known('b'), known('a'))).toBe(false);
    expect(await history().isOlder(known('a'), known('b'))).toBe(true);
    expect(await history().isOlder(known('a'), known('a'))).toBe(false);
    expect(await history().isOlder(known('b'), known('c'))).toBe(false);
  });

  it('that cannot be read decide nothing: it is said what to do', async () => {
    await open().put(schemaHistoryKey('lots'), new TextEncoder().encode('{"schemas":[{}]}'));
    await expect(history().isOlder(known('a'), known('b'))).rejects.toThrow(CorruptLakeError);
    await expect(history().record([known('a')])).rejects.toThrow(/data\/_schemas\/lots\.json .*delete it/);
  });

  it('say which tables a source wrote that no source writes now', async () => {
    const of = (table: string, ...sources: string[]) =>
      new SchemaHistory(open(), table).record(
        sources.map((source, at) => ({ ...known(`${table}${at}`), source })),
      );
    await of('lots', 'lots');
    await of('auctions', 'lots');
    await of('given', 'lots', 'others');
    expect(await tablesOnceOf(open(), 'lots', new Set(['auctions']))).toEqual(['lots']);
  });
});
