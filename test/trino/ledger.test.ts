import { describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { schemaChanges } from '../../core/schema/schema-changes.ts';
import { tableSchema } from '../../core/schema/table-shape.ts';
import { ledgerOf } from './ledger.ts';
import { startLedgerSite } from './ledger-site.ts';

const NAMES = ['first', 'later', 'latest'] as const;

describe('the ledger, whose schema changes', () => {
  it.each(NAMES)('is a source that can be run, and reads every line of its site: %s', async (name) => {
    const site = await startLedgerSite();
    const source = ledgerOf(name);
    expect(source.problem).toBeUndefined();
    const url = `${site.url}/north/2026-11-22/e1`;
    const page = { url, status: 200, contentType: 'application/json', text: await (await fetch(url)).text() };
    const context = { page: 0, requests: [], rowKeys: new Set<string>(), settings: {} };
    const where = { value: 'north', date: civilDate('2026-11-22') };
    const parsed = source.parse(page, { id: 'e1', url }, where, context as never);
    await site.close();
    if (parsed.kind !== 'records') throw new Error(`the page is ${parsed.kind}`);
    expect(parsed.records).toHaveLength(3);
    for (const record of parsed.records)
      expect(source.table.schema.strict().safeParse(record).error?.issues).toBeUndefined();
  });

  it('changes in every way that old files are read through, and in none that loses a value', () => {
    const shapes = NAMES.map((name) => tableSchema(ledgerOf(name).table).shape);
    const kinds = (from: number) => schemaChanges(shapes[from]!, shapes[from + 1]!).map(({ kind }) => kind);
    expect(new Set(kinds(0))).toEqual(new Set(['added', 'removed', 'retyped']));
    expect(new Set(kinds(1))).toEqual(new Set(['removed', 'retyped', 'item-key', 'row-key']));
  });
});
