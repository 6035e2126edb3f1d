import { afterEach, describe, expect, it } from 'vitest';
import { extractEventText } from '../../../core/extract/extract-event.ts';
import { cancelBatch, clearBatch, resumeBatch } from '../../../core/extract/operate-batches.ts';
import { clearFailureCounts, forcePages, resetExtraction } from '../../../core/extract/operate-pages.ts';
import { changedPagePartitions, pageChangesOf, publishedWrites } from '../../../core/extract/page-changes.ts';
import { resultKeyOf } from '../../../core/extract/result-object.ts';
import { type RunOptions, runExtraction } from '../../../core/extract/run-extraction.ts';
import { RunMemory, runMemorySchema } from '../../../core/extract/run-memory.ts';
import { decidedPages } from '../../../core/extract/scan-now.ts';
import type { ExtractSettings } from '../../../core/extract/settings.ts';
import { usageOf } from '../../../core/extract/usage.ts';
import { runWave } from '../../../core/extract/wave.ts';
import type { ResultLine } from '../../../core/ports/batch-provider.ts';
import { goodPlan, line, PlayedProvider, type ProviderPlan, textLine } from './support/played-provider.ts';
import { good, ListedLibrary, openWorld, page, SleepingClock, type World } from './support/world.ts';

const BOOK = "Alabama:St. Mary's:1851";
const pages = (...numbers: number[]) => numbers.map((number) => `${BOOK}:${number}`);
const textOf = (key: string) => good(`what ${key} says`);

let opened: World[] = [];
afterEach(() => {
  for (const world of opened) world.close();
  opened = [];
});

interface Play {
  readonly keys: readonly string[];
  readonly plan?: Partial<ProviderPlan>;
  readonly settings?: Partial<ExtractSettings>;
  readonly withoutImage?: readonly string[];
  readonly minimumPages?: number;
}

function play({ keys, plan = {}, settings = {}, withoutImage = [], minimumPages = 1 }: Play) {
  const clock = new SleepingClock();
  const provider = new PlayedProvider(goodPlan(textOf, plan), () => clock.now(), minimumPages);
  const single = new PlayedProvider(goodPlan(textOf, plan), () => clock.now());
  const library = new ListedLibrary(keys, withoutImage);
  const world = openWorld(provider, library, clock, settings);
  opened.push(world);
  const context = world.orchestrator();
  return {
    clock,
    provider,
    single,
    library,
    world,
    context,
    run: (options?: RunOptions) => runExtraction(context, options),
    resultOf: async (key: string) => {
      const object = await world.lake.get(resultKeyOf(page(key)));
      return object && JSON.parse(new TextDecoder().decode(object.body));
    },
    sent: () => provider.log.map(({ requests }) => requests.map(({ key }) => key)),
    told: () => world.events.map(extractEventText),
    record: async (key: string) => (await context.pages.get(key)).page,
    logged: (key: string) => Array.fromAsync(context.failures.of(key)),
    batches: () => Array.fromAsync(context.batches.list()),
  };
}

/** Answers of the model in turn, the last one for good. */
function inTurn(...answers: ((key: string) => readonly ResultLine[])[]): Partial<ProviderPlan> {
  let jobs = 0;
  return {
    lines: ({ requests }) => {
      const answer = answers[Math.min(jobs++, answers.length - 1)]!;
      return requests.flatMap(({ key }) => answer(key));
    },
  };
}

const valid = (key: string) => [textLine(key, textOf(key))];
const invalid = (key: string) => [textLine(key, '{"text": 5, "year": null}')];

