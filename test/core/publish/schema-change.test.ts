import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { checkLake } from '../../../core/completeness/lake-check.ts';
import { why } from '../../../core/explain/why.ts';
import { rollback } from '../../../core/publish/decisions.ts';
import { publish } from '../../../core/publish/publish.ts';
import { plan } from '../../../core/run/plan.ts';
import { reparse } from '../../../core/run/reparse.ts';
import { readWorkList } from '../../../core/run/work-list.ts';
import { decimal } from '../../../core/schema/columns.ts';
import { scrape } from '../../../core/scrape/scrape.ts';
import {
  ChangingSchema,
  DATE,
  FIRST,
  lotsSource,
  type Program,
  SHELF,
} from '../../e2e/support/changing-schema.ts';

async function reparsed(program: Program) {
  const range = { start: DATE, end: DATE };
  for await (const { result } of reparse(world.open(program), lotsSource(program), range)) return result;
  return undefined;
}

/** A lake that one program wrote, and a program of another schema. */

let world: ChangingSchema;
beforeEach(async () => {
  world = await ChangingSchema.start();
});
afterEach(() => world.close());

const { item, line, price, code } = FIRST.columns as Record<string, z.ZodType>;
const first = FIRST.record;
const X = { item: 'x', line: 1, price: 1675.25, code: '007' };
const Y = { item: 'y', line: 1, price: 2, code: '8' };

const ADDED: Program = {
  columns: { item: item!, line: line!, price: price!, code: code!, half: z.number().nullable() },
  record: (lot, id) => ({ ...first(lot, id), half: lot.price / 2 }),
};
const ADDED_REQUIRED: Program = {
  columns: { item: item!, line: line!, price: price!, code: code!, half: z.number() },
  record: (lot, id) => ({ ...first(lot, id), half: lot.price / 2 }),
};
const RENAMED: Program = {
  columns: { item: item!, line: line!, cost: z.number().nullable(), code: code! },
  record: (lot, id) => ({ item: id, line: lot.line, cost: lot.price, code: lot.code }),
};
const REMOVED: Program = {
  columns: { item: item!, line: line!, code: code! },
  record: (lot, id) => ({ item: id, line: lot.line, code: lot.code }),
};
const WIDENED: Program = {
  columns: { item: item!, line: z.number(), price: price!, code: code! },
  record: first,
};
const NARROWED: Program = {
  columns: { item: item!, line: line!, price: z.int().nullable(), code: code! },
  record: (lot, id) => ({ ...first(lot, id), price: Math.round(lot.price) }),
};
const RETYPED: Program = {
  columns: { item: item!, line: line!, price: price!, code: z.int() },
  record: (lot, id) => ({ ...first(lot, id), code: Number(lot.code) }),
};
const EXACT: Program = {
  columns: { item: item!, line: line!, price: decimal(8, 2).nullable(), code: code! },
  record: first,
};
const REQUIRED: Program = {
  columns: { item: item!, line: line!, price: z.number(), code: code! },
  record: first,
};
const ITEM_RENAMED: Program = {
  columns: { lot: z.string(), line: line!, price: price!, code: code! },
  record: (lot, id) => ({ lot: id, line: lot.line, price: lot.price, code: lot.code }),
  itemKey: 'lot',
};

