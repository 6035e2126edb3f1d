import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schoolYear } from '../../demo/truth/schedule-truth.ts';
import { schedules } from '../../sources/schedules/source.ts';
import { type LoopbackSite, serveHttp } from '../contracts/loopback-site.ts';
import { complaintOf, startCommand } from './support/command-line.ts';
import { startGaps } from './support/request-record.ts';
import { todayOf } from './support/test-time.ts';

const HOSTS = 60;
const ENV = { RESCRAPE_SCHEDULES_PRIVATE_NETWORK: 'allow', RESCRAPE_SCHEDULES_COOL_DOWN_MINUTES: '0' };
type Kind = 'page' | 'wall' | 'slow' | 'broken';
const kindOf = (nth: number): Kind => (['wall', 'slow', 'broken'] as const)[nth % 12] ?? 'page';

let root: string;
let site: LoopbackSite;
/** What each host was asked for. */
const arrivals = new Map<string, string[]>();

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-side-by-side-'));
  mkdirSync(join(root, 'cwd'));
  site = await serveHttp(async ({ headers, url = '' }, answer) => {
    const host = headers.host!.split(':')[0]!;
    arrivals.set(host, [...(arrivals.get(host) ?? []), url]);
    const kind = kindOf(Number(host.slice(1, 4)));
    if (kind === 'slow') await setTimeout(500);
    if (url !== '/bells') answer.writeHead(404).end();
    else if (kind === 'wall')
      answer.writeHead(403, { 'cf-mitigated': 'challenge' }).end('<p>Just a moment</p>');
    else if (kind === 'broken') answer.writeHead(500).end();
    else {
      const html = `<title>Bells</title><h1>School hours ${schoolYear(todayOf(schedules))}</h1><p>High School: 8:30 AM - 3:30 PM</p>`;
      answer.writeHead(200, { 'Content-Type': 'text/html' }).end(html);
    }
  });
  const port = new URL(site.origin).port;
  const rows = Array.from({ length: HOSTS }, (_, nth) => {
    const [state, prefix] = [['CA', '06'] as const, ['TX', '48'] as const, ['NY', '36'] as const][nth % 3]!;
    const host = `h${String(nth).padStart(3, '0')}`;
    return `${prefix}${20_000 + nth},District ${nth},${state},tier1,900,http://${host}.localhost:${port}/bells`;
  });
  const head = 'district_id,name,state,tier,enrollment,url';
  writeFileSync(join(root, 'cwd', 'districts.csv'), [head, ...rows].join('\n'));
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

const say = (...words: readonly string[]) => startCommand(words, ENV, join(root, 'cwd')).ended;
const pagesOf = (kind: Kind) =>
  [...arrivals].flatMap(([host, asked]) =>
    kindOf(Number(host.slice(1, 4))) === kind ? [asked.filter((path) => path === '/bells').length] : [],
  );

describe('runs that four processes start at once over one lake, beside a worker and a retry', () => {
  it('crawl every target once: one process runs, and the others are told so in a line or find nothing due', async () => {
    expect(await say('targets', 'import', 'schedules', 'districts.csv')).toMatchObject({ code: 0 });
    const worker = startCommand(['worker'], ENV, join(root, 'cwd'));
    const ends = await Promise.all(Array.from({ length: 4 }, () => say('run', 'schedules', '--all')));
    const ran = ends.filter(({ stdout }) => stdout.includes('attempts in'));
    expect(ran.map(({ code }) => code)).toEqual([3]);
    for (const end of ends.filter((each) => each !== ran[0]))
      expect(complaintOf(end) ?? end.stdout).toMatch(/is being run over|no target of schedules is due/);
    // Its items have failed, and may be tried again at once; their targets may not be crawled yet.
    await say('retry', '--all');
    expect((await say('run', 'schedules', '--all')).stdout).toMatch(
      /no target of schedules is due: .* less than 2 minutes ago, the next at/,
    );
    worker.child.kill('SIGINT');
    await worker.ended;

    expect(arrivals.size).toBe(HOSTS);
    for (const kind of ['page', 'wall', 'slow'] as const)
      expect(new Set(pagesOf(kind))).toEqual(new Set([1]));
    // One crawl is all tries of its run.
    expect(new Set(pagesOf('broken'))).toEqual(new Set([3]));
  }, 120_000);

  it('ask no host faster than its pace', async () => {
    // As their sender has it: when a request arrives, a busy machine decides.
    const gaps = await startGaps(join(root, 'cwd', '.rescrape'));
    expect(gaps.length).toBeGreaterThan(HOSTS - 1);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(schedules.politeness.minDelayMs);
  });
});