describe('a run', () => {
  it('sends each page once its predecessor has a result, and tells it what that one says', async () => {
    const { run, sent, provider, resultOf } = play({ keys: pages(1, 2, 3, 5, 10, 9) });
    const end = await run();
    expect(end).toMatchObject({ kind: 'finished', sent: { batches: 3, pages: 6 }, active: 0 });
    expect(sent()).toEqual([pages(1, 5, 9), pages(2, 10), pages(3)]);
    const prompts = provider.log.flatMap(({ requests }) => requests.map(({ prompt }) => prompt));
    expect(prompts[0]).toBe('Read.');
    expect(prompts[3]).toBe(`Read. Before: what ${BOOK}:1 says`);
    expect(await resultOf(`${BOOK}:3`)).toMatchObject({ text: `what ${BOOK}:3 says` });
  });

  it('writes results pretty, the answer first and in the order of its shape, then where it comes from', async () => {
    const key = `${BOOK}:1`;
    const { run, world, batches } = play({
      keys: [key],
      plan: { lines: () => [textLine(key, '{"year": 1851, "other": 1, "text": "a"}')] },
      settings: { prices: { input: 0.15, output: 1.25 } },
    });
    await run();
    const listed = await Array.fromAsync(world.lake.list('extractions/'));
    const object = await world.lake.get(listed[0]!.key);
    const [batch] = await batches();
    expect(new TextDecoder().decode(object!.body)).toBe(
      `{
  "text": "a",
  "year": 1851,
  "_extraction": {
    "key": "Alabama:St. Mary's:1851:1",
    "state": "Alabama",
    "school": "St. Mary's",
    "year": 1851,
    "page": 1,
    "model": "played-1",
    "prompt_version": "page/v1",
    "batch_id": "${batch!.id}",
    "attempt": 1,
    "input_tokens": 1000,
    "output_tokens": 100,
    "cost_usd": 0.000275,
    "extracted_at": "2026-03-02T09:00:00Z"
  }
}
`,
    );
    expect(batch).toMatchObject({ tokens: { input: 1_000, output: 100 }, costUsd: 0.000275 });
  });

  it('has at most the batches of the configuration in flight, of at most their size', async () => {
    let most = 0;
    const settings = { batchSize: 2, maxConcurrentBatches: 2 };
    const { run, provider, sent } = play({ keys: pages(1, 3, 5, 7, 9, 11, 13), settings });
    const onWave = ({ active }: { active: number }) => {
      most = Math.max(most, active);
    };
    await run({ onWave });
    expect(most).toBe(2);
    expect(sent().map(({ length }) => length)).toEqual([2, 2, 2, 1]);
    expect(provider.log[2]!.acceptedAt).toBeGreaterThanOrEqual(provider.log[0]!.endsAt);
  });

  it('sends no more pages than it is told to', async () => {
    const { run, sent } = play({ keys: pages(1, 3, 5, 7), settings: { batchSize: 2 } });
    expect(await run({ limit: 3 })).toMatchObject({ kind: 'finished', sent: { pages: 3 } });
    expect(sent().flat()).toEqual(pages(1, 3, 5));
    expect(await run({ limit: 0 })).toMatchObject({ kind: 'finished', waves: 1, sent: { pages: 0 } });
  });

  it('passes over pages without an image, which take no place of others', async () => {
    const { run, sent } = play({
      keys: pages(1, 3, 5, 7),
      withoutImage: pages(1, 3),
      settings: { batchSize: 2 },
    });
    expect(await run()).toMatchObject({ kind: 'finished', sent: { pages: 2 } });
    expect(sent()).toEqual([pages(5, 7)]);
  });

  it('does only what a filter leaves, and knows of that all that it needs', async () => {
    const keys = ['Ohio:A:1850:1', 'Ohio:A:1850:2', 'Ohio:A:1860:1', 'New York:A:1850:1', 'Utah:A:1850:1'];
    const { run, sent, context } = play({ keys });
    const filter = { states: ['Ohio', 'New York'], yearEnd: 1855 };
    expect(await run({ filter })).toMatchObject({ kind: 'finished', sent: { pages: 3 } });
    expect(sent().flat()).toEqual(['New York:A:1850:1', 'Ohio:A:1850:1', 'Ohio:A:1850:2']);
    expect(await run({ filter })).toMatchObject({ waves: 1, sent: { pages: 0 } });
    const decided = await Array.fromAsync(decidedPages(context, { filter }));
    expect(decided.map(({ reason }) => reason)).toEqual(['done', 'done', 'done', 'filtered', 'filtered']);
  });

  it('finds nothing to do in an empty library, nor with no retries allowed', async () => {
    expect(await play({ keys: [] }).run()).toMatchObject({ kind: 'finished', waves: 1 });
    const none = play({ keys: pages(1), settings: { maxRetries: 0 } });
    expect(await none.run()).toMatchObject({ kind: 'finished', sent: { pages: 0 } });
  });

  it('leaves out a page whose upload fails, and sends it with the next scan', async () => {
    const failing = new Map([[`${BOOK}:3`, 4]]);
    const upload = ({ displayName }: { displayName: string }) => {
      const left = failing.get(displayName) ?? 0;
      failing.set(displayName, left - 1);
      return left > 0 ? 'server' : 'uploaded';
    };
    const { run, sent, provider, clock, told, record, batches } = play({
      keys: pages(1, 3, 5),
      plan: { upload },
    });
    const began = clock.now();
    await run({ mostWaves: 1 });
    expect(sent()).toEqual([pages(1, 5)]);
    // Three tries, 2 s and 4 s between them.
    expect(clock.now() - began).toBe(6_000);
    expect(provider.uploads.filter((name) => name === `${BOOK}:3`)).toHaveLength(3);
    expect(await record(`${BOOK}:3`)).toMatchObject({ batch: null, failures: 0, attempts: 0 });
    expect(told().join('\n')).toMatch(/:3 is left out: played: server/);
    expect(await run()).toMatchObject({ kind: 'finished', leftOut: [] });
    expect(sent()).toEqual([pages(1, 5), pages(3)]);
    expect((await batches()).map(({ pages }) => pages)).toEqual([1, 2]);
  });

  it('ends although the image of one page is never taken', async () => {
    const upload = ({ displayName }: { displayName: string }) =>
      displayName.endsWith(':1') ? 'refused' : 'uploaded';
    const { run, sent } = play({ keys: pages(1, 3), plan: { upload }, settings: { batchSize: 1 } });
    const end = await run();
    expect(end).toMatchObject({ kind: 'finished', sent: { pages: 1 } });
    expect(end.leftOut).toEqual([{ page: `${BOOK}:1`, reason: 'played: refused' }]);
    expect(sent()).toEqual([pages(3)]);
  });

  it('stops submitting with one line where the provider takes no image at all', async () => {
    const keys = pages(1, 3, 5, 7, 9, 11, 13);
    const { run, told, provider, context } = play({ keys, plan: { upload: () => 'refused' } });
    expect(await run()).toMatchObject({ kind: 'refused', refused: 'played: refused', waves: 1 });
    expect(told().filter((text) => text.startsWith('nothing more is submitted'))).toHaveLength(1);
    expect(provider.uploads.length).toBeLessThanOrEqual(7);
    expect(await context.batches.active()).toEqual([]);
  });

  it('stops submitting where a submission is refused, and looks after what is in flight', async () => {
    let calls = 0;
    const submit = () => (++calls === 1 ? ('accepted' as const) : ('refused' as const));
    const { run, told, resultOf } = play({
      keys: pages(1, 3, 5, 7),
      settings: { batchSize: 1 },
      plan: { submit },
    });
    expect(await run()).toMatchObject({ kind: 'refused', active: 0, sent: { batches: 1 } });
    expect(calls).toBe(2);
    expect(told().filter((text) => text.startsWith('nothing more is submitted'))).toEqual([
      'nothing more is submitted: played: refused',
    ]);
    expect(await resultOf(`${BOOK}:1`)).toBeDefined();
  });

  it('gives up after a while where nothing can be submitted, with every page free', async () => {
    const { run, context, provider, record } = play({
      keys: pages(1),
      plan: { submit: () => 'unreachable' },
    });
    expect(await run()).toMatchObject({ kind: 'delayed', active: 0 });
    expect(provider.log).toEqual([]);
    expect(await context.batches.activeIds()).toEqual([]);
    expect((await record(`${BOOK}:1`)).failures).toBe(0);
  });
});

