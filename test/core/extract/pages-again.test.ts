import { describe, expect, it } from 'vitest';
import { forcePages, resetExtraction } from '../../../core/extract/operate-pages.ts';
import { changedPagePartitions, pageChangesOf, publishedWrites } from '../../../core/extract/page-changes.ts';
import { resultKeyOf } from '../../../core/extract/result-object.ts';
import { runExtraction } from '../../../core/extract/run-extraction.ts';
import { usageOf } from '../../../core/extract/usage.ts';
import { answersInOrder, BOOK, invalid, pages, play, valid } from './support/play.ts';
import { textLine } from './support/played-provider.ts';
import { good, page } from './support/world.ts';

describe('a page that is asked for again', () => {
  it('keeps its result until the new one is valid', async () => {
    const key = `${BOOK}:1`;
    const second = (of: string) => [textLine(of, good('anew'))];
    const { run, context, resultOf, record } = play({
      keys: [key],
      plan: answersInOrder(valid, invalid, second),
    });
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
    const { run, context, world, sent } = play({ keys: pages(1, 3), plan: answersInOrder(invalid, valid) });
    await run();
    const planned = await resetExtraction(context, { isDryRun: true });
    expect(planned).toMatchObject({ batches: 2, pages: 2, failures: 2, active: 0 });
    expect(await resetExtraction(context, { isDryRun: false })).toEqual(planned);
    expect(await Array.fromAsync(world.state.scan())).toEqual([]);
    await run();
    expect(sent()).toHaveLength(2);
  });
});
