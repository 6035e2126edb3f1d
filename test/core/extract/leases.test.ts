import { afterEach, describe, expect, it } from 'vitest';
import { BATCH_LEASE_MS } from '../../../core/extract/batch.ts';
import type { ExtractContext } from '../../../core/extract/extract-context.ts';
import { extractEventText } from '../../../core/extract/extract-event.ts';
import { clearBatch, resumeBatch } from '../../../core/extract/operate-batches.ts';
import { runExtraction } from '../../../core/extract/run-extraction.ts';
import { RunMemory } from '../../../core/extract/run-memory.ts';
import { runWave } from '../../../core/extract/wave.ts';
import type { BatchProvider } from '../../../core/ports/batch-provider.ts';
import { over } from '../../e2e/support/watched-stores.ts';
import { goodPlan, PlayedProvider } from './support/played-provider.ts';
import { good, ListedLibrary, openWorld, SleepingClock, type World } from './support/world.ts';

const KEY = 'Ohio:A:1860:1';

let opened: World | undefined;
afterEach(() => opened?.close());

type Played = ReturnType<typeof play>;

function play() {
  const clock = new SleepingClock();
  const provider = new PlayedProvider(goodPlan(good), () => clock.now());
  const world = openWorld(provider, new ListedLibrary([KEY]), clock);
  opened = world;
  /** An orchestrator that dies in a call of its provider, before or behind it. */
  const dying = (method: 'upload' | 'submit' | 'results', isBehind = false) => {
    const dies = (...given: never[]) => {
      if (isBehind) void (provider[method] as (...of: never[]) => unknown)(...given);
      throw new Error('killed');
    };
    return world.orchestrator({ provider: over<BatchProvider>(provider, { [method]: dies }) });
  };
  const wave = (context: ExtractContext) => runWave(context, new RunMemory());
  const states = async () =>
    (await Array.fromAsync(world.orchestrator().batches.list())).map(({ state }) => state);
  const told = () => world.events.map(extractEventText).join('\n');
  return { clock, provider, world, dying, wave, states, told };
}

describe('a batch whose job is at another provider than is set now', () => {
  it('waits for a person: that the one asked now knows no such job is no sign that there is none', async () => {
    const { provider, world, wave, states, told } = play();
    await wave(world.orchestrator());
    const bedrock = new PlayedProvider(goodPlan(good), () => 0);
    const other = world.orchestrator({ provider: over<BatchProvider>(bedrock, { name: 'bedrock' }) });
    expect(await runExtraction(other, { mostWaves: 5 })).toMatchObject({
      kind: 'stuck',
      active: 1,
      sent: { pages: 0 },
    });
    expect(told()).toContain('its pages were sent to gemini, which is not asked now');
    expect([await states(), provider.log.length, bedrock.log.length]).toEqual([['submitted'], 1, 0]);
    const [batch] = await other.batches.active();
    expect(await clearBatch(other, batch!.id)).toMatchObject({ kind: 'done' });
    expect(told()).toContain('by hand: gemini is not asked now');
    expect(bedrock.log).toEqual([]);
  });
});

describe('a batch whose orchestrator died', () => {
  it('before anything was sent is left alone until the lease is over, and its pages are free then', async () => {
    const { clock, provider, world, dying, wave, states, told } = play();
    await expect(wave(dying('upload'))).rejects.toThrow('killed');
    const other = world.orchestrator();
    const [batch] = await other.batches.active();
    const memory = new RunMemory();
    for (let looks = 0; looks < 3; looks++) await runWave(other, memory);
    expect(await states()).toEqual(['claiming']);
    const until = '2026-03-02T08:05:00Z';
    expect(
      told()
        .split('\n')
        .filter((line) => line.includes(until)),
    ).toEqual([
      `batch ${batch!.id}: ${batch!.lease!.owner} works on it, until ${until} at the latest; if that has died, it is free then`,
    ]);
    expect(await clearBatch(other, batch!.id)).toMatchObject({ kind: 'busy', until: batch!.lease!.until });
    clock.advance(BATCH_LEASE_MS);
    await wave(other);
    expect(await states()).toEqual(['submitted', 'abandoned']);
    expect(provider.log).toHaveLength(1);
  });

  it('before its call is submitted by another one, once the lease is over', async () => {
    const { clock, provider, world, dying, wave, states } = play();
    await expect(wave(dying('submit'))).rejects.toThrow('killed');
    const other = world.orchestrator();
    clock.advance(BATCH_LEASE_MS - 1);
    await wave(other);
    expect(provider.log).toEqual([]);
    clock.advance(1);
    await wave(other);
    expect(await states()).toEqual(['submitted']);
    expect(provider.log).toHaveLength(1);
  });

  it('behind its call is found at the provider, and not submitted again', async () => {
    const { clock, provider, world, dying, wave, states, told } = play();
    await expect(wave(dying('submit', true))).rejects.toThrow('killed');
    expect(await states()).toEqual(['submitting']);
    clock.advance(BATCH_LEASE_MS);
    expect(await runExtraction(world.orchestrator())).toMatchObject({ kind: 'finished' });
    expect(provider.log).toHaveLength(1);
    expect(told()).toContain('found again: jobs/1');
  });

  it('while its results were read is read by another one, once the lease is over', async () => {
    const { clock, world, dying, wave, states } = play();
    await wave(world.orchestrator());
    clock.advance(3_600_000);
    await expect(wave(dying('results'))).rejects.toThrow();
    expect(await states()).toEqual(['processing']);
    const other = world.orchestrator();
    const [batch] = await other.batches.active();
    expect(await resumeBatch(other, batch!.id)).toMatchObject({ kind: 'busy' });
    clock.advance(BATCH_LEASE_MS);
    await wave(other);
    expect(await states()).toEqual(['done']);
  });
});