describe('a run whose waves are looked at by different processes', () => {
  it('goes on with what the one before remembered, and scans where something has changed', async () => {
    const upload = ({ displayName }: { displayName: string }) =>
      displayName.endsWith(':1') ? ('refused' as const) : ('uploaded' as const);
    const { world, clock, sent } = play({ keys: pages(1, 3), plan: { upload } });
    let kept: string | undefined;
    const wave = async () => {
      const before = kept === undefined ? undefined : runMemorySchema.parse(JSON.parse(kept));
      const memory = new RunMemory(before);
      const looked = await runWave(world.orchestrator(), memory);
      kept = JSON.stringify(memory);
      return looked;
    };
    expect(await wave()).toMatchObject({ counts: { runnable: 2 }, sent: { pages: 1 }, active: 1 });
    expect(await wave()).toMatchObject({ counts: undefined, active: 1 });
    clock.advance(3_600_000);
    expect(await wave()).toMatchObject({ counts: { done: 1, runnable: 1 }, active: 0, nextLookAt: null });
    expect(sent()).toEqual([pages(3)]);
  });
});

describe('a submission whose answer is lost', () => {
  it.each(['answer-lost', 'late'] as const)(
    'is found again by its name, and paid once: %s',
    async (fault) => {
      let calls = 0;
      const submit = () => (++calls === 1 ? fault : ('accepted' as const));
      const { run, provider, told, resultOf } = play({ keys: pages(1), plan: { submit } });
      expect(await run()).toMatchObject({ kind: 'finished' });
      expect(provider.log).toHaveLength(1);
      expect(calls).toBe(1);
      expect(told().join('\n')).toMatch(/its job was submitted before, and found again: jobs\/1/);
      expect(await resultOf(`${BOOK}:1`)).toBeDefined();
    },
  );

  it('is repeated once the lease is over where the provider has no such job', async () => {
    let calls = 0;
    const submit = () => (++calls === 1 ? ('nothing-done' as const) : ('accepted' as const));
    const { run, provider, clock, batches } = play({ keys: pages(1), plan: { submit } });
    const began = clock.now();
    expect(await run()).toMatchObject({ kind: 'finished' });
    expect(provider.log).toHaveLength(1);
    expect(provider.log[0]!.acceptedAt - began).toBeGreaterThanOrEqual(300_000);
    expect(await batches()).toMatchObject([{ state: 'done', submissions: 2 }]);
  });
});

