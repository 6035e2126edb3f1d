import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openDirectoryObjectStore } from '../../adapters/local/directory-object-store.ts';
import { type SchemaFinding, schemaFindings } from '../../core/completeness/schema-findings.ts';
import type { VersionDescriptor } from '../../core/lake/version.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import type { Source } from '../../core/source/source.ts';
import type { DemoSite } from '../../demo/site.ts';
import { openLocalPlatform } from '../../runtime/local.ts';
import { runLocally } from '../../runtime/local-run.ts';
import { runnerSchema } from '../../sources/racing/schema.ts';
import { racing } from '../../sources/racing/source.ts';
import { DAY, settingsFor, startSmallSite } from '../e2e/support/small-site.ts';
import { testClock } from '../e2e/support/test-time.ts';
import { toldOfCalls } from '../e2e/support/watched-stores.ts';
import { rescrape, rescrapeItems } from './support/command-line.ts';
import { forgetSchemas, rewriteSchema } from './support/earlier-schema.ts';

/** The table as an earlier version of the program has it. */
function earlier(schema: z.ZodObject, parserVersion = racing.parserVersion): Source {
  return { ...racing, parserVersion, table: { ...racing.table, schema } };
}

describe('schema diff', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-cli-'));
  let site: DemoSite;

  beforeAll(async () => {
    site = await startSmallSite();
  });
  afterAll(async () => {
    await site.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** A lake in which one program scraped Great Britain, and this one Ireland. */
  async function lakeOf(
    name: string,
    source: Source,
    which: 'both' | 'first' | 'second' = 'both',
  ): Promise<string> {
    const place = join(directory, name);
    const programs = [
      [[source], 'gb'],
      [undefined, 'ire'],
    ] as const;
    for (const [sources, target] of programs.slice(which === 'second' ? 1 : 0, which === 'first' ? 1 : 2)) {
      const platform = openLocalPlatform({
        ...{ directory: place, clock: testClock, env: settingsFor(site) },
        ...(sources && { sources }),
      });
      const window = { start: DAY, end: DAY, targets: [target], force: false };
      const end = await runLocally(platform, { source: 'racing', ...window });
      await platform.close();
      expect(end.kind).toBe('finished');
    }
    return place;
  }

  it('finds nothing where everything is of the schema of today', async () => {
    const place = await lakeOf('same', racing);
    expect(await rescrapeItems(place, 'schema', 'diff')).toEqual([]);
    expect(await rescrape(place, 'schema', 'diff')).toMatchObject({
      code: 0,
      stdout: 'every current version was written by the schema of today\n',
    });
  });

  it('tells what becomes of a column that was added, widened or removed, and that nothing is to be decided', async () => {
    const before = runnerSchema.omit({ comment: true }).extend({ keeper: z.string().nullish() });
    const place = await lakeOf('harmless', earlier(before));
    const said = await rescrape(place, 'schema', 'diff', 'racing');
    expect(said).toMatchObject({ code: 0, stderr: '' });
    const found = (await rescrapeItems(place, 'schema', 'diff')) as SchemaFinding[];
    const where = {
      source: 'racing',
      table: 'racing_results',
      partitions: 1,
      first_date: DAY,
      last_date: DAY,
    };
    expect(found).toMatchObject([
      { ...where, change: 'added', column: 'comment', before: null, today: 'string', needs_author: false },
      { ...where, change: 'removed', column: 'keeper', before: 'string', today: null, needs_author: false },
    ]);
    for (const { effect } of found) expect(said.stdout).toContain(effect);
  });

  it('ends with 3, and says how pages are read again, where values of before may not fit', async () => {
    const place = await lakeOf('narrowed', earlier(runnerSchema.extend({ ran: z.int() })));
    const said = await rescrape(place, 'schema', 'diff', 'racing');
    expect(said.code).toBe(3);
    expect(said.stdout).toMatch(/ran +│ int64 +│ int32/);
    expect(said.stderr).toContain('a change of racing_results is to be decided before it is deployed');
    expect(said.stderr).toContain(`rescrape reparse racing --start ${DAY} --end ${DAY} --local ${place};`);
    expect(said.stderr).toMatch(/rescrape run racing --start \S+ --end \S+ --force --local \S+\n$/);
  });

  it('says that a program of a higher parserVersion wrote it', async () => {
    const newer = earlier(runnerSchema.extend({ keeper: z.string().nullish() }), racing.parserVersion + 1);
    const place = await lakeOf('newer', newer);
    const found = (await rescrapeItems(place, 'schema', 'diff')) as SchemaFinding[];
    expect(found[0]).toMatchObject({ change: 'newer-program', before: '3', today: '2', needs_author: true });
    const { stderr } = await rescrape(place, 'schema', 'diff', 'racing');
    expect(stderr).toContain('use the newer program, or raise parserVersion of racing');
    // Neither gets past the newer one.
    expect(stderr).not.toMatch(/reparse|--force/);
  });

  it('tells of a version of before schemas were kept by the columns of its files', async () => {
    const place = await lakeOf('old', earlier(runnerSchema.omit({ comment: true })));
    const unsaid = ({ schema: _, ...descriptor }: VersionDescriptor) => descriptor;
    await rewriteSchema(place, racing.table, { value: 'gb', date: DAY }, unsaid);
    const found = await rescrapeItems(place, 'schema', 'diff', 'racing');
    expect(found).toMatchObject([{ change: 'added', column: 'comment', partitions: 1 }]);
  });

  it('opens one descriptor for each other schema, and where manifests do not name theirs, all', async () => {
    const place = await lakeOf('counted', earlier(runnerSchema.omit({ comment: true })));
    const store = openDirectoryObjectStore(join(place, 'lake'));
    const read: string[] = [];
    const lake = toldOfCalls<ObjectStore>(store, (method, key) => {
      if (method === 'get') read.push(String(key));
    });
    const descriptors = () => read.splice(0).filter((key) => key.startsWith('data/racing_results/'));
    const told = await schemaFindings(lake, racing, [racing]);
    expect(told).toMatchObject([{ change: 'added', column: 'comment', partitions: 1 }]);
    expect(descriptors()).toEqual([expect.stringContaining('/country=gb/')]);
    await forgetSchemas(store, racing.table);
    expect(await schemaFindings(lake, racing, [racing])).toEqual(told);
    expect(descriptors()).toHaveLength(2);
    store.close();
  });

  it('tells where a table got another name, until the new one has all of its partitions', async () => {
    const before = { ...racing, table: { ...racing.table, name: 'race_results' } };
    const place = await lakeOf('renamed', before, 'first');
    expect(await rescrape(place, 'schema', 'diff', 'racing')).toMatchObject({ code: 3 });
    const found = (await rescrapeItems(place, 'schema', 'diff')) as SchemaFinding[];
    const renamed = { change: 'table', before: 'race_results', today: 'racing_results', partitions: 1 };
    expect(found).toMatchObject([{ ...renamed, first_date: DAY, needs_author: true }]);
    // Another partition of the new table than the one that is left in the old one.
    await lakeOf('renamed', racing, 'second');
    expect(await rescrapeItems(place, 'schema', 'diff')).toMatchObject([{ ...renamed, needs_author: false }]);
    await lakeOf('renamed', racing);
    expect(await rescrapeItems(place, 'schema', 'diff')).toEqual([]);
  });

  it('tells where a table is divided by another column, which leaves it readable', async () => {
    const table = { ...racing.table, partitionBy: ['land', 'date'] } as const;
    const place = await lakeOf('divided', { ...racing, table }, 'first');
    const divided = { change: 'partition-by', before: 'land', today: 'country', partitions: 1 };
    const isTold = async () => (await rescrapeItems(place, 'schema', 'diff')) as SchemaFinding[];
    expect(await isTold()).toMatchObject([{ ...divided, first_date: DAY, needs_author: true }]);
    await lakeOf('divided', racing);
    expect(await isTold()).toEqual([]);
    const said = await rescrape(
      place,
      'query',
      'SELECT DISTINCT country FROM racing_results ORDER BY 1',
      '--csv',
    );
    expect(said).toMatchObject({ code: 0, stdout: 'country\r\ngb\r\nire\r\n' });
  });

  it('has a query say which NULL is of a file that lacks the column', async () => {
    const place = await lakeOf('lacking', earlier(runnerSchema.omit({ horse: true })));
    const said = await rescrape(place, 'query', 'SELECT horse FROM racing_results LIMIT 1', '--csv');
    expect(said).toMatchObject({ code: 0 });
    expect(said.stderr).toMatch(/^note: horse of racing_results is NULL in all rows of 1 of 2 files, /);
  });

  it('refuses a source that there is not', async () => {
    expect(await rescrape(directory, 'schema', 'diff', 'mars')).toMatchObject({ code: 2 });
  });
});
