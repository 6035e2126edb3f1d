import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { reparse } from '../../core/run/reparse.ts';
import type { Source } from '../../core/source/source.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { runLocally } from '../../runtime/local-run.ts';
import { type LoopbackSite, serveHttp } from '../contracts/loopback-site.ts';
import { districtsAt } from '../sources-of-tests/hosts.ts';
import { ImpatientClock } from './support/impatient-clock.ts';
import { startGaps } from './support/request-record.ts';
import { DAY } from './support/small-site.ts';

/** So long that no busy machine is late by half of it; the clock waits for nobody. */
const PACE_MS = 60_000;

let directory: string;
let clock: ImpatientClock;
let site: LoopbackSite;
let opened: LocalPlatform[];
/** Requests that came, by host. */
let arrivals: Map<string, string[]>;
let underWay: Map<string, number>;
let mostHosts: number;
/** Answers wait until so many hosts are asked at once. */
let barrier: { readonly hosts: number; readonly open: () => void; readonly opened: Promise<void> };
let respond: (host: string, path: string, answer: ServerResponse) => void;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-many-hosts-'));
  clock = new ImpatientClock();
  opened = [];
  arrivals = new Map();
  underWay = new Map();
  mostHosts = 0;
  barrier = barrierOf(1);
  respond = (host, _path, answer) =>
    answer.writeHead(200, { 'Content-Type': 'text/html' }).end(`<b>${host}</b>`);
  site = await serveHttp((request, answer) => void take(request, answer));
});
afterEach(async () => {
  for (const platform of opened) await platform.close();
  await site[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

function barrierOf(hosts: number): typeof barrier {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { hosts, open: resolve, opened: promise };
}

async function take({ headers, url = '' }: IncomingMessage, answer: ServerResponse): Promise<void> {
  const host = headers.host!.split(':')[0]!;
  arrivals.set(host, [...(arrivals.get(host) ?? []), url]);
  underWay.set(host, (underWay.get(host) ?? 0) + 1);
  const hosts = [...underWay.values()].filter((requests) => requests > 0).length;
  mostHosts = Math.max(mostHosts, hosts);
  if (hosts >= barrier.hosts) barrier.open();
  await barrier.opened;
  await setTimeout(5);
  underWay.set(host, underWay.get(host)! - 1);
  if (url === '/robots.txt') answer.writeHead(404).end();
  else respond(host, url, answer);
}

function open(...sources: Source[]): LocalPlatform {
  const env = Object.fromEntries(
    sources.map(({ name }) => [`RESCRAPE_${name.toUpperCase()}_PRIVATE_NETWORK`, 'allow']),
  );
  const platform = openLocalPlatform({ directory, env, clock, sources });
  opened.push(platform);
  return platform;
}

async function run(platform: LocalPlatform, source: string) {
  const end = await runLocally(platform, { source, start: DAY, end: DAY, force: false });
  if (end.kind !== 'finished') throw new Error(`the run ended ${end.kind}: ${JSON.stringify(end)}`);
  return end.summary.run;
}

const shortestGap = async () => Math.min(...(await startGaps(directory)));

describe('a source whose targets are on many hosts', () => {
  it('asks many at once, never more than its number, and each at its pace', async () => {
    barrier = barrierOf(40);
    const source = districtsAt(site.port, {
      count: 200,
      concurrency: 1,
      minDelayMs: PACE_MS,
      requestsAtOnce: 40,
    });
    const row = await run(open(source), 'districts');
    expect(row).toMatchObject({ status: 'succeeded', items_found: 200, partitions: 4 });
    expect(mostHosts).toBe(40);
    expect(arrivals.size).toBe(200);
    for (const paths of arrivals.values()) expect(paths).toHaveLength(2);
    expect(await shortestGap()).toBeGreaterThanOrEqual(PACE_MS);
  });

  it('keeps the pace of a host together with another process', async () => {
    const politeness = { count: 30, concurrency: 1, minDelayMs: PACE_MS, requestsAtOnce: 10 };
    const ends = await Promise.all(
      ['districts', 'others'].map((name) => run(open(districtsAt(site.port, { name, ...politeness })), name)),
    );
    expect(ends.map(({ items_found }) => items_found)).toEqual([30, 30]);
    for (const paths of arrivals.values()) expect(paths).toHaveLength(4);
    // A process is late by a twentieth of the pace before it asks anew, and a busy machine by seconds.
    expect(await shortestGap()).toBeGreaterThan(PACE_MS / 2);
  });

  it('reads the captures of each host as its own again, also of one that sends on to another', async () => {
    respond = (host, path, answer) => {
      if (host === 'd1.localhost' && path === '/bells')
        answer.writeHead(302, { Location: `http://www-d1.localhost:${site.port}/bells` }).end();
      else answer.writeHead(200, { 'Content-Type': 'text/html' }).end(`<b>${host}</b>`);
    };
    const source = districtsAt(site.port, { count: 8, minDelayMs: 0 });
    expect(await run(open(source), 'districts')).toMatchObject({ status: 'succeeded', items_found: 8 });
    const again = open({ ...source, parserVersion: 2 });
    const range = { start: civilDate(DAY), end: civilDate(DAY) };
    const answer = await Array.fromAsync(reparse(again, again.sources[0]!, range));
    expect(answer.flatMap(({ unreadable }) => unreadable)).toEqual([]);
    expect(answer.reduce((sum, { pages }) => sum + pages, 0)).toBe(8);
    expect(answer.map(({ result }) => result !== 'no-captures' && result.changed)).toEqual(
      Array(4).fill(false),
    );
  });
});