describe('a schema that changed', () => {
  it.each<[string, Program, object[]]>([
    ['an optional column more', ADDED, [X, Y].map((row) => ({ ...row, half: row.price / 2 }))],
    ['a required column more', ADDED_REQUIRED, [X, Y].map((row) => ({ ...row, half: row.price / 2 }))],
    ['a column renamed', RENAMED, [X, Y].map(({ price: cost, ...row }) => ({ ...row, cost }))],
    ['a column less', REMOVED, [X, Y].map(({ price: _, ...row }) => row)],
    ['a column widened', WIDENED, [X, Y]],
    [
      'a column narrowed',
      NARROWED,
      [
        { ...X, price: '1675' },
        { ...Y, price: '2' },
      ],
    ],
    [
      'text that is numbers now',
      RETYPED,
      [
        { ...X, code: '7' },
        { ...Y, code: '8' },
      ],
    ],
    [
      'a column that is exact now',
      EXACT,
      [
        { ...X, price: '1675.25' },
        { ...Y, price: '2.00' },
      ],
    ],
    ['a column that is required now', REQUIRED, [X, Y]],
    ['the item key renamed', ITEM_RENAMED, [X, Y].map(({ item: lot, ...row }) => ({ ...row, lot }))],
  ])(
    '%s: the next run reads every page and writes the partition again, then nothing',
    async (_, next, rows) => {
      await world.run(FIRST);
      const before = await world.current(FIRST);
      expect(await world.run(next)).toMatchObject({ status: 'committed', previous: before.version });
      expect(world.answers).toEqual(['2026-03-10 200', 'x 200', 'y 200']);
      expect(await world.rows(next)).toEqual(rows.map((row) => expect.objectContaining(row)));
      expect(Object.keys((await world.rows(next))[0]!).toSorted()).toEqual(
        Object.keys(next.columns).toSorted(),
      );
      expect(await world.run(next)).toMatchObject({ status: 'unchanged' });
      expect(world.answers).toEqual(['2026-03-10 304', 'x 304', 'y 304']);
      expect((await world.current(next)).schema).not.toEqual(before.schema);
    },
  );

  it.each<[string, Program, object]>([
    ['an optional column more is null', ADDED, { ...Y, half: null }],
    ['a column renamed is null', RENAMED, { item: 'y', line: 1, cost: null, code: '8' }],
    ['a column less is gone', REMOVED, { item: 'y', line: 1, code: '8' }],
    ['a column widened is cast', WIDENED, Y],
    ['a column narrowed is cast where nothing is lost', NARROWED, { ...Y, price: '2' }],
    ['text that is a number is one', RETYPED, { ...Y, code: '8' }],
    ['a column that is exact is cast', EXACT, { ...Y, price: '2.00' }],
    ['a column that is required now has a value', REQUIRED, Y],
    ['its id fills a renamed item key', ITEM_RENAMED, { lot: 'y', line: 1, price: 2, code: '8' }],
  ])('rows of an item that fails are taken over by name: %s, until it is read', async (_, next, row) => {
    await world.run(FIRST);
    world.broken.add('y');
    expect(await world.run(next)).toMatchObject({ status: 'committed', stats: { found: 1, carried: 1 } });
    expect(await world.rows(next)).toContainEqual(row);
    expect(await world.rows(next)).toHaveLength(2);
    // Its page has not changed since, but what is kept of it was read for another schema.
    world.broken.clear();
    expect(await world.run(next)).toMatchObject({ status: 'committed', stats: { carried: 0 } });
    expect(world.answers).toEqual(['2026-03-10 304', 'x 304', 'y 200']);
    const full = await world.rows(next);
    expect(full.find((each) => (each.item ?? each.lot) === 'y')).not.toContain(null);
    expect(await world.run(next)).toMatchObject({ status: 'unchanged' });
    expect(world.answers).toEqual(['2026-03-10 304', 'x 304', 'y 304']);
  });

  it.each<[string, Program, string]>([
    ['a required column more', ADDED_REQUIRED, 'its new column half (double) is required, and item x'],
    ['a fraction', NARROWED, 'its column price was double and is int64 now, and 1675.25 of item x'],
    ['a text with zeros', RETYPED, 'its column code was string and is int64 now, and "007" of item x'],
  ])('rows that it cannot hold are told by name, and the version before stays: %s', async (_, next, told) => {
    await world.run(FIRST);
    const before = await world.current(FIRST);
    world.broken.add('x');
    const refused = await world.run(next);
    expect(refused).toMatchObject({ status: 'failed', version: before.version, run: 'failed' });
    expect(refused.reason).toContain(`table lots: ${told}, which was not read this time,`);
    expect(refused.reason).toContain(
      'rescrape run lots --target a --start 2026-03-10 --end 2026-03-10 --force',
    );
    expect(refused.reason).toContain('rescrape reparse lots --target a');
    expect(refused.reason).toContain('an optional column');
    expect(refused.reason).not.toContain('\n');
    expect(await world.rows(FIRST)).toEqual([X, Y]);
    // Its capture is there: nobody has to ask the site.
    expect(await reparsed(next)).toMatchObject({ status: 'committed', stats: { found: 2 } });
    expect(await world.rows(next)).toHaveLength(2);
  });

  it('is written by reparse and by --force, also where no value changed', async () => {
    await world.run(FIRST);
    expect(await reparsed(RENAMED)).toMatchObject({ status: 'committed', changed: false });
    expect(await world.rows(RENAMED)).toContainEqual({ item: 'y', line: 1, cost: 2, code: '8' });
    expect(await reparsed(RENAMED)).toMatchObject({ status: 'unchanged' });
    expect(await world.run(WIDENED, { force: true })).toMatchObject({ status: 'committed' });
    expect(await world.run(WIDENED, { force: true })).toMatchObject({ status: 'unchanged' });
  });

  it('keeps the versions of before as they are', async () => {
    await world.run(FIRST);
    const before = await world.current(FIRST);
    await world.run(RETYPED);
    expect((await world.current(RETYPED)).previous).toBe(before.version);
    expect(before.files).toEqual(
      (await world.current(FIRST)).previous === before.version ? before.files : [],
    );
  });

  it('with another item key does not lose items whose rows call them otherwise', async () => {
    await world.run(FIRST);
    world.broken.add('x').add('y');
    const refused = await world.run({ ...FIRST, itemKey: 'code' });
    expect(refused).toMatchObject({ status: 'failed', run: 'failed' });
    expect(refused.reason).toContain('its item key is code now, by which no row is of item x, which was not');
    expect(await world.rows(FIRST)).toEqual([X, Y]);
  });

  it('with a row key that does not tell rows apart is refused', async () => {
    world.lots.set('x', [
      { line: 1, price: 1, code: '1' },
      { line: 2, price: 1, code: '1' },
    ]);
    await world.run(FIRST);
    world.broken.add('x');
    const refused = await world.run({ ...FIRST, rowKey: ['item', 'code'] });
    expect(refused).toMatchObject({ status: 'failed' });
    expect(refused.reason).toContain(
      'its row key is (item, code) now, and does not tell apart the rows of item x',
    );
    expect(await world.rows(FIRST)).toHaveLength(3);
    expect(await world.run({ ...FIRST, rowKey: ['item', 'code', 'line'] })).toMatchObject({
      status: 'committed',
    });
    expect(await world.rows(FIRST)).toHaveLength(3);
  });
});

