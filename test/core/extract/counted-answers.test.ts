import { describe, expect, it } from 'vitest';
import { clearFailureCounts } from '../../../core/extract/operate-pages.ts';
import type { ResultLine } from '../../../core/ports/batch-provider.ts';
import { answersInOrder, BOOK, invalid, pages, play, valid } from './support/play.ts';
import { line, textLine } from './support/played-provider.ts';

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
    const { run, record, logged, resultOf, batches } = play({
      keys: [KEY],
      plan: answersInOrder(lines, valid),
    });
    await run();
    const failures = code === undefined ? 0 : 1;
    expect(await record(KEY)).toMatchObject({ failures, attempts: failures + 1, batch: null });
    expect((await logged(KEY)).map((failure) => failure.code)).toEqual(code === undefined ? [] : [code]);
    expect(await resultOf(KEY)).toMatchObject({ _extraction: { attempt: failures + 1 } });
    expect((await batches()).at(-1)).toMatchObject({ counts: { succeeded: 1 - failures, failed: failures } });
  });

  it('keeps the line as it came, the paths that do not fit, and who was asked', async () => {
    const { run, logged, world, context, batches } = play({
      keys: [KEY],
      plan: answersInOrder(invalid, valid),
    });
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
    const { run, told, batches, record, resultOf, world } = play({
      keys: [KEY],
      plan: answersInOrder(lines),
    });
    await run();
    expect(told().filter((text) => text.includes('a line of no page'))).toHaveLength(2);
    const [{ id } = { id: '' }] = await batches();
    const kept = await Array.fromAsync(world.lake.list(`extraction-failures/_lines/${id}/`));
    const objects = await Promise.all(kept.map(({ key }) => world.lake.get(key)));
    const texts = objects.map((object) => new TextDecoder().decode(object!.body));
    expect(texts.sort()).toEqual(
      lines(KEY)
        .slice(1)
        .map(({ raw }) => raw)
        .sort(),
    );
    const report = await world.lake.get(`reports/${id}/report.md`);
    expect(new TextDecoder().decode(report!.body)).toContain(`extraction-failures/_lines/${id}/`);
    expect(await batches()).toMatchObject([
      { counts: { unknownKeys: 1, invalidLines: 1, succeeded: 1, failed: 0 } },
    ]);
    expect((await record(other)).attempts).toBe(0);
    expect(await resultOf(other)).toBeUndefined();
  });

  it('tells of the first three lines of a kind that belong to nobody, and counts all', async () => {
    const junk = Array.from({ length: 40 }, (_, at) => ({
      ...line({ kind: 'invalid-line', message: 'half' }),
      raw: `junk ${at}`,
    }));
    const lines = (key: string) => [...junk, ...valid(key), ...valid(other)];
    const { run, told, batches, world } = play({ keys: [KEY], plan: answersInOrder(lines) });
    await run();
    expect(told().filter((text) => text.includes('INVALID_LINE'))).toHaveLength(3);
    expect(told().filter((text) => text.includes('UNKNOWN_KEY'))).toHaveLength(1);
    expect(told().some((text) => text.includes('40 invalid lines'))).toBe(true);
    const [{ id } = { id: '' }] = await batches();
    expect(await Array.fromAsync(world.lake.list(`extraction-failures/_lines/${id}/`))).toHaveLength(41);
  });

  it('ends after as many failures as the configuration allows, and a success takes none back', async () => {
    const { run, sent, record, context } = play({ keys: pages(1, 2), plan: answersInOrder(invalid) });
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
    const { run, record } = play({ keys: [KEY], plan: answersInOrder(invalid, valid) });
    await run();
    expect((await record(KEY)).failures).toBe(1);
  });

  it('reads results again that broke off, and counts nothing twice', async () => {
    let reads = 0;
    const { run, record, batches, provider } = play({
      keys: pages(1, 3, 5),
      plan: {
        ...answersInOrder((key) => (key.endsWith(':3') ? invalid(key) : valid(key)), valid),
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