describe('a submission that may have been carried out unseen', () => {
  it('keeps all pages of its batch in flight while one of them cannot be uploaded again', async () => {
    let calls = 0;
    let tries = 0;
    const { run, sent, clock, provider, told } = play({
      keys: pages(1, 3),
      plan: {
        submit: () => (++calls === 1 ? 'nothing-done' : 'accepted'),
        // Of page 3 the first upload succeeds, and the next nine fail: three rounds of three.
        upload: ({ displayName }) =>
          displayName.endsWith(':3') && ++tries > 1 && tries <= 10 ? 'server' : 'uploaded',
      },
    });
    const began = clock.now();
    expect(await run()).toMatchObject({ kind: 'finished', leftOut: [] });
    expect(sent()).toEqual([pages(1, 3)]);
    expect(told().join('\n')).toMatch(/submitting it again: .*:3: played: server \(1 of 2 pages\)/);
    expect(provider.log[0]!.acceptedAt - began).toBeGreaterThan(600_000);
  });

  it('frees the page when no call can be on its way any more', async () => {
    let calls = 0;
    const { run, sent, library, told } = play({
      keys: pages(1, 3),
      plan: {
        submit: () => {
          library.withoutImage.add(`${BOOK}:3`);
          return ++calls === 1 ? 'nothing-done' : 'accepted';
        },
      },
    });
    expect(await run()).toMatchObject({ kind: 'finished' });
    expect(sent()).toEqual([pages(1)]);
    expect(told().join('\n')).toMatch(/:3 is left out: its image is gone/);
  });
});

