import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import type { OutcomeCode } from '../../../core/outcome/outcome.ts';
import { afterAttempt } from '../../../core/targets/attempted.ts';
import { CRAWL_GAP_MS, CRAWL_LEASE_MS } from '../../../core/targets/claim.ts';
import { autoFlagged, flagged, unflagged } from '../../../core/targets/flags.ts';
import { DUE_SHARDS, duePartition, duePlace } from '../../../core/targets/keys.ts';
import type { TargetRecord } from '../../../core/targets/target.ts';
import { targetEvents } from '../../../core/targets/target-events.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { afterCrawl, paused, resumed } from '../../../core/targets/transitions.ts';
import { notes } from '../../e2e/support/notes-source.ts';
import { playModel, type Run, type Step, TargetModel } from './target-model.ts';

const EVERY = 60;
const MINUTE = 60_000;
const START = 1_000_000_000_000;

const run = fc.constantFrom<Run>('r1', 'r2');
const calm: fc.Arbitrary<Step>[] = [
  fc.record({
    kind: fc.constant('wait' as const),
    ms: fc.constantFrom(1, 119_999, CRAWL_GAP_MS, CRAWL_LEASE_MS, 3_600_000),
  }),
  fc.record({ kind: fc.constant('claim' as const), run }),
  fc.record({
    kind: fc.constant('end' as const),
    run,
    code: fc.constantFrom<OutcomeCode>('SUCCESS', 'BLOCKED', 'NOT_FOUND', 'TIMEOUT', 'SERVER_ERROR'),
  }),
  fc.record({ kind: fc.constant('flag' as const), minutes: fc.constantFrom(undefined, 1, 30) }),
  fc.record({ kind: fc.constantFrom('auto-flag' as const, 'unflag', 'pause', 'resume') }),
];
/** A flag, the time until it has expired, and the probe: what chance alone brings together too rarely. */
const probe: fc.Arbitrary<Step[]> = fc
  .tuple(calm[3]!, calm[1]!, calm[2]!)
  .map(([flag, claim, end]) => [flag, { kind: 'wait', ms: 31 * MINUTE }, claim, end]);
/** Claims and their ends more often than what people do. */
const histories = (...more: fc.Arbitrary<Step>[]) => {
  const single = fc.oneof(calm[0]!, calm[1]!, calm[1]!, calm[2]!, calm[2]!, calm[3]!, calm[4]!, ...more);
  const one = single.map((step) => [step]);
  return fc
    .array(fc.oneof(one, one, one, one, one, one, probe), { maxLength: 30 })
    .map((steps) => steps.flat());
};

let root: string;
let state: ReturnType<typeof openSqliteStateStore>;
let count = 0;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-histories-'));
  state = openSqliteStateStore(join(root, 'state.sqlite'));
});
afterEach(() => {
  state.close();
  rmSync(root, { recursive: true, force: true });
});

/** A target of its own for each history, in the real store. */
class World {
  readonly store = new TargetStore(state);
  readonly id = `t${count++}`;
  now = START;
  /** Time that has truly passed, however the clock was set. */
  real = 0;
  claims = 0;

  get(): Promise<TargetRecord> {
    return this.store.get('notes', this.id);
  }

  change(to: (record: TargetRecord) => TargetRecord): Promise<boolean> {
    return this.store.update('notes', this.id, to, { actor: 'anna', at: this.now });
  }

  async claim(by: Run): Promise<boolean> {
    const request = { runId: by, id: `id ${this.claims++}`, every: EVERY };
    return (await this.store.claim('notes', this.id, request, { now: () => this.now })).kind === 'claimed';
  }

  async end(by: Run, code: OutcomeCode): Promise<void> {
    await this.change((record) => {
      if (record.claim?.runId !== by) return record;
      const tried = afterAttempt(record, { code }, this.now, notes, 'item');
      return afterCrawl(tried, { code, records: null, at: this.now, every: EVERY, date: '2026-11-26' });
    });
  }

  async play(step: Step): Promise<boolean> {
    const { now } = this;
    switch (step.kind) {
      case 'wait':
        this.now += step.ms;
        this.real += step.ms;
        return true;
      case 'set-clock':
        this.now += step.ms;
        return true;
      case 'claim':
        return this.claim(step.run);
      case 'end':
        await this.end(step.run, step.code);
        return true;
      case 'flag': {
        const minutes = step.minutes === undefined ? {} : { minutes: step.minutes };
        return this.change((record) =>
          flagged(record, { reason: 'by hand', actor: 'anna', at: now, ...minutes }),
        );
      }
      case 'auto-flag':
        return this.change((record) =>
          autoFlagged(record, { reason: 'auto_flag_3_blocks', actor: 'rescrape', at: now }),
        );
      case 'unflag':
        return this.change((record) => unflagged(record, now));
      case 'pause':
        return this.change(paused);
      case 'resume':
        return this.change((record) => resumed(record, now));
    }
  }

