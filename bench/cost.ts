import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeHttpClient } from '../adapters/web/node-http-client.ts';
import { importFile } from '../cli/targets-import.ts';
import { civilDateAt } from '../core/calendar/window.ts';
import { drainEnrichment } from '../core/enrich/drain.ts';
import { longestParkedAt } from '../core/enrich/parked-records.ts';
import type { PartitionWork, Platform } from '../core/platform.ts';
import type { Clock } from '../core/ports/clock.ts';
import { publishEnriched } from '../core/publish-entities/publish-enriched.ts';
import { readWorkList } from '../core/run/work-list.ts';
import type { Source } from '../core/source/source.ts';
import { STAGES } from '../core/stages.ts';
import { type PlanAnswer, STAGE_NAMES, type StageName } from '../core/workflow/workflow.ts';
import { startSchedulesSite } from '../demo/schedules/site.ts';
import { openFetchers } from '../runtime/fetchers.ts';
import { openLocalPlatform } from '../runtime/local.ts';
import { applySettings } from '../runtime/settings.ts';
import { racing } from '../sources/racing/source.ts';
import { schedules } from '../sources/schedules/source.ts';
import { countedLake, countedState, type StageUse, unused } from './counted-stores.ts';
import { startBenchSite } from './demo-site.ts';
import { fileOf, KINDS, writeRecords } from './enrichment-records.ts';

/**
 * What runs ask of AWS, counted on this machine: `docs/cost.md` multiplies it by prices. The stages are
 * called as the state machine would call them, one partition after the other, as politely as the source asks
 * for but without waiting: racing against the demo site with 178 KB pages, and schedules with two numbers of
 * targets, whose difference is what a target costs; and a thousand records that are enriched. Calls of the
 * stores are counted, not timed (a disk is no S3). Those of the rate limiter belong to the stage that
 * fetches.
 */

/** What is not waited for has passed nevertheless, so that the rate limiter does all that it does on AWS. */
class SkippingClock implements Clock {
  #skipped = 0;

  now(): number {
    return Date.now() + this.#skipped;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const until = this.now() + ms;
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    this.#skipped += Math.max(0, until - this.now());
  }
}

/** The stage that is being called; stages are called one after the other. */
let use = unused();

async function measureRun(
  platform: Platform,
  asked: { source: string; start: string; end: string },
): Promise<Record<string, unknown>> {
  const uses = Object.fromEntries(STAGE_NAMES.map((name) => [name, unused()])) as Record<StageName, StageUse>;
  const call = async (name: StageName, payload: unknown): Promise<unknown> => {
    use = uses[name];
    const began = process.cpuUsage();
    try {
      return await STAGES[name](platform, payload as never, () => false);
    } finally {
      const { user, system } = process.cpuUsage(began);
      const ms = (user + system) / 1000;
      use.calls++;
      use.ms += ms;
      use.maxMs = Math.max(use.maxMs, ms);
    }
  };
  const input = { runId: platform.newId(), ...asked, force: false };
  const planned = (await call('plan', { input, execution: input.runId })) as PlanAnswer;
  if (planned.nothingDue) return { nothingDue: true, stages: rounded({ plan: uses.plan }) };
  let rows = 0;
  let wireBytes = 0;
  let partitions = 0;
  for await (const work of readWorkList(platform, planned.workList.key) as AsyncIterable<PartitionWork>) {
    await call('scrape', work);
    const published = (await call('publish', work)) as { rows: number; wireBytes: number };
    partitions++;
    rows += published.rows;
    wireBytes += published.wireBytes;
  }
  await call('summarize', planned);
  await call('report', { input: planned, execution: input.runId });
  return { partitions, rows, wireBytes, stages: rounded(uses) };
}

function rounded(uses: Readonly<Record<string, StageUse>>): Record<string, Record<string, number>> {
  const whole = (use: StageUse) => Object.entries(use).map(([key, value]) => [key, Math.round(value)]);
  return Object.fromEntries(
    Object.entries(uses).map(([name, use]) => [
      name,
      Object.fromEntries(whole(use)) as Record<string, number>,
    ]),
  );
}