describe('a job that ends as a whole', () => {
  it.each([
    ['failed', 'failed'],
    ['cancelled', 'cancelled'],
    ['expired', 'expired'],
    ['missing', 'failed'],
  ] as const)('%s frees its pages and counts nothing', async (end, state) => {
    let jobs = 0;
    const { run, batches, record, sent } = play({
      keys: pages(1, 3),
      plan: { end: () => (jobs++ === 0 ? end : 'results') },
    });
    expect(await run()).toMatchObject({ kind: 'finished' });
    expect(sent()).toEqual([pages(1, 3), pages(1, 3)]);
    expect((await batches()).map((batch) => batch.state)).toEqual(['done', state]);
    expect(await record(`${BOOK}:1`)).toMatchObject({ failures: 0, attempts: 1 });
  });

  it('with success and nothing to read waits for a person, who may look again or clear it', async () => {
    let jobs = 0;
    const { run, told, context, sent, batches } = play({
      keys: pages(1),
      plan: { end: () => (jobs++ === 0 ? 'no-results' : 'results') },
    });
    expect(await run()).toMatchObject({ kind: 'stuck', active: 1 });
    expect(await run()).toMatchObject({ kind: 'stuck', active: 1, waves: 1 });
    expect(told().filter((text) => text.includes('has no results'))).toHaveLength(1);
    expect(sent()).toHaveLength(1);
    const { id } = (await batches())[0]!;
    expect(await resumeBatch(context, id)).toMatchObject({
      kind: 'done',
      batch: { state: 'without-results' },
    });
    expect(await clearBatch(context, id)).toMatchObject({ kind: 'done', batch: { state: 'cleared' } });
    expect(await clearBatch(context, id)).toEqual({ kind: 'over', state: 'cleared' });
    expect(await run()).toMatchObject({ kind: 'finished' });
    expect(sent()).toEqual([pages(1), pages(1)]);
  });

  it('with nothing to read takes no place from others while it waits for a person', async () => {
    let jobs = 0;
    const { run, sent } = play({
      keys: [...pages(1), 'Texas:Oak Hall:1851:1'],
      plan: { end: () => (jobs++ === 0 ? 'no-results' : 'results') },
      settings: { batchSize: 1, maxConcurrentBatches: 1 },
    });
    expect(await run()).toMatchObject({ kind: 'stuck', active: 1 });
    expect(sent()).toEqual([pages(1), ['Texas:Oak Hall:1851:1']]);
  });

  it('is cancelled when a person asks for it, and only when the provider says so', async () => {
    const { run, context, batches, provider } = play({ keys: pages(1) });
    await run({ mostWaves: 1 });
    const { id } = (await batches())[0]!;
    expect(await cancelBatch(context, id)).toMatchObject({ kind: 'done', batch: { state: 'submitted' } });
    expect(await cancelBatch(context, 'none')).toEqual({ kind: 'unknown' });
    expect(await run()).toMatchObject({ kind: 'finished' });
    expect((await batches()).map(({ state }) => state)).toEqual(['done', 'cancelled']);
    expect(provider.log.map(({ isCancelled }) => isCancelled)).toEqual([true, false]);
  });

  it('is cancelled when its batch is cleared', async () => {
    const { run, context, batches, provider } = play({ keys: pages(1) });
    await run({ mostWaves: 1 });
    await clearBatch(context, (await batches())[0]!.id);
    expect(provider.log[0]!.isCancelled).toBe(true);
  });
});

