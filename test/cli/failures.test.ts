import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rescrape, rescrapeItems } from './support/command-line.ts';
import { buildLake, nameOf, type TestLake } from './support/lake.ts';

describe('failures of runs', () => {
  let lake: TestLake;
  beforeAll(async () => {
    lake = await buildLake();
  });
  afterAll(() => lake.remove());
  const say = (...words: readonly string[]) => rescrape(lake.directory, 'failures', ...words);
  const items = (...words: readonly string[]) => rescrapeItems(lake.directory, 'failures', ...words);

  it('are listed where they are unresolved, and with --state all where they were recovered', async () => {
    const open = (await items('list')) as { item_id: string; error_code: string; state: string }[];
    expect(open.map(({ item_id, error_code, state }) => [item_id, error_code, state]).sort()).toEqual(
      [
        [lake.races.changed, 'HTML_CHANGED', 'queued'],
        [lake.races.walled, 'BLOCKED', 'open'],
      ].sort(),
    );
    expect(await items('list', '--state', 'recovered')).toMatchObject([
      { item_id: lake.races.notFound, closed_by: lake.runs.recovery },
    ]);
    expect(await items('list', '--state', 'all')).toHaveLength(3);
  });

  it('are narrowed by target, dates, code and state', async () => {
    expect(await items('list', '--target', 'ire', '--start', lake.newer, '--end', lake.newer)).toHaveLength(
      1,
    );
    expect(await items('list', '--end', lake.older)).toEqual([]);
    expect(await items('list', '--code', 'TIMEOUT')).toEqual([]);
    expect(await items('list', '--state', 'queued', '--target', 'fr')).toEqual([]);
  });

  it('are counted by source, by error and by target', async () => {
    expect(await items('summary')).toMatchObject([
      { source: 'racing', open: 1, queued: 1, dead: 0, recovered: 1, dismissed: 0, partitions: 2 },
    ]);
    expect(await items('by-error', '--code', 'BLOCKED')).toMatchObject([
      { error_code: 'BLOCKED', failures: 1, targets: 'racing/fr' },
    ]);
    expect(await items('by-target', '--target', 'ire')).toMatchObject([
      { target: 'racing/ire', failures: 1, error_codes: 'HTML_CHANGED' },
    ]);
  });

  it('show their capture, their history, and what to do: wait, or lift the flag first', async () => {
    const changed = `${nameOf('ire', lake.newer)}/${lake.races.changed}`;
    const queued = (await say('show', changed)).stdout;
    expect(queued).toMatch(/capture +captures\/racing\/.*\.warc\.gz#\d+/);
    expect(queued).toMatch(new RegExp(`history .* open by ${lake.runs.first}: HTML_CHANGED\n.* queued by`));
    expect(queued).toMatch(/ wait until \S+Z, or try it now: rescrape retry /);
    expect(queued).toContain('rescrape reparse racing --target ire');
    expect(queued).toContain(`rescrape retry --partition ${changed}`);
    const walled = (await say('show', `${nameOf('fr', lake.newer)}/${lake.races.walled}`)).stdout;
    expect(walled).toMatch(/next +lift the flag .*: rescrape skip remove racing fr --local \S+\n/);
  });

  it.each([
    [['list', '--code', 'NOPE'], 2, 'HTML_CHANGED'],
    [['clear', '--code', 'NOPE', '--confirm'], 2, 'HTML_CHANGED'],
    [['export', '--target', 'mars'], 2, 'racing/gb'],
    [['summary', '--state', 'sad'], 2, 'unresolved, open, queued, dead, recovered, dismissed, all'],
    [['by-error', '--start', '2025-11-17', '--end', '2025-11-16'], 2, 'swap them'],
    [['show', 'racing/gb'], 2, 'is no item'],
    [['show', 'racing/gb/2025-11-17/1'], 1, 'no failure of racing/gb/2025-11-17/1 is on record'],
  ])('%j ends with code %i and a hint', async (words, expected, hint) => {
    const { code, stderr } = await say(...words);
    expect(code).toBe(expected);
    expect(stderr).toContain(hint);
  });
});
