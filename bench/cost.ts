import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeHttpClient } from '../adapters/web/node-http-client.ts';
import type { PartitionWork, Platform } from '../core/platform.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { StateStore } from '../core/ports/state-store.ts';
import { readPlan } from '../core/run/plan.ts';
import { STAGES } from '../core/stages.ts';
import { type PlanAnswer, STAGE_NAMES, type StageName } from '../core/workflow/workflow.ts';
import { openFetchers } from '../runtime/fetchers.ts';
import { openLocalPlatform } from '../runtime/local.ts';
import { applySettings } from '../runtime/settings.ts';
import { racing } from '../sources/racing/source.ts';
import { startBenchSite } from './demo-site.ts';

/**
 * What one run of the racing source asks of AWS, counted on this machine: `docs/cost.md` multiplies it by
 * prices. The stages are called as the state machine would call them, one partition after the other, as
 * politely as the source asks for but without waiting, against the demo site with 178 KB pages; calls of the
 * stores are counted, not timed (a disk is no S3). Those of the rate limiter belong to the stage that
 * fetches.
 */
interface StageUse {
  calls: number;
  /** Milliseconds, of all calls. */
  ms: number;
  /** The slowest call. */
  maxMs: number;
  puts: number;
  gets: number;
  lists: number;
  deletes: number;
  /** DynamoDB units: 4 KB of a consistent read; 1 KB of a write, twice that in a transaction. */
  readUnits: number;
  writeUnits: number;
  bytesPut: number;
}

const unused = (): StageUse => ({
  calls: 0,
  ms: 0,
  maxMs: 0,
  puts: 0,
  gets: 0,
  lists: 0,
  deletes: 0,
  readUnits: 0,
  writeUnits: 0,
  bytesPut: 0,
});

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

function countedLake(lake: Platform['lake']): Platform['lake'] {
  const CALLS = {
    get: 'gets',
    getRange: 'gets',
    head: 'gets',
    put: 'puts',
    list: 'lists',
    delete: 'deletes',
  } as const;
  return new Proxy(lake, {
    get: (target, method) => {
      const value: unknown = Reflect.get(target, method, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        const counted = CALLS[method as keyof typeof CALLS];
        if (counted) use[counted]++;
        if (method === 'put') use.bytesPut += (given[1] as Uint8Array).length;
        return Reflect.apply(value, target, given);
      };
    },
  });
}

function countedState(state: StateStore): StateStore {
  const sized = (value: unknown) => JSON.stringify(value ?? null).length;
  return {
    get: async (partition, sort) => {
      const document = await state.get(partition, sort);
      use.readUnits += Math.max(1, Math.ceil(sized(document) / 4096));
      return document;
    },
    query: async function* (partition, options) {
      let bytes = 0;
      for await (const document of state.query(partition, options)) {
        bytes += sized(document);
        yield document;
      }
      use.readUnits += Math.max(1, Math.ceil(bytes / 4096));
    },
    write: (writes) => {
      const factor = writes.length > 1 ? 2 : 1;
      for (const write of writes) use.writeUnits += factor * Math.max(1, Math.ceil(sized(write) / 1024));
      return state.write(writes);
    },
    // `rescrape reset` alone reads all of it.
    scan: () => state.scan(),
  };
}

async function measureRun(
  platform: Platform,
  window: { start: string; end: string },
): Promise<Record<string, unknown>> {
  const uses = Object.fromEntries(STAGE_NAMES.map((name) => [name, unused()])) as Record<StageName, StageUse>;
  const call = async (name: StageName, payload: unknown): Promise<unknown> => {
    use = uses[name];
    const began = performance.now();
    try {
      return await STAGES[name](platform, payload as never, () => false);
    } finally {
      const ms = performance.now() - began;
      use.calls++;
      use.ms += ms;
      use.maxMs = Math.max(use.maxMs, ms);
    }
  };
  const input = { runId: platform.newId(), source: 'racing', ...window, force: false };
  const planned = (await call('plan', input)) as PlanAnswer;
  let rows = 0;
  let wireBytes = 0;
  let partitions = 0;
  for await (const work of readPlan(platform, planned.workList.key) as AsyncIterable<PartitionWork>) {
    await call('scrape', work);
    const published = (await call('publish', work)) as { rows: number; wireBytes: number };
    partitions++;
    rows += published.rows;
    wireBytes += published.wireBytes;
  }
  await call('summarize', planned);
  await call('report', planned);
  const rounded = Object.entries(uses).map(([name, use]) => [
    name,
    Object.fromEntries(Object.entries(use).map(([key, value]) => [key, Math.round(value)])),
  ]);
  return { partitions, rows, wireBytes, stages: Object.fromEntries(rounded) };
}

const directory = mkdtempSync(join(tmpdir(), 'rescrape-cost-'));
const site = await startBenchSite({ days: 7, codings: ['zstd', 'br', 'gzip'] });
const env = { RESCRAPE_RACING_URL: site.url };
const clock = new SkippingClock();
const local = openLocalPlatform({ directory, env, clock });
const state = countedState(local.state);
const fetchers = openFetchers([applySettings(racing, env)], clock, new NodeHttpClient(), state);
const platform: Platform = { ...local, lake: countedLake(local.lake), state, fetcherFor: fetchers.of };
try {
  const window = { start: site.start, end: site.end };
  const pages = site.pages.length;
  const everythingNew = await measureRun(platform, window);
  const nothingChanged = await measureRun(platform, window);
  console.log(JSON.stringify({ pages, everythingNew, nothingChanged }, null, 2));
} finally {
  await fetchers.close();
  await local.close();
  await site.stop();
  rmSync(directory, { recursive: true, force: true });
}
