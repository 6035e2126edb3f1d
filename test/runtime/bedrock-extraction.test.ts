import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openDirectoryObjectStore } from '../../adapters/local/directory-object-store.ts';
import { openSqliteStateStore } from '../../adapters/local/sqlite-state-store.ts';
import { type ExtractEvent, extractEventText } from '../../core/extract/extract-event.ts';
import { runExtraction } from '../../core/extract/run-extraction.ts';
import { openLocalExtraction } from '../../runtime/local-extraction.ts';
import { type PlayedBedrockRuntime, serveBedrockRuntime } from '../adapters/aws/played-bedrock-runtime.ts';
import { failed } from '../adapters/aws/played-s3.ts';
import { good, reading, SleepingClock } from '../core/extract/support/world.ts';

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

let directory: string;
let clock: SleepingClock;
let site: PlayedBedrockRuntime;
let state: ReturnType<typeof openSqliteStateStore>;
let lake: ReturnType<typeof openDirectoryObjectStore>;
let isBroken: boolean;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-bedrock-'));
  clock = new SleepingClock();
  isBroken = false;
  site = await serveBedrockRuntime(
    () => good('read'),
    {},
    {
      pages: () => (isBroken ? failed(403, 'AccessDeniedException', 'not allowed') : undefined),
    },
  );
  site.finish();
  state = openSqliteStateStore(join(directory, 'state.sqlite'));
  lake = openDirectoryObjectStore(join(directory, 'lake'));
  for (const page of [1, 2, 4])
    for (const [folder, name, bytes] of [
      ['labels', `${page}.json`, '{}'],
      ['images', `${page}.png`, PNG],
    ] as const) {
      const book = join(directory, 'pages', folder, 'Ohio', 'Quill Seminary', '1861');
      mkdirSync(book, { recursive: true });
      writeFileSync(join(book, name), bytes);
    }
  // As every tool of AWS finds them.
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'nobody');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'nothing');
  vi.stubEnv('AWS_REGION', 'eu-west-1');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await site[Symbol.asyncDispose]();
  state.close();
  lake.close();
  rmSync(directory, { recursive: true, force: true });
});

async function run(env: Readonly<Record<string, string>> = {}) {
  const events: ExtractEvent[] = [];
  const { context, close } = await openLocalExtraction({
    ...{ extraction: reading, state, lake, clock, tell: (event) => void events.push(event) },
    env: {
      AWS_ENDPOINT_URL: site.origin,
      RESCRAPE_BEDROCK_BUCKET: 'lake',
      RESCRAPE_BEDROCK_ROLE_ARN: 'arn:aws:iam::123456789012:role/bedrock',
      RESCRAPE_READING_PROVIDER: 'bedrock',
      RESCRAPE_READING_TOO_FEW: 'one-by-one',
      RESCRAPE_READING_MAX_WAIT_HOURS: '2',
      RESCRAPE_READING_INPUT_PRICE: '10',
      RESCRAPE_READING_OUTPUT_PRICE: '100',
      RESCRAPE_READING_LIBRARY: join(directory, 'pages'),
      ...env,
    },
  });
  try {
    const end = await runExtraction(context);
    const batches = [];
    for (const id of await context.batches.activeIds()) batches.push((await context.batches.get(id))!.batch);
    return { end, told: events.map(extractEventText), events, active: batches, context };
  } finally {
    await close();
  }
}

it('pages that are too few for a job of Bedrock wait, and then are asked one by one, at the full price', async () => {
  const first = await run();
  expect(first.end).toMatchObject({ kind: 'held', sent: { pages: 0 } });
  expect(first.told).toEqual([
    '2 pages wait until there are the 100 of a job, at most until 2026-03-02T10:00:00Z',
  ]);
  clock.advance(2 * 3_600_000);
  const { end, told, events } = await run();
  // The page behind one of them waits no second time.
  expect(end).toMatchObject({ kind: 'finished', sent: { batches: 2, pages: 3 } });
  expect(told).toContain('2 pages have waited long enough for the 100 of a job: asked one by one');
  expect(site.asked).toHaveLength(3);
  const { batch } = events.find((event) => event.kind === 'processed')!;
  const stored = await run().then(({ context }) => context.batches.get(batch));
  expect(stored?.batch).toMatchObject({
    state: 'done',
    route: 'single',
    counts: { succeeded: 2, failed: 0 },
    tokens: { input: 600, output: 40 },
    // Twice what they cost in a batch.
    costUsd: 0.02,
  });
});

it('a model that lets nobody in waits for a person, costs no page a try, and goes on by itself', async () => {
  const settings = { RESCRAPE_READING_MAX_WAIT_HOURS: '0' };
  isBroken = true;
  const { end, told, active } = await run(settings);
  expect(end).toMatchObject({ kind: 'stuck', active: 1 });
  const lines = told.filter((line) => line.includes('access denied'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('AccessDeniedException: not allowed');
  expect(active[0]).toMatchObject({ state: 'submitted', job: `single/${active[0]!.name}` });
  isBroken = false;
  expect((await run(settings)).end).toMatchObject({ kind: 'finished' });
  // Two refused, which nobody pays, and three read.
  expect(site.asked).toHaveLength(5);
});

it('they wait for ever where nobody said that they may be asked one by one', async () => {
  await run({ RESCRAPE_READING_TOO_FEW: 'wait' });
  clock.advance(365 * 24 * 3_600_000);
  const { end, told } = await run({ RESCRAPE_READING_TOO_FEW: 'wait' });
  expect(end.kind).toBe('held');
  expect(told).toEqual(['2 pages wait until there are the 100 of a job']);
  expect(site.asked).toEqual([]);
});

it.each([
  [{ RESCRAPE_BEDROCK_BUCKET: '' }, 'RESCRAPE_BEDROCK_BUCKET is not set: give the name of a bucket'],
  [{ RESCRAPE_BEDROCK_BUCKET: 'a b' }, 'RESCRAPE_BEDROCK_BUCKET is "a b": give the name of a bucket'],
  [{ RESCRAPE_BEDROCK_ROLE_ARN: 'admin' }, 'RESCRAPE_BEDROCK_ROLE_ARN is "admin": give the ARN of the role'],
])('%j is refused in one line', async (env, message) => {
  await expect(run(env)).rejects.toThrow(message);
});
