import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach } from 'vitest';
import { type CivilDate, civilDate } from '../../../core/calendar/civil-date.ts';
import { type Failure, moved } from '../../../core/failures/failure.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import type { OutcomeCode } from '../../../core/outcome/outcome.ts';
import { openLocalPlatform } from '../../../runtime/local.ts';
import { testClock } from '../../e2e/support/test-time.ts';
import { rescrape, rescrapeItems, rescrapeJson, type Said } from './command-line.ts';

/** What a failure of `racing` is like; an open TIMEOUT of gb where nothing else is said. */
export interface SeededFailure {
  readonly item: string;
  readonly target?: string;
  readonly date?: CivilDate;
  readonly code?: OutcomeCode;
  readonly message?: string;
  readonly runId?: string;
  readonly state?: Failure['state'];
  /** Milliseconds; when its last try was. */
  readonly failedAt?: number;
  /** Milliseconds. */
  readonly dueAt?: number;
  /** A try that is under way until then. */
  readonly claimedUntil?: number;
}

/** A directory with a state that holds nothing but failures, made by no run. */
export class FailuresDirectory {
  #path = '';

  private constructor() {}

  /** For the tests of the `describe` that calls it: an empty one before each of them, removed after it. */
  static forEachTest(): FailuresDirectory {
    const directory = new FailuresDirectory();
    beforeEach(async () => {
      const path = await mkdtemp(join(tmpdir(), 'rescrape-failures-'));
      directory.#path = path;
      return () => rm(path, { recursive: true, force: true });
    });
    return directory;
  }

  get path(): string {
    return this.#path;
  }

  /** `rescrape failures` with these words. */
  say(...words: readonly string[]): Promise<Said> {
    return rescrape(this.path, 'failures', ...words);
  }

  /** The same with `--json`: what it printed. */
  json(...words: readonly string[]): Promise<unknown> {
    return rescrapeJson(this.path, 'failures', ...words);
  }

  /** The things in the list that it printed. */
  items(...words: readonly string[]): Promise<unknown[]> {
    return rescrapeItems(this.path, 'failures', ...words);
  }

  async add(...failures: readonly SeededFailure[]): Promise<void> {
    await this.#withStore(async (store) => {
      for (const failure of failures) await put(store, failure);
    });
  }

  all(): Promise<Failure[]> {
    return this.#withStore((store) => Array.fromAsync(store.list('racing')));
  }

  async #withStore<T>(use: (store: FailureStore) => Promise<T>): Promise<T> {
    const platform = openLocalPlatform({ directory: this.path, env: {}, clock: testClock });
    try {
      return await use(new FailureStore(platform.state));
    } finally {
      await platform.close();
    }
  }
}

/** Four tries of one run, the last at this moment. */
const FAILED_AT = Date.UTC(2026, 10, 21, 6);

async function put(store: FailureStore, seeded: SeededFailure): Promise<void> {
  const { item, target = 'gb', date = civilDate('2026-11-20'), code = 'TIMEOUT', runId = 'run-1' } = seeded;
  const partition = { value: target, date };
  const tries = [3, 2, 1, 0].map((ago) => ({
    at: (seeded.failedAt ?? FAILED_AT) - ago * 60_000,
    runId,
    code,
    message: seeded.message ?? null,
  }));
  await store.open(
    'racing',
    partition,
    { item, target, url: `https://example.org/${item}`, tries, capture: null },
    runId,
  );
  await store.change({ source: 'racing', partition, item }, (before) => seededAs(before!, seeded, runId));
}

function seededAs(failure: Failure, { state = 'open', ...seeded }: SeededFailure, runId: string): Failure {
  const { dueAt = FAILED_AT + 45 * 60_000, claimedUntil } = seeded;
  const claim =
    claimedUntil === undefined ? null : { runId: 'run-claim', until: claimedUntil, asked: false, takes: 1 };
  if (state === 'open') return { ...failure, claim };
  if (state === 'queued' || state === 'dead') {
    const dead = state === 'dead';
    const deadAt = dead ? FAILED_AT + 3_600_000 : null;
    const retry = { sentAt: FAILED_AT, dueAt, tries: dead ? 3 : 1, redrives: 0, deadAt };
    const queued = moved({ ...failure, retry }, 'queued', { at: FAILED_AT, by: runId });
    const move = { at: FAILED_AT + 3_600_000, by: 'run-4', why: 'TIMEOUT no answer' };
    return { ...(dead ? moved(queued, 'dead', move) : queued), claim };
  }
  const at = FAILED_AT + 86_400_000;
  const closed = moved(failure, state, { at, by: 'run-5' });
  return { ...closed, claim, runs: 0, attempts: 0, counts: {}, closedAt: at, closedBy: 'run-5', seenAt: at };
}