/** A platform that counts, over a lake and a state of its own. */
async function counting<Result>(
  sources: readonly Source[],
  env: Readonly<Record<string, string>>,
  work: (platform: Platform) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-cost-'));
  const clock = new SkippingClock();
  const local = openLocalPlatform({ directory, env, clock, sources });
  const state = countedState(local.state, () => use);
  const fetchers = openFetchers(
    sources.map((source) => applySettings(source, env)),
    clock,
    new NodeHttpClient(),
    state,
  );
  const lake = countedLake(local.lake, () => use);
  try {
    return await work({ ...local, lake, state, fetcherFor: fetchers.of });
  } finally {
    await fetchers.close();
    await local.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureRacing() {
  const site = await startBenchSite({ days: 7 });
  const asked = { source: racing.name, start: site.start, end: site.end };
  try {
    return await counting([racing], { RESCRAPE_RACING_URL: site.url }, async (platform) => ({
      pages: site.pages.length,
      everythingNew: await measureRun(platform, asked),
      nothingChanged: await measureRun(platform, asked),
    }));
  } finally {
    await site.stop();
  }
}

/** A crawl of so many targets, each on a host of its own, and a look that finds nothing due after it. */
async function measureTargets(districts: number) {
  const env = { RESCRAPE_SCHEDULES_PRIVATE_NETWORK: 'allow' };
  return await counting([schedules], env, async (platform) => {
    const today = civilDateAt(platform.clock.now(), schedules.timeZone);
    const site = await startSchedulesSite({ seed: 7, today, districts, troubles: false, now: Date.now });
    const folder = mkdtempSync(join(tmpdir(), 'rescrape-cost-list-'));
    const list = join(folder, 'districts.csv');
    writeFileSync(list, site.csv());
    try {
      await importFile(platform, schedules, list);
      const asked = () => {
        const date = civilDateAt(platform.clock.now(), schedules.timeZone);
        return { source: schedules.name, start: date, end: date };
      };
      const crawl = await measureRun(platform, asked());
      const ready = site.districts.filter(({ kind }) => kind !== 'no website').length;
      return {
        districts,
        ready,
        requests: site.requests.length,
        crawl,
        look: await measureRun(platform, asked()),
      };
    } finally {
      await site.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/**
 * A thousand records, those first that others refer to, through their queues into entities;
 * then their publication, and one that finds nothing changed.
 */
async function measureEnrichment() {
  const folder = mkdtempSync(join(tmpdir(), 'rescrape-cost-records-'));
  await writeRecords(folder, 1000);
  try {
    return await counting([], {}, async (platform) => {
      let messages = 0;
      for (const kind of KINDS) {
        const lines = readFileSync(fileOf(folder, kind), 'utf8').trimEnd().split('\n');
        const bodies = lines.map((line) => `{"schema_version":1,"feed":"north","record":${line}}`);
        messages += bodies.length;
        await platform.enrichmentQueue(kind).send(bodies.map((body) => ({ body, delayMs: 0 })));
      }
      const stored = await measured(() =>
        drainEnrichment(platform, { mustStop: () => false, onBatch: () => void use.calls++ }),
      );
      let partitions = 0;
      const published = await measured(async () => {
        partitions = (await publishEnriched(platform)).partitions.length;
      });
      const look = await measured(async () => {
        await publishEnriched(platform);
        await longestParkedAt(platform.state);
      });
      return { messages, partitions, stages: rounded({ stored, published, look }) };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(work: () => Promise<unknown>): Promise<StageUse> {
  use = unused();
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  use.ms = (user + system) / 1000;
  return use;
}

const racingRun = await measureRacing();
const crawls = [await measureTargets(200), await measureTargets(400)];
const enrichment = await measureEnrichment();
console.log(JSON.stringify({ racing: racingRun, schedules: crawls, enrichment }, null, 2));