describe('a version of another schema that a person puts back', () => {
  it('is made current where readers can have it in the schema of today, and the next run writes it anew', async () => {
    await world.run(FIRST);
    const before = await world.current(FIRST);
    await world.run(RENAMED);
    const platform = world.open(RENAMED);
    const [source] = platform.sources;
    expect(await rollback(platform, source!, SHELF, { actor: 'me' })).toMatchObject({
      version: before.version,
    });
    expect(await world.rows(FIRST)).toEqual([X, Y]);
    expect(await world.run(RENAMED)).toMatchObject({ status: 'committed', previous: before.version });
  });

  it('is refused by name where a column of today cannot hold it', async () => {
    await world.run(FIRST);
    const before = await world.current(FIRST);
    await world.run(RETYPED);
    const platform = world.open(RETYPED);
    const [source] = platform.sources;
    await expect(rollback(platform, source!, SHELF, { actor: 'me' })).rejects.toThrow(
      `version ${before.version} cannot be made current: column code of table lots (int64, and was string): "007" would not be the same in ${before.files[0]!.key}`,
    );
    expect((await world.current(RETYPED)).previous).toBe(before.version);
    const old = world.open(FIRST);
    await rollback(old, old.sources[0]!, SHELF, { actor: 'me' });
    expect(await world.rows(FIRST)).toEqual([X, Y]);
  });
});

