import { describe, expect, it } from 'vitest';
import { runExtraction } from '../../../core/extract/run-extraction.ts';
import { RunMemory, runMemorySchema } from '../../../core/extract/run-memory.ts';
import { decidedPages } from '../../../core/extract/scan-now.ts';
import { runWave } from '../../../core/extract/wave.ts';
import { BOOK, pages, play } from './support/play.ts';
import { textLine } from './support/played-provider.ts';

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

describe('one page', () => {
  it('is told of in the singular, where it is sent as where it waits', async () => {
    const alone = play({ keys: pages(1) });
    await alone.run();
    const [sent] = await alone.batches();
    expect(sent!.transitions.map(({ reason }) => reason)).toContain('1 page is sent');
    const tooFew = play({ keys: pages(1), minimumPages: 3 });
    await tooFew.run();
    expect(tooFew.told()).toEqual(['1 page waits until there are the 3 of a job']);
  });
});
