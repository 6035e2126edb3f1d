import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { merge } from '../../../core/lake/merge.ts';
import type { ItemContent, ScrapeResult } from '../../../core/lake/scrape-result.ts';
import { resultOf } from '../../e2e/support/notes-source.ts';
import { lay, texts, type Version } from './laid-version.ts';

describe('merging single items that were tried again', () => {
  const base = () =>
    lay(undefined, resultOf({ runId: 'one', at: 1, notes: { p: ['x'], q: 'failed', r: 'empty' } }))!;
  const retry = (notes: Parameters<typeof resultOf>[0]['notes'], at = 2): ScrapeResult => ({
    ...resultOf({ runId: 'retry', at, notes }),
    index: { kind: 'none' },
  });

  it('changes those, and leaves every other item and the index as they are', () => {
    const before = base();
    const after = lay(before, retry({ q: ['recovered'] }))!;
    expect(texts(after)).toEqual({ p: ['x'], q: ['recovered'], r: [] });
    expect(after.descriptor.index).toEqual(before.descriptor.index);
    const others = (version: Version) => version.descriptor.items.filter(({ id }) => id !== 'q');
    expect(others(after)).toEqual(others(before));
  });

  it('adds an item that the version does not list yet, and drops none', () => {
    expect(texts(lay(base(), retry({ s: ['new'] })))).toEqual({ p: ['x'], q: [], r: [], s: ['new'] });
  });

  it('brings nothing older over what is newer', () => {
    const newer = lay(base(), resultOf({ runId: 'two', at: 5, notes: { p: ['y'], q: ['z'] } }));
    expect(texts(lay(newer, retry({ q: ['late'] }, 3)))).toEqual({ p: ['y'], q: ['z'] });
  });

  it('touches no row where the item failed again', () => {
    expect(merge(base().descriptor, retry({ q: 'failed' }))).toMatchObject({ touchesRows: false });
  });

  it('knows nothing where nothing is known of the partition', () => {
    expect(merge(undefined, retry({ q: ['recovered'] }))).toBeUndefined();
  });

  it('is the same as having seen it in the run, whatever the order of run and retry', () => {
    const kinds = fc.constantFrom<ItemContent['kind']>('records', 'empty', 'failed');
    fc.assert(
      fc.property(fc.record({ p: kinds, q: kinds }), kinds, (notes, again) => {
        const run = resultOf({ runId: 'run', at: 3, notes });
        const single = retry({ q: again }, 2);
        const one = lay(lay(base(), run), single)!;
        const other = lay(lay(base(), single), run)!;
        const rowsOf = ({ rows }: Version, id: string) => rows.get(id)?.length ?? 0;
        expect(rowsOf(one, 'p')).toBe(rowsOf(other, 'p'));
        // What was seen last stands, and what failed keeps what there was.
        expect(rowsOf(one, 'q')).toBe(rowsOf(other, 'q'));
      }),
      { numRuns: 100 },
    );
  });
});
