import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDirectoryObjectStore } from '../../adapters/local/directory-object-store.ts';
import { openSqliteStateStore } from '../../adapters/local/sqlite-state-store.ts';
import { extractContext, publisherContext } from '../../core/extract/extract-context.ts';
import { extractSettingsSchema } from '../../core/extract/settings.ts';
import type { Platform } from '../../core/platform.ts';
import { extractWaveStage } from '../../lambdas/extract-wave.ts';
import { type OpenExtraction, OpenedExtractions } from '../../lambdas/opened-extractions.ts';
import { handlerOf } from '../../lambdas/stage-handler.ts';
import {
  goodPlan,
  PlayedProvider,
  type ProviderPlan,
  textLine,
} from '../core/extract/support/played-provider.ts';
import { good, ListedLibrary, reading, SleepingClock } from '../core/extract/support/world.ts';
import { contextWith, ENV } from './support.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const KEYS = Array.from({ length: 3 }, (_, at) => `Ohio:School ${at}:1851:1`);

let directory: string;
let close: () => void;
let lines: Record<string, unknown>[];
let clock: SleepingClock;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-wave-'));
  clock = new SleepingClock();
  lines = [];
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, method).mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  close();
  rmSync(directory, { recursive: true, force: true });
});

function open(plan: Partial<ProviderPlan> = {}) {
  const state = openSqliteStateStore(join(directory, 'state.sqlite'));
  const lake = openDirectoryObjectStore(join(directory, 'lake'));
  close = () => {
    state.close();
    lake.close();
  };
  const provider = new PlayedProvider(
    goodPlan((key) => good(key), plan),
    () => clock.now(),
  );
  let made = 0;
  const newId = () => `019cad8f-ac00-7000-8000-${(++made).toString(16).padStart(12, '0')}`;
  const opened: string[] = [];
  const openExtraction: OpenExtraction = (platform, extraction) => {
    opened.push(extraction.name);
    const settings = extractSettingsSchema().parse({ model: 'played-1', promptVersion: 'page/v1' });
    const library = new ListedLibrary(KEYS);
    return {
      records: (call) => publisherContext({ ...platform, extraction, settings, library, ...call }),
      orchestrator: async (call) =>
        extractContext({ ...platform, extraction, settings, library, provider, ...call }),
      close: async () => {},
    };
  };
  const platform = { state, lake, clock, newId } as unknown as Platform;
  const handler = handlerOf(
    extractWaveStage(new OpenedExtractions([reading], openExtraction)),
    async () => platform,
  );
  const call = async (event: unknown, remainingMs?: number) =>
    JSON.parse(JSON.stringify(await handler(JSON.parse(JSON.stringify(event)), contextWith(remainingMs))));
  return { provider, opened, call };
}

/** Values of a metric by its dimensions, as they were written for CloudWatch. */
const metric = (name: string) =>
  lines
    .filter((line) => name in line && '_aws' in line)
    .map((line) => ({ value: line[name], stage: line.stage, extraction: line.extraction }));

describe('extract-wave', () => {
  it('submits in one call and reads in the next, by what the one before answered', async () => {
    const { provider, opened, call } = open({ durationMs: () => HOUR });
    const first = await call({ extraction: 'reading' }, 900_000);
    expect(first).toMatchObject({ waves: 1, goesOn: true, isRefused: false, waitSeconds: 20 });
    clock.advance(2 * HOUR);
    const second = await call({ extraction: 'reading', wave: first }, 900_000);
    expect(second).toMatchObject({ waves: 2, goesOn: false, waitSeconds: 0 });
    expect(provider.log).toHaveLength(1);
    // Once for all calls of the container.
    expect(opened).toEqual(['reading']);
    expect(metric('PagesExtracted')).toEqual([{ value: KEYS.length, stage: 'dev', extraction: 'reading' }]);
  });

  it('tells how long the oldest batch has been in flight, and nothing where there is none', async () => {
    const { call } = open({ durationMs: () => 100 * HOUR });
    await call({ extraction: 'reading' }, 900_000);
    clock.advance(25 * HOUR);
    await call({ extraction: 'reading' }, 900_000);
    expect(metric('OldestBatchSeconds').map(({ value }) => value)).toEqual([0, 25 * 3_600]);
    clock.advance(100 * HOUR);
    lines = [];
    await call({ extraction: 'reading' }, 900_000);
    expect(metric('OldestBatchSeconds')).toEqual([]);
  });

  it('counts pages that have used up their tries once, with the last of them', async () => {
    const { call } = open({
      durationMs: () => 0,
      lines: ({ requests }) => requests.map(({ key }) => textLine(key, 'no JSON')),
    });
    for (let wave = 0; wave < 12; wave++) {
      await call({ extraction: 'reading' }, 900_000);
      clock.advance(HOUR);
    }
    const sum = (name: string) => metric(name).reduce((total, { value }) => total + Number(value), 0);
    expect([sum('PagesExhausted'), sum('PagesFailed')]).toEqual([KEYS.length, 3 * KEYS.length]);
  });

  it('counts what a provider refuses, and goes on with what is in flight', async () => {
    const { call } = open({ submit: () => 'refused' });
    expect(await call({ extraction: 'reading' }, 900_000)).toMatchObject({ isRefused: true, goesOn: false });
    expect(metric('ProviderErrors').length).toBeGreaterThan(0);
  });

  it('sends nothing where the time of the call is nearly over, and asks to be called again at once', async () => {
    const { provider, call } = open();
    const answer = await call({ extraction: 'reading' }, 4 * MINUTE);
    expect(answer).toMatchObject({ goesOn: true, waitSeconds: 0 });
    expect([provider.uploads, provider.log]).toEqual([[], []]);
  });

  it('ends as Transient what hangs until its time is over, before it would be killed', async () => {
    const { call } = open({ submit: () => 'unreachable' });
    // Whoever waits for another try waits for ever.
    vi.spyOn(clock, 'sleep').mockImplementation(
      (_ms, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
    );
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const ended = expect(call({ extraction: 'reading' }, 900_000)).rejects.toMatchObject({
        name: 'Transient',
      });
      // It moves those timers on by 5 ms a look: all its looks together are no minute of the function's time.
      await vi.waitFor(() => expect(clock.sleep).toHaveBeenCalled(), { timeout: 60_000, interval: 5 });
      await vi.advanceTimersByTimeAsync(890_000);
      await ended;
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses an event that does not fit, and an extraction that is not there', async () => {
    const { call } = open();
    await expect(call({})).rejects.toMatchObject({
      name: 'BadInput',
      message: expect.stringMatching(/extraction/),
    });
    await expect(call({ extraction: 'menus' })).rejects.toMatchObject({
      name: 'BadInput',
      message: 'there is no extraction "menus"; there is: reading',
    });
  });
});
