import { describe, expect, it } from 'vitest';
import { cancelBatch, clearBatch, resumeBatch } from '../../../core/extract/operate-batches.ts';
import { BOOK, pages, play } from './support/play.ts';

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
