import { afterEach, describe, expect, it } from 'vitest';
import { addDays } from '../../../core/calendar/civil-date.ts';
import { accept, reject } from '../../../core/publish/decisions.ts';
import { markdown } from '../../../core/report/markdown.ts';
import { runReport } from '../../../core/report/run-report.ts';
import { logRows } from '../../e2e/support/lake-reading.ts';
import { DATE, ListedSite, listPage, PLACE } from '../../e2e/support/listed-site.ts';

let site: ListedSite;
afterEach(() => site[Symbol.asyncDispose]());

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `i${from + at}`);

/** A day of so many items, published; then its index lists only the first of them. */
async function shrunk(from: number, to: number, options: Parameters<typeof ListedSite.start>[0] = {}) {
  site = await ListedSite.start(options);
  site.index(listPage(ids(from)));
  await site.publish();
  site.index(listPage(ids(to)));
  return site.run();
}

describe('items that the index no longer lists', () => {
  it('go with their rows, and are counted and named wherever anybody looks', async () => {
    const { run, partitions } = await shrunk(8, 6);
    expect(partitions[0]!.result).toMatchObject({
      status: 'committed',
      rows: 6,
      withdrawn: [
        { id: 'i6', rows: 1, why: 'unlisted' },
        { id: 'i7', rows: 1, why: 'unlisted' },
      ],
    });
    expect(run).toMatchObject({
      status: 'incomplete',
      items_withdrawn: 2,
      items_expected: 6,
      items_found: 6,
    });
    const report = await site.completeness();
    expect(report).toMatchObject({
      verdict: 'suspicious',
      reasons: [{ status: 'suspicious', partitions: 1 }],
    });
    expect(report.targets[0]!.dates[0]).toMatchObject({ withdrawn: 2, withdrawnItems: ['i6', 'i7'] });
    const told = await site.why();
    expect(told.answer).toContain('2 items with rows withdrawn by the index (i6, i7)');
    expect(told.next).toMatchObject([{ command: `rescrape partitions rollback listed/a/${DATE} --dry-run` }]);
    expect((await site.why('i7')).answer).toContain(
      'no longer lists it; the 1 rows that it had went with version',
    );
    const commits = await logRows(site.directory, 'commits');
    expect(commits.map(({ items_withdrawn }) => items_withdrawn)).toContain(2);
  });

  it('stay named by every run while they are gone, and are forgotten when they come back', async () => {
    await shrunk(8, 6);
    const again = await site.run();
    expect(again.run).toMatchObject({ status: 'incomplete', unchanged: 1, items_withdrawn: 2 });
    const report = markdown(runReport(again));
    expect(report).toContain(
      `listed/a/${DATE} is suspicious: 2 items with rows withdrawn by the index (i6, i7)`,
    );
    expect((await site.completeness()).targets[0]!.items.withdrawn).toBe(2);
    site.index(listPage(['new', ...ids(7)]));
    expect(await site.publish()).toMatchObject({ status: 'committed', withdrawn: [{ id: 'i7' }] });
    site.index(listPage(['new', ...ids(8)]));
    expect(await site.publish()).toMatchObject({ status: 'committed', rows: 9, withdrawn: [] });
    expect((await site.completeness()).targets[0]!.items.withdrawn).toBe(0);
  });

  it.each([
    ['more than half of the items', 8, 3, 0.5, 'held'],
    ['half of them, which is all that is allowed', 8, 4, 0.5, 'held'],
    ['three of ten, where so many are allowed', 10, 7, 0.3, 'held'],
    ['less than half of them', 8, 5, 0.5, 'committed'],
    ['more than a tenth, where no more is allowed', 8, 7, 0.1, 'held'],
    ['one of many', 8, 7, 0.5, 'committed'],
  ] as const)('%s: %i to %i with maxShrink %d is %s', async (_, from, to, maxShrink, status) => {
    const { partitions } = await shrunk(from, to, { maxShrink });
    expect(partitions[0]!.result).toMatchObject({ status, rows: status === 'held' ? from : to });
  });

  it.each([
    ['loses most of its rows', '<html><b>1</b><b>2</b><b>3</b></html>', 3, 'held'],
    ['has none any more', '<html><i>void</i></html>', 0, 'held'],
    ['keeps half of them', `<html>${'<b>row</b>'.repeat(7)}</html>`, 7, 'committed'],
  ] as const)('and one that %s', async (_, page, rows, status) => {
    site = await ListedSite.start();
    site.index(listPage(ids(40)));
    site.item('i0', `<html>${'<b>row</b>'.repeat(14)}</html>`);
    await site.publish();
    site.item('i0', page);
    const result = await site.publish();
    const told = `item i0 has ${rows} rows instead of 14: fewer than expect.maxShrink 0.5 allows`;
    expect(result).toMatchObject({
      status,
      rows: status === 'held' ? 53 : 46,
      reason: status === 'held' ? told : null,
    });
  });

  it('are held by their number where their rows are few', async () => {
    site = await ListedSite.start();
    site.index(listPage(ids(4)));
    site.item('i0', `<html>${'<b>row</b>'.repeat(20)}</html>`);
    await site.publish();
    site.index(listPage(ids(1)));
    const result = await site.publish();
    expect(result).toMatchObject({
      status: 'held',
      rows: 23,
      reason: expect.stringContaining('1 items with rows instead of 4'),
      withdrawn: [{ id: 'i1' }, { id: 'i2' }, { id: 'i3' }],
    });
    expect(result.reason).toContain('(i1, i2, i3)');
    // Nothing has gone yet.
    expect((await site.completeness()).targets[0]!.items.withdrawn).toBe(0);
    expect(await site.publish()).toMatchObject({
      status: 'held',
      held: result.held,
      withdrawn: [{}, {}, {}],
    });
    await accept(site.platform, site.source, PLACE, { actor: 'ann' });
    expect(await site.rows()).toHaveLength(20);
    expect((await site.completeness()).targets[0]!.items.withdrawn).toBe(3);
    expect(await site.publish()).toMatchObject({ status: 'unchanged' });
  });

  it('that the index calls void count as well', async () => {
    site = await ListedSite.start();
    site.index(listPage(ids(4)));
    await site.publish();
    site.index(listPage(['i0', ...ids(3, 1).map((id) => [id, 'void'] as const)]));
    expect(await site.publish()).toMatchObject({ status: 'held', rows: 4 });
  });

  it('do not count where they had no rows', async () => {
    site = await ListedSite.start();
    for (const id of ids(4, 4)) site.item(id, { status: 404 });
    site.index(listPage([...ids(4), 'i4']));
    await site.publish();
    site.index(listPage(ids(4)));
    expect(await site.publish()).toMatchObject({ status: 'unchanged', withdrawn: [] });
  });
});