describe('a lake of before schemas were kept', () => {
  beforeEach(async () => {
    await world.run(FIRST);
    await world.forgetSchema(FIRST);
  });

  it('is left as it is by a night that finds nothing changed', async () => {
    const { version } = await world.current(FIRST);
    expect(await world.run(FIRST)).toMatchObject({ status: 'unchanged', version });
    expect(world.answers).toEqual(['2026-03-10 304', 'x 304', 'y 304']);
    expect(await world.run(FIRST, { force: true })).toMatchObject({ status: 'unchanged', version });
  });

  it('is written again where its files have other columns than today', async () => {
    world.broken.add('y');
    expect(await world.run(RENAMED)).toMatchObject({ status: 'committed', stats: { carried: 1 } });
    expect(world.answers.slice(0, 3)).toEqual(['2026-03-10 200', 'x 200', 'y 500']);
    expect(await world.rows(RENAMED)).toContainEqual({ item: 'y', line: 1, cost: null, code: '8' });
    world.broken.clear();
    expect(await world.run(RENAMED)).toMatchObject({ status: 'committed', stats: { carried: 0 } });
    expect(await world.rows(RENAMED)).toContainEqual({ item: 'y', line: 1, cost: 2, code: '8' });
    expect(await world.run(RENAMED)).toMatchObject({ status: 'unchanged' });
  });

  it('says by its rows which column was its item key', async () => {
    world.broken.add('y');
    expect(await world.run(ITEM_RENAMED)).toMatchObject({ status: 'committed', stats: { carried: 1 } });
    expect(await world.rows(ITEM_RENAMED)).toContainEqual({ lot: 'y', line: 1, price: 2, code: '8' });
  });

  it('is held against what was committed, by the columns that it has', async () => {
    const check = () => {
      const platform = world.open(ITEM_RENAMED);
      return checkLake(platform, platform.sources[0]!, { start: DATE, end: DATE });
    };
    expect(await check()).toMatchObject({ rows: 2, findings: [] });
    world.lots.set('y', [{ line: 1, price: 3, code: '9' }]);
    await world.run(FIRST);
    expect(await check()).toMatchObject({ rows: 2, findings: [] });
  });
});

describe('a table that is called otherwise', () => {
  it('leaves the data of before where it is, says so once, and is filled from the captures', async () => {
    await world.run(FIRST);
    const next: Program = { ...FIRST, table: 'auctions' };
    await world.run(next);
    const message =
      'source lots writes table auctions from now on, and wrote lots before: what is there stays in the lake as it is, and belongs to no source any more; fill the new one from the captures: rescrape reparse lots; and see which dates it lacks after that: rescrape schema diff lots';
    expect(world.warnings.filter((each) => each.includes('table'))).toEqual([message]);
    await world.run(next);
    expect(world.warnings.filter((each) => each.includes('table'))).toHaveLength(1);
    expect(await world.rows(FIRST)).toEqual([X, Y]);
    expect(await world.rows(next)).toEqual([X, Y]);
  });

  it.each([
    ['another table', { ...FIRST, table: 'auctions' }, 'table auctions, divided by shelf'],
    ['another column', { ...FIRST, shelf: 'rack' }, 'table lots, divided by rack'],
  ] as [string, Program, string][])(
    'is told to an older program that goes on: %s',
    async (_, next, where) => {
      await world.run(FIRST);
      await world.run(next);
      const before = world.warnings.length;
      world.lots.set('y', [{ line: 1, price: 3, code: '9' }]);
      await world.run(FIRST);
      const told = world.warnings.slice(before);
      expect(
        told.filter((each) => each.includes(`a newer program writes source lots into ${where}`)),
      ).toHaveLength(1);
      expect(await world.rows(next)).toEqual([X, Y]);
    },
  );

  it('the same where it is divided by another column', async () => {
    await world.run(FIRST);
    const next: Program = { ...FIRST, shelf: 'rack' };
    await world.run(next);
    expect(world.warnings).toEqual([
      'table lots is divided by rack from now on: its partitions by shelf stay in the lake as they are, and belong to no table any more; fill the new one from the captures: rescrape reparse lots; and see which dates it lacks after that: rescrape schema diff lots',
    ]);
    expect(await world.rows(FIRST)).toEqual([X, Y]);
    expect(await world.rows(next)).toEqual([X, Y]);
  });
});