describe('counting', () => {
  const KEY = `${BOOK}:1`;
  const other = `${BOOK}:999`;
  const tokens = { input: 1, output: 1 };
  const cases: [string, (key: string) => readonly ResultLine[], string | undefined][] = [
    ['a valid answer', valid, undefined],
    ['another shape', invalid, 'VALIDATION_ERROR'],
    ['an error', (key) => [line({ kind: 'error', key, code: '13', message: 'internal' })], 'API_ERROR'],
    ['no response', (key) => [line({ kind: 'no-response', key })], 'MISSING_RESPONSE'],
    ['no candidates', (key) => [line({ kind: 'no-candidates', key, tokens })], 'NO_CANDIDATES'],
    ['a block', (key) => [line({ kind: 'blocked', key, reason: 'SAFETY', tokens })], 'BLOCKED_CONTENT'],
    ['no text', (key) => [textLine(key, '')], 'EMPTY_TEXT'],
    ['no JSON', (key) => [textLine(key, 'I cannot')], 'NO_JSON'],
    ['half a text', (key) => [textLine(key, '{"text": "a', { isTruncated: true } as object)], 'TRUNCATED'],
    ['no line', () => [], 'MISSING_RESULT'],
    ['a line of another page', () => valid(other), 'MISSING_RESULT'],
    ['a line that is none', () => [line({ kind: 'invalid-line', message: 'no JSON' })], 'MISSING_RESULT'],
    ['first invalid, then valid', (key) => [...invalid(key), ...valid(key)], undefined],
    ['first valid, then invalid', (key) => [...valid(key), ...invalid(key)], undefined],
    ['twice invalid', (key) => [...invalid(key), ...invalid(key)], 'VALIDATION_ERROR'],
  ];
  it.each(cases)('%s: once for a page and batch, if at all', async (_, lines, code) => {
    const { run, record, logged, resultOf, batches } = play({ keys: [KEY], plan: inTurn(lines, valid) });
    await run();
    const failures = code === undefined ? 0 : 1;
    expect(await record(KEY)).toMatchObject({ failures, attempts: failures + 1, batch: null });
    expect((await logged(KEY)).map((failure) => failure.code)).toEqual(code === undefined ? [] : [code]);
    expect(await resultOf(KEY)).toMatchObject({ _extraction: { attempt: failures + 1 } });
    expect((await batches()).at(-1)).toMatchObject({ counts: { succeeded: 1 - failures, failed: failures } });
  });

  it('keeps the line as it came, the paths that do not fit, and who was asked', async () => {
    const { run, logged, world, context, batches } = play({ keys: [KEY], plan: inTurn(invalid, valid) });
    await run();
    const [failure] = await logged(KEY);
    const first = (await batches()).at(-1)!.id;
    expect(await Array.fromAsync(context.failures.ofBatch(first, [KEY, other]))).toEqual([failure]);
    expect(failure).toMatchObject({
      paths: ['text'],
      attempt: 1,
      model: 'played-1',
      promptVersion: 'page/v1',
    });
    const raw = await world.lake.get(failure!.raw!);
    expect(new TextDecoder().decode(raw!.body)).toBe(invalid(KEY)[0]!.raw);
  });

  it('tells of lines that belong to nobody, and counts them for no page', async () => {
    const lines = (key: string) => [
      ...valid(key),
      ...valid(other),
      line({ kind: 'invalid-line', message: 'half' }),
    ];
    const { run, told, batches, record, resultOf } = play({ keys: [KEY], plan: inTurn(lines) });
    await run();
    expect(told().filter((text) => text.includes('a line of no page'))).toHaveLength(2);
    expect(await batches()).toMatchObject([
      { counts: { unknownKeys: 1, invalidLines: 1, succeeded: 1, failed: 0 } },
    ]);
    expect((await record(other)).attempts).toBe(0);
    expect(await resultOf(other)).toBeUndefined();
  });

  it('ends after as many failures as the configuration allows, and a success takes none back', async () => {
    const { run, sent, record, context } = play({ keys: pages(1, 2), plan: inTurn(invalid) });
    expect(await run()).toMatchObject({ kind: 'finished' });
    expect(sent()).toEqual([pages(1), pages(1), pages(1)]);
    expect(await record(KEY)).toMatchObject({ failures: 3, lastFailure: { code: 'VALIDATION_ERROR' } });
    const cleared = [{ key: KEY, failures: 3 }];
    expect(await clearFailureCounts(context, { states: ['Utah'] }, { isDryRun: false })).toEqual([]);
    expect(await clearFailureCounts(context, {}, { isDryRun: true })).toEqual(cleared);
    expect((await record(KEY)).failures).toBe(3);
    expect(await clearFailureCounts(context, { schools: ["St. Mary's"] }, { isDryRun: false })).toEqual(
      cleared,
    );
    expect((await record(KEY)).failures).toBe(0);
    expect(await Array.fromAsync(context.failures.list('Alabama'))).toHaveLength(3);
  });

  it('leaves the count as it is when a page succeeds', async () => {
    const { run, record } = play({ keys: [KEY], plan: inTurn(invalid, valid) });
    await run();
    expect((await record(KEY)).failures).toBe(1);
  });

  it('reads results again that broke off, and counts nothing twice', async () => {
    let reads = 0;
    const { run, record, batches, provider } = play({
      keys: pages(1, 3, 5),
      plan: {
        ...inTurn((key) => (key.endsWith(':3') ? invalid(key) : valid(key)), valid),
        breaksOffAfter: () => (++reads <= 2 ? reads : undefined),
      },
    });
    await run();
    expect(provider.log).toHaveLength(2);
    expect(await record(`${BOOK}:3`)).toMatchObject({ failures: 1, attempts: 2 });
    expect(await record(KEY)).toMatchObject({ failures: 0, attempts: 1 });
    expect((await batches()).at(-1)).toMatchObject({
      counts: { succeeded: 2, failed: 1 },
      tokens: { input: 3_000 },
    });
  });
});

