import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { crawlOf } from '../../../core/scrape/crawl.ts';
import type { Item } from '../../../core/source/source.ts';
import { districtsAt } from '../../sources-of-tests/hosts.ts';

let folder: string;
let state: ReturnType<typeof openSqliteStateStore>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crawl-'));
  state = openSqliteStateStore(join(folder, 'state.sqlite'));
});
afterEach(() => {
  state.close();
  rmSync(folder, { recursive: true });
});

const WORK = { value: 'CA', date: '2026-11-22' };

describe('the items of a partition without an index', () => {
  it('are those of its targets', async () => {
    const crawl = await crawlOf({ state }, districtsAt(80, { count: 5 }), WORK);
    expect(crawl?.targets).toEqual(['d0', 'd4']);
    expect(crawl?.items).toEqual([
      { id: 'd0', target: 'd0', url: 'http://d0.localhost:80/bells' },
      { id: 'd4', target: 'd4', url: 'http://d4.localhost:80/bells' },
    ]);
  });

  it.each<[string, Item, string]>([
    ['an id that is none', { id: 'a b', url: 'http://d0.localhost/' }, 'whose id is no identifier: "a b"'],
    ['an address that is none', { id: 'a', url: 'mailto:a' }, 'item a at mailto:a, which is no address'],
  ])('are refused where the source gives %s, and no index is said to list them', async (_, item, problem) => {
    const source = { ...districtsAt(80, { count: 1 }), items: () => [item] };
    const refused = await crawlOf({ state }, source, WORK).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'BadInput', message: expect.stringContaining(problem) });
    expect(String(refused)).toMatch(/districts: the source lists/);
  });
});