describe('a batch whose orchestrator is interrupted in order', () => {
  /** Interrupted in a call of its provider, whose answer is lost by that. */
  async function interruptedIn(method: 'upload' | 'submit' | 'results', { world, provider }: Played) {
    const abort = new AbortController();
    const stops = () => {
      abort.abort(new Error('interrupted'));
      throw abort.signal.reason;
    };
    const context = world.orchestrator({
      provider: over<BatchProvider>(provider, { [method]: stops }),
      signal: abort.signal,
    });
    await expect(runExtraction(context)).rejects.toThrow('interrupted');
  }

  it('before anything was sent is over by that, and its pages are sent by the next run at once', async () => {
    const played = play();
    await interruptedIn('upload', played);
    expect(await played.states()).toEqual(['abandoned']);
    expect(played.told()).toContain('abandoned: interrupted before its pages were sent');
    await played.wave(played.world.orchestrator());
    expect(await played.states()).toEqual(['submitted', 'abandoned']);
  });

  it('while its results were read is read by the next run at once', async () => {
    const played = play();
    await played.wave(played.world.orchestrator());
    played.clock.advance(3_600_000);
    await interruptedIn('results', played);
    expect(await played.states()).toEqual(['submitted']);
    await played.wave(played.world.orchestrator());
    expect(await played.states()).toEqual(['done']);
  });

  it('while it is submitted is left alone: the provider may get that call yet', async () => {
    const played = play();
    await interruptedIn('submit', played);
    await played.wave(played.world.orchestrator());
    expect(await played.states()).toEqual(['submitting']);
    expect(played.provider.log).toEqual([]);
  });

  it('leaves alone what another one works on', async () => {
    const played = play();
    await expect(played.wave(played.dying('upload'))).rejects.toThrow('killed');
    const abort = new AbortController();
    abort.abort(new Error('interrupted'));
    const other = played.world.orchestrator({ signal: abort.signal });
    await expect(runExtraction(other)).rejects.toThrow('interrupted');
    expect(await played.states()).toEqual(['claiming']);
  });
});

describe('an orchestrator that slept through its lease', () => {
  /** It wakes up after another one has taken its batch over, with a job that the provider gave it. */
  async function sleepThrough(isFound: boolean) {
    const played = play();
    const { clock, provider, world, wave } = played;
    const other = world.orchestrator({
      provider: over<BatchProvider>(provider, {
        find: async (name) => (isFound ? provider.find(name) : { kind: 'found', jobs: [] }),
      }),
    });
    const sleeping = world.orchestrator({
      provider: over<BatchProvider>(provider, {
        submit: async (job) => {
          const answer = await provider.submit(job);
          clock.advance(BATCH_LEASE_MS);
          await wave(other);
          return answer;
        },
      }),
    });
    await wave(sleeping);
    return played;
  }

  it('and yet gets a job cancels it where there is another one', async () => {
    const { provider, states, told } = await sleepThrough(false);
    expect(provider.log.map(({ job, isCancelled }) => [job, isCancelled])).toEqual([
      ['jobs/1', true],
      ['jobs/2', false],
    ]);
    expect(told()).toContain('another orchestrator has taken it over');
    expect(told()).toContain('a second job of it is cancelled: jobs/1');
    expect(await states()).toEqual(['submitted']);
  });

  it('leaves the job alone that the other one has found', async () => {
    const { provider, states } = await sleepThrough(true);
    expect(provider.log.map(({ isCancelled }) => isCancelled)).toEqual([false]);
    expect(await states()).toEqual(['submitted']);
  });

  it('and died before it could cancel: whoever polls the batch finds the second job and cancels it', async () => {
    const { clock, provider, world, dying, wave, states } = play();
    await expect(wave(dying('submit', true))).rejects.toThrow('killed');
    clock.advance(BATCH_LEASE_MS);
    const blind = over<BatchProvider>(provider, { find: async () => ({ kind: 'found', jobs: [] }) });
    await wave(world.orchestrator({ provider: blind }));
    expect(provider.log.map(({ isCancelled }) => isCancelled)).toEqual([false, false]);
    await wave(world.orchestrator());
    expect(provider.log.map(({ isCancelled }) => isCancelled)).toEqual([true, false]);
    expect(await states()).toEqual(['submitted']);
  });
});