describe('a page that is asked for again', () => {
  it('keeps its result until the new one is valid', async () => {
    const key = `${BOOK}:1`;
    const second = (of: string) => [textLine(of, good('anew'))];
    const { run, context, resultOf, record } = play({ keys: [key], plan: inTurn(valid, invalid, second) });
    await run();
    const first = await resultOf(key);
    expect(await forcePages(context, [key, 'nonsense'])).toMatchObject([
      { kind: 'forced', hasResult: true, isExhausted: false },
      { kind: 'no-page' },
    ]);
    await run({ limit: 1 });
    expect(await resultOf(key)).toEqual(first);
    expect(await record(key)).toMatchObject({ isForced: true, failures: 1 });
    await run();
    expect(await resultOf(key)).toMatchObject({ text: 'anew', _extraction: { attempt: 2 } });
    expect(await record(key)).toMatchObject({ isForced: false });
    expect(await run()).toMatchObject({ sent: { pages: 0 } });
  });

  it('because its prompt is another one: only where that is asked for', async () => {
    const { run, context, sent, resultOf } = play({ keys: pages(1, 3) });
    await run();
    const settings = { ...context.settings, promptVersion: 'page/v2' };
    const later = { ...context, settings };
    expect(await runExtraction(later)).toMatchObject({ sent: { pages: 0 } });
    expect(await runExtraction(later, { isOutdatedAsked: true })).toMatchObject({ sent: { pages: 2 } });
    expect(await runExtraction(later, { isOutdatedAsked: true })).toMatchObject({ sent: { pages: 0 } });
    expect(sent()).toHaveLength(2);
    expect(await resultOf(`${BOOK}:1`)).toMatchObject({ _extraction: { prompt_version: 'page/v2' } });
    const usage = await usageOf(context.batches.list());
    expect(
      usage.map(({ promptVersion, batches, tokens }) => [promptVersion, batches, tokens.output]),
    ).toEqual([
      ['page/v2', 1, 200],
      ['page/v1', 1, 200],
    ]);
  });

  it('because its result was taken away', async () => {
    const { run, world, sent } = play({ keys: pages(1) });
    await run();
    await world.lake.delete(resultKeyOf(page(`${BOOK}:1`)));
    await run();
    expect(sent()).toEqual([pages(1), pages(1)]);
  });

  it('is not sent where a person put a result there, whose text the next page is told', async () => {
    const { run, world, provider } = play({ keys: pages(1, 2) });
    const body = new TextEncoder().encode(good('by hand'));
    await world.lake.put(resultKeyOf(page(`${BOOK}:1`)), body);
    await run();
    expect(provider.log).toHaveLength(1);
    expect(provider.log[0]!.requests.map(({ prompt }) => prompt)).toEqual(['Read. Before: by hand']);
  });
});