describe('a day that had items', () => {
  it.each([[0.5], [1]])(
    'and claims now to be empty is held whatever may be lost (maxShrink %d)',
    async (maxShrink) => {
      site = await ListedSite.start({ maxShrink });
      site.index(listPage(ids(3)));
      await site.publish();
      site.index(listPage([], { none: 'no results' }));
      const result = await site.publish();
      expect(result).toMatchObject({
        status: 'held',
        rows: 3,
        reason: expect.stringContaining('(no results)'),
      });
      expect((await site.status())[0]).toBe('held');
      await reject(site.platform, site.source, PLACE, { actor: 'ann' });
      expect(await site.rows()).toHaveLength(3);
    },
  );

  it('that were all to come is held, too; one whose items were all abandoned is not', async () => {
    site = await ListedSite.start();
    site.index(listPage([['a', 'pending']]));
    await site.publish();
    site.index(listPage([], { none: 'no results' }));
    expect(await site.publish()).toMatchObject({ status: 'held' });
    site.index(listPage([['a', 'abandoned']]));
    expect(await site.publish()).toMatchObject({ status: 'committed' });
    site.index(listPage([], { none: 'no results' }));
    expect(await site.publish()).toMatchObject({ status: 'committed', rows: 0, sign: 'no results' });
  });
});

