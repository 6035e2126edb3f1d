import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach } from 'vitest';
import { dayOfRun } from '../../../core/calendar/run-id.ts';
import { runLogKey } from '../../../core/lake/layout.ts';
import { type AttemptRow, attemptSchema } from '../../../core/lake/log-tables.ts';
import { writeParquet } from '../../../core/lake/parquet.ts';
import { columnsOf } from '../../../core/schema/columns.ts';
import type { Target } from '../../../core/source/source.ts';
import type { TargetRecord } from '../../../core/targets/target.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { registerTargets } from '../../core/targets/register-targets.ts';
import { testClock } from '../../e2e/support/test-time.ts';
import { districts } from '../../sources-of-tests/districts.ts';
import { rescrape, rescrapeItems, rescrapeJson, type Said } from './command-line.ts';

const BY = { actor: 'ada', at: testClock.now() };

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** An attempt so many milliseconds ago. */
export type SeededAttempt = Partial<AttemptRow> & { readonly target: string; readonly ago: number };

export const WALL = { status: 'blocked', error_code: 'BLOCKED', block_type: 'cloudflare' } as const;
export const GONE = { status: 'not_found', error_code: 'NOT_FOUND', http_status_code: 404 } as const;
export const TIMEOUT = { status: 'timeout', error_code: 'TIMEOUT', http_status_code: null } as const;
export const OUTAGE = { status: 'error', error_code: 'SERVER_ERROR', http_status_code: 500 } as const;

/** Four districts of two states; that of Oxnard has no address. */
const FOUR: readonly Required<Target>[] = [
  district('0600001', { name: 'Alder', state: 'CA', tier: 'tier1', enrollment: 900 }),
  district('0600002', { name: 'Birch', state: 'CA', tier: 'tier2', enrollment: 500 }),
  district('1700003', { name: 'Cedar', state: 'IL', tier: 'tier1', enrollment: 700 }),
  { id: '0600004', attributes: { name: 'Oxnard', state: 'CA', tier: 'tier3' } },
];

function district(id: string, attributes: Required<Target>['attributes']): Required<Target> {
  return { id, attributes: { ...attributes, url: `https://district-${id}.example/hours` } };
}

/**
 * A directory with registered districts and whatever a test puts there. A test file that uses it replaces
 * `sources/list.ts` by `sources-of-districts.ts`.
 */
export class DistrictsDirectory {
  #path = '';
  #files = 0;

  private constructor() {}

  /** For the tests of the `describe` that calls it: a new one before each of them, removed after it. */
  static forEachTest(targets: readonly Required<Target>[] = FOUR): DistrictsDirectory {
    const directory = new DistrictsDirectory();
    beforeEach(async () => {
      await directory.#fill(targets);
      return () => directory.remove();
    });
    return directory;
  }

  static async make(targets: readonly Required<Target>[] = FOUR): Promise<DistrictsDirectory> {
    const directory = new DistrictsDirectory();
    await directory.#fill(targets);
    return directory;
  }

  async #fill(targets: readonly Required<Target>[]): Promise<void> {
    this.#path = await mkdtemp(join(tmpdir(), 'rescrape-districts-'));
    if (targets.length > 0)
      await this.with(({ state, sources }) => registerTargets(state, sources[0]!, targets, BY));
  }

  remove(): Promise<void> {
    return rm(this.#path, { recursive: true, force: true });
  }

  get path(): string {
    return this.#path;
  }

  say(...words: readonly string[]): Promise<Said> {
    return rescrape(this.#path, ...words);
  }

  json(...words: readonly string[]): Promise<unknown> {
    return rescrapeJson(this.#path, ...words);
  }

  items<T = Readonly<Record<string, unknown>>>(...words: readonly string[]): Promise<T[]> {
    return rescrapeItems(this.#path, ...words) as Promise<T[]>;
  }

  async with<T>(use: (platform: LocalPlatform) => Promise<T>): Promise<T> {
    const platform = openLocalPlatform({
      directory: this.#path,
      env: {},
      clock: testClock,
      sources: [districts],
    });
    try {
      return await use(platform);
    } finally {
      await platform.close();
    }
  }

  record(target: string): Promise<TargetRecord> {
    return this.with(({ state }) => new TargetStore(state).get('districts', target));
  }

  change(target: string, change: (record: TargetRecord) => TargetRecord): Promise<unknown> {
    return this.with(({ state }) => new TargetStore(state).update('districts', target, change, BY));
  }

  /** Attempts of one run, as they stand in the table when it has ended. */
  attempts(...seeded: readonly SeededAttempt[]): Promise<void> {
    return this.with(async ({ lake, newId }) => {
      const runId = newId();
      const rows = seeded.map((one) => attemptRow(one, newId(), runId));
      const day = dayOfRun(runId);
      // Attempts of long ago belong to runs of long ago: a folder for each of their days.
      for (const [date, group] of Map.groupBy(rows, ({ attempted_at: at }) => at.slice(0, 10)))
        await lake.put(
          runLogKey('attempts', date as typeof day, `${runId}-${this.#files++}`),
          writeParquet(columnsOf(attemptSchema()), group),
        );
    });
  }
}

/** Columns that these tests say nothing of are null. */
function attemptRow({ ago, ...change }: SeededAttempt, id: string, runId: string): AttemptRow {
  const at = new Date(testClock.now() - ago).toISOString();
  return {
    ...{ attempt_id: id, run_id: runId, source: 'districts', partition_date: at.slice(0, 10) },
    ...{ item_id: change.target, url: `https://district-${change.target}.example/hours`, final_url: null },
    ...{ attempted_at: at, attempt_number: 1, status: 'success', error_code: 'SUCCESS', block_type: null },
    ...{ rule: null, http_status_code: 200, error_message: null, timing_ms: 100, waited_ms: 0, redirects: 0 },
    ...{ conditional: false, wire_bytes: 10, decoded_bytes: 20, records_found: 1, capture: null },
    parser_version: 1,
    ...change,
  } as AttemptRow;
}
