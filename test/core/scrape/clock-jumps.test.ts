import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { V7Generator } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { completeness } from '../../../core/completeness/completeness.ts';
import { why } from '../../../core/explain/why.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import { PartitionVersions } from '../../../core/lake/partition-versions.ts';
import type { PublishResult } from '../../../core/lake/publish-result.ts';
import type { PipelineEvent } from '../../../core/platform.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import { publish } from '../../../core/publish/publish.ts';
import { handleFailedItem } from '../../../core/retry/handle-message.ts';
import { plan } from '../../../core/run/plan.ts';
import { reparse } from '../../../core/run/reparse.ts';
import { recordFailures, scrape } from '../../../core/scrape/scrape.ts';
import { RunStore } from '../../../core/state/run-store.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import {
  type Answer,
  DATES,
  pageOf,
  VersionedSite,
  versionedSource,
} from '../../e2e/support/versioned-site.ts';

const DATE = civilDate(DATES[0]);
const A = { value: 'a', date: DATE };
const [N1, N2] = ['n1', 'n2'].map((note) => pageOf('a', DATE, note)) as [string, string];
const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

/** The time that really is: it moves when somebody sleeps. */
class TrueTime implements Clock {
  #now = Date.parse('2026-11-20T12:00:00Z');
  now = () => this.#now;
  async sleep(ms: number): Promise<void> {
    this.#now += ms;
  }
}

/** One lake and one state, and a machine whose clock is off by `ahead` milliseconds. */
class Machine {
  readonly time = new TrueTime();
  readonly site: VersionedSite;
  readonly directory = mkdtempSync(join(tmpdir(), 'rescrape-clock-'));
  readonly source = versionedSource(1);
  readonly events: PipelineEvent[] = [];
  readonly platform: LocalPlatform;
  ahead = 0;

  constructor(scripts: Readonly<Record<string, readonly Answer[]>> = {}) {
    this.site = new VersionedSite(this.time, scripts);
    const { time, site } = this;
    const clock: Clock = { now: () => time.now() + this.ahead, sleep: (ms) => time.sleep(ms) };
    const opened = openLocalPlatform({
      directory: this.directory,
      env: {},
      clock,
      sources: [this.source],
      onEvent: (event) => this.events.push(event),
    });
    const { reach, fetch } = site.fetcher();
    this.platform = {
      ...opened,
      newId: () => new V7Generator().generateOrResetWithTs(clock.now()).toString(),
      fetcherFor: () => ({
        reach,
        fetch: async (request) => {
          const { ahead } = this;
          const fetched = await fetch(request);
          if (fetched.kind === 'dropped') return fetched;
          const { startedAt, finishedAt } = fetched;
          return { ...fetched, startedAt: startedAt + ahead, finishedAt: finishedAt + ahead };
        },
      }),
    };
  }

  /** Plans and scrapes the partition; the answer publishes what came. */
  async scraped(force = false): Promise<() => Promise<PublishResult>> {
    const { platform } = this;
    const work = { runId: platform.newId(), source: 'notes', ...A, force };
    await plan(platform, { ...work, start: A.date, end: A.date, targets: ['a'] });
    for (let calls = 0; calls < 3; calls++) {
      try {
        while (!(await scrape(platform, work)).done);
      } catch {
        await time(this, 2000);
      }
    }
    await recordFailures(platform, work);
    return () => publish(platform, work);
  }

  async run(force = false): Promise<PublishResult> {
    return (await this.scraped(force))();
  }

  /** The version of each note that readers see. */
  async shown(): Promise<Record<string, unknown>> {
    const store = new PartitionVersions(this.platform.lake, this.source.table, A);
    const rows = await store.rows((await store.current())!.descriptor);
    return Object.fromEntries(rows.map(({ note, version }) => [note, version]));
  }

  get newest(): Record<string, unknown> {
    return { n1: this.site.versionOf(N1), n2: this.site.versionOf(N2) };
  }

  async status(): Promise<string> {
    const range = { start: A.date, end: A.date, today: A.date, targets: ['a'] };
    const { targets } = await completeness(this.platform.state, this.source, range);
    return `${targets[0]!.dates[0]!.status}`;
  }