describe('a day that falls below what the other dates make probable', () => {
  /** So many dates before `DATE`, and `DATE` itself, of ten items each. */
  async function withHistory(dates: number) {
    site = await ListedSite.start({ maxShrink: 0.9 });
    const start = addDays(DATE, -dates);
    for (let day = 0; day <= dates; day++) {
      const date = addDays(start, day);
      site.index(listPage(ids(10 + (day % 2)).map((id) => `${id}-${day}`)), date);
    }
    await site.run({ start });
    site.index(listPage(ids(5).map((id) => `${id}-${dates}`)));
    return site.publish();
  }

  it('is held where there are ten of them', async () => {
    expect(await withHistory(10)).toMatchObject({
      status: 'held',
      reason: expect.stringMatching(
        /^5 items; usual 10\.\d ± 0\.\d.*, instead of 10; 5 items with rows withdrawn/,
      ),
    });
  });

  it('is not where there are fewer, and names what it lost', async () => {
    expect(await withHistory(9)).toMatchObject({ status: 'committed', withdrawn: [{}, {}, {}, {}, {}, {}] });
  });
});

describe('rows that several items have', () => {
  it('are named, and their partition is not complete until one of them goes', async () => {
    site = await ListedSite.start({ unique: ['text'] });
    for (const id of ['old', 'new']) site.item(id, '<html><b>Alder 13:10</b><b>Birch 13:10</b></html>');
    site.index(listPage(['old', 'other', 'new']));
    const { run, partitions } = await site.run();
    expect(partitions[0]!.result).toMatchObject({
      status: 'committed',
      rows: 5,
      repeated: [{ items: ['new', 'old'], rows: 2, example: 'text Alder 13:10' }],
    });
    expect(run.status).toBe('incomplete');
    const reason = 'items new and old have 2 rows in common, the first with text Alder 13:10';
    expect(await site.status()).toEqual(['incomplete', reason]);
    expect((await site.why()).answer).toContain(reason);
    expect((await site.run()).run).toMatchObject({ status: 'incomplete', unchanged: 1 });

    site.index(listPage(['other', 'new']));
    expect(await site.publish()).toMatchObject({
      status: 'committed',
      repeated: [],
      withdrawn: [{ id: 'old' }],
    });
    expect((await site.status())[0]).toBe('suspicious');
  });

  it('are not compared where a column is null, within one item, or where the table declares nothing', async () => {
    site = await ListedSite.start({ unique: ['text'] });
    for (const id of ['a', 'b']) site.item(id, '<html><b></b></html>');
    site.item('c', '<html><b>twice</b><b>twice</b></html>');
    site.index(listPage(['a', 'b', 'c']));
    expect(await site.publish()).toMatchObject({ status: 'committed', rows: 4, repeated: [] });
    await site[Symbol.asyncDispose]();
    site = await ListedSite.start();
    for (const id of ['a', 'b']) site.item(id, '<html><b>same</b></html>');
    site.index(listPage(['a', 'b']));
    expect(await site.publish()).toMatchObject({ status: 'committed', repeated: [] });
  });
});

describe('a version of before withdrawn items were kept', () => {
  it('opens, and is laid over as any other', async () => {
    site = await ListedSite.start();
    site.index(listPage(ids(4)));
    const { version } = await site.publish();
    const key = `data/listed/shelf=a/date=${DATE}/_${version}.json`;
    const stored = JSON.parse(new TextDecoder().decode((await site.platform.lake.get(key))!.body));
    const { withdrawn, repeated, sha256: _, ...old } = stored;
    expect([withdrawn, repeated]).toEqual([[], []]);
    delete old.index.asOf;
    for (const item of old.items) delete item.asOf;
    await site.platform.lake.put(key, new TextEncoder().encode(JSON.stringify(old)));
    expect(await site.publish()).toMatchObject({ status: 'unchanged', version, withdrawn: [], repeated: [] });
    site.index(listPage(ids(3)));
    expect(await site.publish()).toMatchObject({ status: 'committed', withdrawn: [{ id: 'i3' }] });
  });
});