describe('two versions of the program in turn', () => {
  it('the older one does not commit over what the newer one wrote, and the run fails', async () => {
    await world.run(FIRST);
    await world.run(ADDED);
    const before = await world.current(ADDED);
    world.lots.set('y', [{ line: 1, price: 3, code: '9' }]);
    const refused = await world.run(FIRST);
    expect(refused).toMatchObject({ status: 'failed', run: 'failed', version: before.version });
    expect(refused.reason).toBe(
      'its current version was written with a newer schema of table lots (parserVersion 1) than this program has (parserVersion 1): deploy the program that has it, or raise parserVersion of lots above 1 to go back on purpose',
    );
    const platform = world.open(FIRST);
    const story = await why(platform, platform.sources[0]!, SHELF, null);
    expect(JSON.stringify(story)).toContain('written with a newer schema of table lots');
    expect(await world.run(FIRST, { force: true })).toMatchObject({ status: 'failed' });
    expect(await world.rows(ADDED)).toContainEqual({ ...Y, half: 1 });
    expect(await world.run(ADDED)).toMatchObject({ status: 'committed' });
    expect(await world.rows(ADDED)).toContainEqual({ item: 'y', line: 1, price: 3, code: '9', half: 1.5 });
  });

  it('goes back on purpose with a higher parserVersion, and then that is the newer one', async () => {
    await world.run(FIRST);
    await world.run(ADDED);
    expect(await world.run({ ...FIRST, parserVersion: 2 })).toMatchObject({ status: 'committed' });
    expect(await world.rows(FIRST)).toEqual([X, Y]);
    const refused = await world.run(ADDED);
    expect(refused.reason).toContain('(parserVersion 2) than this program has (parserVersion 1)');
    // The same schema under the number of before changes nothing about that.
    world.lots.set('y', [{ line: 1, price: 3, code: '9' }]);
    expect(await world.run(FIRST)).toMatchObject({ status: 'committed' });
    expect(await world.run(ADDED)).toMatchObject({ status: 'failed' });
  });

  it('are in one order, whoever of many begins at the same moment', async () => {
    const programs = [FIRST, ADDED, REMOVED, WIDENED, EXACT];
    await world.run(FIRST);
    const answers = await Promise.all(programs.map(reparsed));
    expect(answers).toContainEqual(expect.objectContaining({ status: 'committed' }));
    for (const program of programs) await reparsed(program);
    // Whoever is the newest has won, and nobody else commits any more.
    const { schema } = await world.current(FIRST);
    const again = await Promise.all(programs.map(reparsed));
    const ends = again.map((result) => result !== 'no-captures' && result?.status);
    expect(ends.filter((end) => end === 'unchanged')).toHaveLength(1);
    expect(ends.filter((end) => end === 'failed')).toHaveLength(4);
    expect((await world.current(FIRST)).schema).toEqual(schema);
  });

  it('where one reads the pages and the other publishes them, the older reader is cast by name', async () => {
    expect(await readAndPublished(FIRST, RENAMED)).toMatchObject({ status: 'committed', rows: 2 });
    expect(await world.rows(RENAMED)).toContainEqual({ item: 'y', line: 1, cost: null, code: '8' });
    // It is known that they were not read for this schema.
    expect(await world.run(RENAMED)).toMatchObject({ status: 'committed' });
    expect(world.answers).toEqual(['2026-03-10 304', 'x 200', 'y 200']);
    expect(await world.rows(RENAMED)).toContainEqual({ item: 'y', line: 1, cost: 2, code: '8' });
    const refused = await readAndPublished(FIRST, { ...RETYPED, parserVersion: 2 });
    expect(refused).toMatchObject({ status: 'failed' });
    expect(refused.reason).toContain(
      'its column code was string and is int64 now, and "007" of item x, which an older program read,',
    );
  });

  it('and what it read is on record as read for this schema once it was, also where every value is the same', async () => {
    await readAndPublished(FIRST, WIDENED);
    expect((await world.current(WIDENED)).items.map(({ schema }) => schema)).not.toContain(undefined);
    expect(await world.run(WIDENED)).toMatchObject({ status: 'committed', changed: false });
    expect((await world.current(WIDENED)).items.map(({ schema }) => schema)).toEqual([undefined, undefined]);
    expect(await world.run(WIDENED)).toMatchObject({ status: 'unchanged' });
    expect(world.answers).toEqual(['2026-03-10 304', 'x 304', 'y 304']);
  });

  it('and what a newer program read is not published by an older one', async () => {
    await world.run(FIRST);
    const refused = await readAndPublished(ADDED, FIRST);
    expect(refused).toMatchObject({ status: 'failed' });
    expect(refused.reason).toContain('its pages were read with a newer schema of table lots');
    expect(await world.rows(FIRST)).toEqual([X, Y]);
  });

  /** A run whose process is replaced by one of another program between its stages. */
  async function readAndPublished(reader: Program, publisher: Program) {
    const platform = world.open(reader);
    const window = { source: 'lots', start: DATE, end: DATE, force: true };
    const { workList } = await plan(platform, { ...window, runId: platform.newId() });
    const [work] = await Array.fromAsync(readWorkList(platform, workList.key));
    while (!(await scrape(platform, work!)).done);
    return publish(world.open(publisher), work!);
  }
});
