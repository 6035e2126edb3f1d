import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Platform } from '../../../core/platform.ts';
import { publishExtraction } from '../../../core/publish-extraction/publish-extraction.ts';
import { currentRows } from '../../e2e/support/lake-reading.ts';
import { CatalogWorld, pagesOf } from './catalog-world.ts';

let world: CatalogWorld;
beforeEach(() => {
  world = new CatalogWorld(pagesOf(1, 2));
});
afterEach(() => world.close());

/** A publication by the program whose courses have one column more. */
async function publishedByNext(): Promise<string[]> {
  const { platform } = world;
  const context = world.context();
  const column = { shout: z.string() };
  const tables = context.extraction.tables.map((table) =>
    table.table === 'courses'
      ? {
          ...table,
          schema: table.schema.extend(column),
          rowsOf: (...asked: Parameters<typeof table.rowsOf>) =>
            table.rowsOf(...asked).map((row) => ({ ...row, shout: String(row.course_name).toUpperCase() })),
        }
      : table,
  );
  const sources = platform.sources.map((source) =>
    source.table.name === 'courses'
      ? { ...source, table: { ...source.table, schema: source.table.schema.extend(column) } }
      : source,
  );
  const next: Platform = { ...platform, sources };
  const extraction = { ...context.extraction, tables };
  const { partitions } = await publishExtraction(next, { ...context, extraction }, { isAlone: true });
  return partitions.map(({ source, outcome }) =>
    outcome.kind === 'published' ? `${source} ${outcome.result.status}` : source,
  );
}

describe('pages whose table has another schema now', () => {
  it('are read again from their results by the next publication, though nothing else changed', async () => {
    await world.run();
    await world.publish();
    expect(await world.published()).toEqual([]);
    expect(await publishedByNext()).toEqual(['catalog-pages unchanged', 'courses committed']);
    const [rows] = [...(await currentRows(world.directory, 'courses')).values()];
    expect(rows!.map(({ shout }) => shout)).toEqual(pagesOf(1, 2).map((key) => `ON ${key.toUpperCase()}`));
    expect(await publishedByNext()).toEqual([]);
  });
});