describe('fewer pages than the provider takes in a job', () => {
  const hours = 3_600_000;

  it('wait until there are enough of them', async () => {
    const { run, told, provider } = play({ keys: pages(1, 3), minimumPages: 3 });
    expect(await run()).toMatchObject({ kind: 'held', sent: { pages: 0 } });
    expect(told()).toEqual(['2 pages wait until there are the 3 of a job']);
    const enough = play({ keys: pages(1, 3, 5), minimumPages: 3 });
    expect(await enough.run()).toMatchObject({ kind: 'finished', sent: { pages: 3 } });
    expect(provider.log).toEqual([]);
  });

  it('are asked one by one once they have waited long enough, where the configuration allows', async () => {
    const settings = { tooFew: 'one-by-one', maxWaitHours: 2 } as const;
    const { world, single, clock, told, provider } = play({ keys: pages(1, 2), minimumPages: 3, settings });
    const context = world.orchestrator({ singleProvider: single });
    expect(await runExtraction(context)).toMatchObject({ kind: 'held' });
    clock.advance(2 * hours - 1);
    expect(await runExtraction(context)).toMatchObject({ kind: 'held' });
    clock.advance(1);
    expect(await runExtraction(context)).toMatchObject({ kind: 'finished', sent: { pages: 2 } });
    expect(provider.log).toEqual([]);
    expect(single.log).toHaveLength(2);
    expect(told().join('\n')).toMatch(/at most until 2026-03-02T10:00:00Z/);
    expect(told().join('\n')).toMatch(/asked one by one/);
  });
});

describe('what is kept', () => {
  it('marks each page whose try ended, by partition, for publication', async () => {
    const keys = ['Alabama:A:1851:1', 'Alabama:B:1852:1', 'New York:A:1851:1'];
    const { run, world } = play({ keys });
    await run();
    const partitions = await Array.fromAsync(changedPagePartitions(world.state, 'reading'));
    expect(partitions.map(({ value, date }) => `${value.split('_')[0]} ${date}`)).toEqual([
      'Alabama 1851-01-01',
      'Alabama 1852-01-01',
      'New-York 1851-01-01',
    ]);
    const changes = await Array.fromAsync(pageChangesOf(world.state, 'reading', partitions[2]!));
    expect(changes).toEqual([{ page: page('New York:A:1851:1'), revision: 1 }]);
  });

  it('lets a marker go that was published, and none of a page that has changed since', async () => {
    const key = `${BOOK}:1`;
    const { run, world, context } = play({ keys: [key] });
    await run();
    const remove = async ({ revision }: { revision: number }) => {
      const [partition] = await Array.fromAsync(changedPagePartitions(world.state, 'reading'));
      const [change] = await Array.fromAsync(pageChangesOf(world.state, 'reading', partition!));
      return world.state.transact(publishedWrites('reading', context.pages, change!, revision));
    };
    const before = await context.pages.get(key);
    await forcePages(context, [key]);
    expect(await remove(before)).toEqual({ kind: 'conflict', at: [1] });
    expect(await remove(await context.pages.get(key))).toEqual({ kind: 'written' });
    expect(await Array.fromAsync(changedPagePartitions(world.state, 'reading'))).toEqual([]);
  });

  it('is forgotten by a reset, but for the results', async () => {
    const { run, context, world, sent } = play({ keys: pages(1, 3), plan: inTurn(invalid, valid) });
    await run();
    const planned = await resetExtraction(context, { isDryRun: true });
    expect(planned).toMatchObject({ batches: 2, pages: 2, failures: 2, active: 0 });
    expect(await resetExtraction(context, { isDryRun: false })).toEqual(planned);
    expect(await Array.fromAsync(world.state.scan())).toEqual([]);
    await run();
    expect(sent()).toHaveLength(2);
  });
});
