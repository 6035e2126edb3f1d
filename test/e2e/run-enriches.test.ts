import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { why } from '../../core/explain/why.ts';
import { daily, defineSource } from '../../core/source/define-source.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { runLocally } from '../../runtime/local-run.ts';
import { type LoopbackSite, serveHttp } from '../contracts/loopback-site.ts';
import { SESSION, STUDENT, TUTOR } from '../core/publish-entities/tutoring-world.ts';
import { query } from './support/sql.ts';

const DATE = civilDate('2026-11-17');
const KINDS = { tutors: 'tutor', students: 'student', sessions: 'session' } as const;

let site: LoopbackSite;
let platform: LocalPlatform;
let directory: string;
const pages: Record<string, readonly object[]> = {};

beforeAll(async () => {
  site = await serveHttp(({ url = '' }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(pages[url.slice(1)] ?? []));
  });
  directory = mkdtempSync(join(tmpdir(), 'rescrape-enriches-'));
  const feeds = defineSource({
    name: 'feeds',
    baseUrl: site.origin,
    timeZone: 'UTC',
    cadence: daily({ at: '01:00', windowDays: 1 }),
    targets: [{ id: 'north' }],
    politeness: { minDelayMs: 0, robots: 'ignore' },
    expect: { minItems: 0, maxShrink: 1 },
    table: {
      name: 'feed_records',
      partitionBy: ['feed', 'date'],
      itemKey: 'list',
      rowKey: ['list', 'id'],
      schema: z.object({ list: z.string(), id: z.string(), record: z.string() }),
    },
    items: () => Object.keys(KINDS).map((list) => ({ id: list, target: 'north', url: `/${list}` })),
    parse: (page, item) => ({
      kind: 'records',
      records: (JSON.parse(page.text) as object[]).map((record, at) => ({
        list: item.id,
        id: String(at),
        record: JSON.stringify(record),
      })),
    }),
    enrich: {
      kinds: Object.values(KINDS),
      recordOf: ({ list, record }) => ({
        kind: KINDS[list as keyof typeof KINDS],
        record: JSON.parse(String(record)),
      }),
    },
  });
  const env = { RESCRAPE_FEEDS_URL: site.origin, RESCRAPE_NOW: '2026-11-22T12:00:00Z' };
  platform = openLocalPlatform({ directory, env, sources: [feeds] });
});
afterAll(async () => {
  await platform.close();
  await site[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

const run = () => runLocally(platform, { source: 'feeds', start: DATE, end: DATE, force: true });

it('a run of a source that enriches ends with its entities in their tables, and again with nothing to do', async () => {
  Object.assign(pages, {
    tutors: [TUTOR],
    students: [STUDENT],
    sessions: [SESSION, { ...SESSION, session_id: 'x-2', tutor_id: 't-9' }],
  });
  const end = await run();
  expect(end).toMatchObject({
    kind: 'finished',
    enrichment: { kind: 'done', stored: 3, parked: 1, dead: 0 },
  });
  expect(await query(platform, 'SELECT session_id, feed, date FROM sessions')).toEqual([
    { session_id: 'x-1', feed: 'north', date: DATE },
  ]);
  expect(
    await query(platform, 'SELECT kind, enriched, parked FROM v_enrichment_daily ORDER BY kind'),
  ).toEqual([
    { kind: 'session', enriched: 2, parked: 1 },
    { kind: 'student', enriched: 1, parked: 0 },
    { kind: 'tutor', enriched: 1, parked: 0 },
  ]);

  const again = await run();
  expect(again).toMatchObject({ enrichment: { processed: 0, publication: { partitions: [] } } });

  pages.tutors = [TUTOR, { ...TUTOR, tutor_id: 't-9' }];
  expect(await run()).toMatchObject({ enrichment: { stored: 3, parked: 0 } });
  expect(await query(platform, 'SELECT session_id FROM sessions ORDER BY 1')).toEqual([
    { session_id: 'x-1' },
    { session_id: 'x-2' },
  ]);
});

it('why leads from a row to its message, and to the page that it was scraped from', async () => {
  const sessions = platform.sources.find(({ name }) => name === 'sessions')!;
  const { answer, next } = await why(platform, sessions, { value: 'north', date: DATE }, 'x-1');
  expect(answer).toMatch(
    /^what is stored came in message [0-9a-f-]{36}\.\d+ of feeds \(run [0-9a-f-]{36}, .*\/sessions, capture captures\/.*\) and was enriched at .*; its row is in the table$/,
  );
  expect(next).toEqual([]);
  const unknown = await why(platform, sessions, { value: 'north', date: DATE }, 'x-77');
  expect(unknown.answer).toBe('no record of it is stored, parked or dead; nothing of it was published here');
});