  async close(): Promise<void> {
    await this.platform.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const time = (machine: Machine, ms: number) => machine.time.sleep(ms);

let machine: Machine;
const start = (scripts: Readonly<Record<string, readonly Answer[]>> = {}) => {
  machine = new Machine(scripts);
};
afterEach(() => machine.close());

describe('a clock that was ahead once', () => {
  it.each([
    ['a rerun', false],
    ['a forced rerun', true],
  ])('does not keep %s from publishing, ever', async (_, force) => {
    start();
    machine.ahead = YEAR;
    await machine.run();
    machine.ahead = 0;
    for (let again = 0; again < 3; again++) {
      await time(machine, HOUR);
      expect(await machine.run(force)).toMatchObject({ status: 'committed', changed: true });
      expect(await machine.shown()).toEqual(machine.newest);
      expect(await machine.status()).not.toBe('stale');
    }
  });

  it('is told with both times, once it is right again', async () => {
    start();
    machine.ahead = YEAR;
    await machine.run();
    const told = () => machine.events.filter(({ kind }) => kind === 'clock-behind');
    expect(told()).toEqual([]);
    machine.ahead = 0;
    const now = machine.platform.clock.now();
    await machine.run();
    expect(told()[0]).toMatchObject({ now, known: expect.toSatisfy((known) => known > now + YEAR - HOUR) });
  });

  it('leaves the newest run to the list of runs and to why', async () => {
    start();
    const runs = async () =>
      (await Array.fromAsync(new RunStore(machine.platform.state).list('notes'))).map(
        ({ startedAt }) => startedAt,
      );
    const begun: number[] = [];
    for (const ahead of [0, YEAR, 0, HOUR, 0]) {
      machine.ahead = ahead;
      begun.unshift(machine.platform.clock.now());
      await machine.run();
      await time(machine, HOUR);
    }
    expect(await runs()).toEqual(begun);
    const { run, commits } = await why(machine.platform, machine.source, A, null);
    expect(run).toMatchObject({ startedAt: begun[0] });
    expect(commits[0]).toMatchObject({ run_id: run!.runId });
  });

  it('does not pass off a date as fresh that the newest run did not refresh', async () => {
    start();
    machine.ahead = YEAR;
    await machine.run();
    machine.ahead = 0;
    await machine.scraped();
    expect(await machine.status()).toBe('stale');
    expect(await machine.run()).toMatchObject({ status: 'committed' });
    expect(await machine.status()).not.toBe('stale');
  });

  it('delays no item that failed then', async () => {
    start({ [N1]: ['500', '500'] });
    machine.ahead = YEAR;
    await machine.run();
    machine.ahead = 0;
    const { failedItems, state } = machine.platform;
    const failures = () => Array.fromAsync(new FailureStore(state).list('notes'));
    expect(await failures()).toMatchObject([{ item: 'n1', state: 'queued' }]);
    const [message] = await failedItems.receive({ max: 1, visibilityMs: HOUR });
    expect(await handleFailedItem(machine.platform, message!)).toMatchObject({ kind: 'recovered' });
    expect(await failures()).toMatchObject([{ item: 'n1', state: 'recovered' }]);
    expect((await machine.shown()).n1).toBe(machine.site.versionOf(N1));
  });

  it('hides neither a later failure nor a later success of an item', async () => {
    start({ [N1]: ['500', '500', 'ok', '500', '500', 'ok'] });
    const state = async () =>
      (await Array.fromAsync(new FailureStore(machine.platform.state).list('notes')))[0]?.state;
    for (const [ahead, expected] of [
      [YEAR, 'queued'],
      [YEAR, 'recovered'],
      [0, 'queued'],
      [0, 'recovered'],
    ] as const) {
      machine.ahead = ahead;
      await time(machine, HOUR);
      await machine.run();
      expect(await state()).toBe(expected);
    }
    expect(await machine.shown()).toEqual(machine.newest);
  });
});

describe('a clock that is set back between scrape and publish', () => {
  beforeEach(() => start());

  it.each([5 * HOUR, YEAR])('by %d ms changes nothing about what is published', async (ms) => {
    machine.ahead = ms;
    const publishLate = await machine.scraped();
    machine.ahead = 0;
    expect(await publishLate()).toMatchObject({ status: 'committed' });
    expect(await machine.run()).toMatchObject({ status: 'committed' });
    expect(await machine.shown()).toEqual(machine.newest);
    expect(await machine.status()).not.toBe('stale');
  });
});

describe('the newest look at a page', () => {
  const STEPS = ['scrape ahead', 'publish ahead', 'scrape', 'publish', 'reparse'] as const;

  /** Every order in which nothing is published before it was scraped. */
  function orders(left: readonly string[] = STEPS): string[][] {
    if (left.length === 0) return [[]];
    return left
      .filter(
        (step) =>
          !left.includes(step.replace('publish', 'scrape')) ||
          step.startsWith('scrape') ||
          step === 'reparse',
      )
      .flatMap((step) => orders(left.filter((other) => other !== step)).map((rest) => [step, ...rest]));
  }

  it('counts in every order of a run with the clock a year ahead, one with the true clock, and a reparse', async () => {
    expect(orders()).toHaveLength(30);
    for (const order of orders()) {
      start();
      await machine.run();
      const late = new Map<string, () => Promise<PublishResult>>();
      for (const step of order) {
        machine.ahead = step.endsWith('ahead') ? YEAR : 0;
        await time(machine, HOUR);
        if (step === 'reparse')
          await Array.fromAsync(
            reparse(machine.platform, machine.source, { start: A.date, end: A.date }, ['a']),
          );
        else if (step.startsWith('scrape'))
          late.set(step.replace('scrape', 'publish'), await machine.scraped());
        else await late.get(step)!();
      }
      expect([order, await machine.shown()]).toEqual([order, machine.newest]);
      machine.ahead = 0;
      await time(machine, HOUR);
      expect(await machine.run()).toMatchObject({ status: 'committed' });
      expect([order, await machine.shown()]).toEqual([order, machine.newest]);
      expect([order, await machine.status()]).toEqual([order, expect.not.stringMatching('stale')]);
      await machine.close();
    }
    start();
  });

  it('is the one that a reparse reads, whatever the clock said', async () => {
    start({ [N1]: ['ok', 'changed', 'changed'] });
    machine.ahead = YEAR;
    await machine.run();
    machine.ahead = 0;
    await machine.run();
    expect((await machine.shown()).n1).toBe(1);
    const mended = { ...machine.platform, sources: [versionedSource(2)] };
    await Array.fromAsync(reparse(mended, mended.sources[0]!, { start: A.date, end: A.date }, ['a']));
    expect(await machine.shown()).toEqual(machine.newest);
  });
});
