import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openGeminiBatchProvider } from '../../../adapters/llm/gemini-batch-provider.ts';
import { openDirectoryPageLibrary } from '../../../adapters/local/directory-page-library.ts';
import { NodeHttpClient } from '../../../adapters/web/node-http-client.ts';
import { extractEventText } from '../../../core/extract/extract-event.ts';
import { clearBatch } from '../../../core/extract/operate-batches.ts';
import { resultKeyOf } from '../../../core/extract/result-object.ts';
import { runExtraction } from '../../../core/extract/run-extraction.ts';
import type { GeminiFaultPlan, LineFault } from '../../../demo/gemini/faults.ts';
import { startGeminiServer } from '../../../demo/gemini/server.ts';
import { catalogs } from '../../../sources/catalogs/extraction.ts';
import { answerText } from '../publish-extraction/catalog-world.ts';
import { openWorld, page, SleepingClock } from './support/world.ts';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
  'base64',
);
const BOOK = "Alabama:St. Mary's:1851";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A library on the disk, the demo's server on loopback, and our own client between them. */
async function play(keys: readonly string[], faults: GeminiFaultPlan) {
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-library-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  for (const [of, ending, body] of [
    ['images', 'png', PNG],
    ['labels', 'json', '{}'],
  ] as const)
    for (const { state, school, year, page: number } of keys.map(page)) {
      mkdirSync(join(directory, of, state, school, String(year)), { recursive: true });
      writeFileSync(join(directory, of, state, school, String(year), `${number}.${ending}`), body);
    }
  const clock = new SleepingClock();
  const server = await startGeminiServer({
    apiKey: 'key',
    now: () => clock.now(),
    jobMs: 3_600_000,
    faults,
    answer: ({ key }) => answerText(key),
  });
  cleanups.push(() => server.close());
  const http = new NodeHttpClient();
  cleanups.push(() => http.close());
  const provider = openGeminiBatchProvider({ http, clock, apiKey: 'key', baseUrl: server.url });
  const world = openWorld(provider, openDirectoryPageLibrary(directory), clock, {
    model: 'gemini-2.5-flash',
    promptVersion: 'page_ocr/v1.1',
    batchSize: 4,
    pollSeconds: 300,
  });
  cleanups.push(() => world.close());
  return { server, world, context: world.orchestrator({ extraction: catalogs }) };
}

it('reads a library over HTTP with every fault of the plan, and the log of the provider agrees', async () => {
  const faulty: Record<string, [LineFault, string]> = {
    1: ['truncated', 'TRUNCATED'],
    3: ['missing-field', 'VALIDATION_ERROR'],
    5: ['blocked-answer', 'BLOCKED_CONTENT'],
    7: ['missing-line', 'MISSING_RESULT'],
    9: ['error', 'API_ERROR'],
    11: ['empty-text', 'EMPTY_TEXT'],
    13: ['no-candidates', 'NO_CANDIDATES'],
    15: ['broken-line', 'MISSING_RESULT'],
    17: ['no-response', 'MISSING_RESPONSE'],
  };
  const keys = Array.from({ length: 21 }, (_, at) => `${BOOK}:${at + 1}`).filter(
    (key) => !key.endsWith(':20'),
  );
  const { server, world, context } = await play(keys, {
    order: 'reversed',
    calls: [
      { call: 'start', fault: { kind: 'status', status: 503 }, times: 2 },
      { call: 'create', fault: { kind: 'drop-after' }, times: 1 },
      { call: 'get', fault: { kind: 'html', status: 502 }, times: 1 },
      { call: 'download', fault: { kind: 'cut' }, times: 1 },
    ],
    jobs: [
      { job: 2, fault: 'failed' },
      { job: 3, fault: 'expired' },
      { job: 4, fault: 'cancelled' },
      { job: 5, fault: 'no-results' },
    ],
    lines: [
      ...Object.entries(faulty).map(([number, [fault]]) => ({ key: `${BOOK}:${number}`, fault, times: 1 })),
      { key: `${BOOK}:2`, fault: 'code-fence' },
      { key: `${BOOK}:4`, fault: 'doubled-line' },
    ],
  });
  expect(await runExtraction(context)).toMatchObject({ kind: 'stuck', active: 1 });
  const [stuck] = await context.batches.active();
  expect(await clearBatch(context, stuck!.id)).toMatchObject({ kind: 'done' });
  const end = await runExtraction(context);
  expect(end, world.events.map(extractEventText).join('\n')).toMatchObject({
    kind: 'finished',
    active: 0,
    leftOut: [],
  });

  const whole = new Set(server.jobs.filter(({ fault }) => fault === undefined).map(({ name }) => name));
  for (const key of keys) {
    const { page: record } = await context.pages.get(key);
    const paid = server.attempts.filter((attempt) => attempt.key === key && whole.has(attempt.job));
    expect(record.attempts, key).toBe(paid.length);
    const logged = (await Array.fromAsync(context.failures.of(key))).map(({ code }) => code);
    expect(logged.length, key).toBe(record.failures);
    const object = await world.lake.get(resultKeyOf(page(key)));
    const result = JSON.parse(new TextDecoder().decode(object!.body));
    expect(result.raw_ocr.text_blocks[0].text).toBe(key);
    // A page that met its fault in a job that failed as a whole is answered rightly by the next one.
    const [, code] = faulty[key.split(':')[3]!] ?? [];
    for (const each of logged) expect(each).toBe(code);
  }
  const codes = new Set((await Array.fromAsync(context.failures.list())).map(({ code }) => code));
  expect(codes.size).toBeGreaterThanOrEqual(4);
  const done = (await Array.fromAsync(context.batches.list())).filter(({ state }) => state === 'done');
  expect(done.some(({ tokens }) => tokens !== null && tokens.output > 0)).toBe(true);
  // Page 2 was asked with what page 1 says.
  const second = server.attempts.find(({ key }) => key === `${BOOK}:2`);
  expect(second!.prompt).toContain(`LAST_500_CHARS:\n${BOOK}:1`);
});

it('stops with one line where the key is wrong, and nothing was accepted', async () => {
  const { server, world, context } = await play(
    [`${BOOK}:1`, `${BOOK}:3`, `${BOOK}:5`, `${BOOK}:7`, `${BOOK}:9`],
    {
      calls: [{ call: 'start', fault: { kind: 'status', status: 403 } }],
    },
  );
  expect(await runExtraction(context)).toMatchObject({ kind: 'refused', active: 0 });
  expect(world.events.filter(({ kind }) => kind === 'refused')).toHaveLength(1);
  expect(server.jobs).toEqual([]);
});