  /** The index and the events say what the record says. */
  async agrees(): Promise<void> {
    const record = await this.get();
    const places: { partition: string; sort: string }[] = [];
    for (let shard = 0; shard < DUE_SHARDS; shard++)
      for await (const { partition, sort, value } of state.query(duePartition('notes', shard)))
        if ((value as { target: string }).target === this.id) places.push({ partition, sort });
    const place = duePlace(record);
    expect(places).toEqual(place ? [place] : []);
    const flags = (await Array.fromAsync(this.store.skipped('notes'))).filter(
      ({ target }) => target === this.id,
    );
    expect(flags.map(({ target: _, ...flag }) => flag)).toEqual(record.skip ? [record.skip] : []);
    const events = await Array.fromAsync(targetEvents(state, 'notes', this.id));
    const last = (...kinds: string[]) => events.find(({ kind }) => kinds.includes(kind));
    expect(last('status', 'pause', 'resume')?.to ?? 'active').toBe(record.status);
    expect(last('flag', 'renew', 'unflag')?.to ?? null).toBe(record.skip?.reason ?? null);
  }
}

describe('a target, whatever happens to it', () => {
  it('is claimed, flagged, probed, paused and degraded as the design says', async () => {
    await fc.assert(
      fc.asyncProperty(histories(), async (steps) => {
        const world = new World();
        const model = new TargetModel();
        await world.change((record) => ({ ...record, attributes: {} }));
        for (const step of steps) {
          expect(await world.play(step)).toBe(playModel(model, step, world.now));
          const { status, skip, claim, backoffMultiplier, consecutiveFailures } = await world.get();
          expect([status, consecutiveFailures, backoffMultiplier]).toEqual([
            model.status,
            model.failures,
            model.backoff,
          ]);
          expect(skip && [skip.actor, skip.expiresAt ?? Number.POSITIVE_INFINITY]).toEqual(
            model.flag && [model.flag.by, model.flag.expiresAt],
          );
          expect(claim && [claim.runId, claim.until, claim.isProbe]).toEqual(
            model.claim && [model.claim.run, model.claim.until, model.claim.isProbe],
          );
        }
        await world.agrees();
      }),
      { numRuns: 150 },
    );
  });

  const back = fc.record({
    kind: fc.constant('set-clock' as const),
    ms: fc.constantFrom(-1, -CRAWL_GAP_MS, -CRAWL_LEASE_MS, -86_400_000, -365 * 86_400_000),
  });

  it('keeps its gap however often the clock is set back', async () => {
    await fc.assert(
      fc.asyncProperty(histories(back), async (steps) => {
        const world = new World();
        let closedUntil = Number.NEGATIVE_INFINITY;
        for (const step of steps) {
          const before = (await world.get()).claim;
          const done = await world.play(step);
          const isNew = step.kind === 'claim' && done && before?.runId !== step.run;
          if (isNew) expect(world.real).toBeGreaterThanOrEqual(closedUntil);
          const hasEnded = step.kind === 'end' && before?.runId === step.run;
          if (isNew || hasEnded) closedUntil = world.real + CRAWL_GAP_MS;
        }
      }),
      { numRuns: 150 },
    );
  });

  it('waits for nobody longer than a lease and the gap, and is due after its own time, however the clock is set', async () => {
    const ahead = fc.record({
      kind: fc.constant('set-clock' as const),
      ms: fc.constantFrom(1, 3_600_000, 365 * 86_400_000),
    });
    await fc.assert(
      fc.asyncProperty(histories(back, ahead), async (steps) => {
        const world = new World();
        await world.change((record) => ({ ...record, attributes: {} }));
        for (const step of steps) await world.play(step);
        await world.change((record) => resumed(unflagged(record, world.now), world.now));
        // Whoever comes by finds out about the clock, and writes that down.
        const isClaimed = await world.claim('r1');
        const { nextCrawlAt, backoffMultiplier } = await world.get();
        const longest = EVERY * MINUTE * backoffMultiplier + 2 * CRAWL_GAP_MS;
        expect(nextCrawlAt ?? 0).toBeLessThanOrEqual(world.now + longest);
        world.now += CRAWL_LEASE_MS + 2 * CRAWL_GAP_MS;
        expect(isClaimed || (await world.claim('r1'))).toBe(true);
        await world.agrees();
      }),
      { numRuns: 150, examples: [[RENEWED_AHEAD]] },
    );
  });
});

/** A claim that was renewed while the clock was ahead. */
const RENEWED_AHEAD: Step[] = [
  { kind: 'claim', run: 'r2' },
  { kind: 'wait', ms: CRAWL_LEASE_MS + MINUTE },
  { kind: 'claim', run: 'r2' },
  { kind: 'set-clock', ms: -CRAWL_LEASE_MS },
];
