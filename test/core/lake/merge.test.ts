import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { merge } from '../../../core/lake/merge.ts';
import type { ItemContent, ScrapeResult } from '../../../core/lake/scrape-result.ts';
import { statsOf } from '../../../core/lake/version.ts';
import { linesOf, resultOf, SHELF } from '../../e2e/support/notes-source.ts';
import { lay, texts, type Version } from './laid-version.ts';

/**
 * One look of a scrape at a site whose pages only ever move on: page `id` is edition `edition(id, at)`, and
 * its etag says so. `saw`: what the scrape got; a 304 only where its validators were those of the edition
 * that still stands.
 */
interface Look {
  readonly at: number;
  readonly saw: Readonly<Record<string, 'page' | '304' | 'failed' | 'skipped' | 'unseen'>>;
}
type Site = Readonly<Record<string, readonly number[]>>;

const IDS = ['p', 'q', 'r'];
/** The times at which each page changed. */
const sites: fc.Arbitrary<Site> = fc.record(
  Object.fromEntries(IDS.map((id) => [id, fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 3 })])),
);
const edition = (site: Site, id: string, at: number) => site[id]!.filter((change) => change <= at).length;

function looks(at: fc.Arbitrary<number>): fc.Arbitrary<Look> {
  const saw = fc.constantFrom<Look['saw'][string]>('page', '304', 'failed', 'skipped', 'unseen');
  return fc.record({ at, saw: fc.record(Object.fromEntries(IDS.map((id) => [id, saw]))) });
}

/** The look as a finalized result; `base` is when the version was made whose validators were sent. */
function resultAt(site: Site, look: Look, base: number, runId: string): ScrapeResult {
  const contentOf = (id: string): ItemContent => {
    const now = edition(site, id, look.at);
    const evidence = { checkedAt: look.at, capture: null, etag: `"${id}${now}"` };
    switch (look.saw[id]!) {
      case '304':
        if (edition(site, id, base) === now) return { kind: 'unchanged', evidence };
        return { kind: 'records', records: linesOf(id, [`edition ${now}`], runId), evidence };
      case 'page':
        return { kind: 'records', records: linesOf(id, [`edition ${now}`], runId), evidence };
      case 'failed':
        return { kind: 'failed', outcome: { code: 'TIMEOUT' } };
      case 'skipped':
        return { kind: 'skipped', reason: 'flagged' };
      case 'unseen':
        return { kind: 'unseen' };
    }
  };
  const made = resultOf({ runId, at: look.at, notes: Object.fromEntries(IDS.map((id) => [id, 'failed'])) });
  return { ...made, items: made.items.map((entry) => ({ ...entry, content: contentOf(entry.item.id) })) };
}

const succeeded = (look: Look, id: string) => look.saw[id] === 'page' || look.saw[id] === '304';

describe('merging a scrape into the current version', () => {
  const BASE: Look = { at: 0, saw: { p: 'page', q: 'page', r: 'page' } };
  const later = looks(fc.integer({ min: 1, max: 99 }));

  it('leaves each item with its latest successful look, in whatever order the scrapes are published', () => {
    fc.assert(
      fc.property(sites, later, later, (site, one, two) => {
        fc.pre(one.at !== two.at);
        const base = lay(undefined, resultAt(site, BASE, -1, 'base'));
        const [a, b] = [resultAt(site, one, 0, 'a'), resultAt(site, two, 0, 'b')];
        const expected = Object.fromEntries(
          IDS.map((id) => {
            const seen = [BASE, one, two].filter((look) => succeeded(look, id)).map((look) => look.at);
            return [id, [`edition ${edition(site, id, Math.max(...seen))}`]];
          }),
        );
        expect(texts(lay(lay(base, a), b))).toEqual(expected);
        expect(texts(lay(lay(base, b), a))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('from nothing gives the same rows in either order', () => {
    fc.assert(
      fc.property(sites, later, later, (site, one, two) => {
        fc.pre(one.at !== two.at);
        const [a, b] = [resultAt(site, one, -1, 'a'), resultAt(site, two, -1, 'b')];
        expect(texts(lay(lay(undefined, a), b))).toEqual(texts(lay(lay(undefined, b), a)));
      }),
      { numRuns: 300 },
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(sites, later, (site, look) => {
        const base = lay(undefined, resultAt(site, BASE, -1, 'base'));
        const result = resultAt(site, look, 0, 'a');
        const once = lay(base, result);
        const twice = lay(once, result);
        expect(texts(twice)).toEqual(texts(once));
        expect(twice!.descriptor.items).toEqual(once!.descriptor.items);
      }),
      { numRuns: 300 },
    );
  });

  it('says that rows are touched exactly where a row may have changed', () => {
    fc.assert(
      fc.property(sites, later, (site, look) => {
        const base = lay(undefined, resultAt(site, BASE, -1, 'base'))!;
        const result = resultAt(site, look, 0, 'a');
        const { touchesRows } = merge(base.descriptor, result)!;
        if (!touchesRows) expect(texts(lay(base, result))).toEqual(texts(base));
        expect(touchesRows).toBe(result.items.some(({ content }) => content.kind === 'records'));
      }),
      { numRuns: 300 },
    );
  });

  it('counts every item of the newest index, and no other, whatever became of it', () => {
    const ids = fc.uniqueArray(fc.constantFrom('p', 'q', 'r', 's', 't'), { maxLength: 5 });
    const kinds = fc.constantFrom<ItemContent['kind']>(
      'records',
      'empty',
      'failed',
      'skipped',
      'unchanged',
      'unseen',
      'no-result',
    );
    const listing = fc.record({
      at: fc.integer({ min: 1, max: 9 }),
      ids,
      kinds: fc.array(kinds, { minLength: 5, maxLength: 5 }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(listing, { selector: ({ at }) => at, minLength: 1, maxLength: 4 }),
        (scrapes) => {
          const results = scrapes.map(({ at, ids: listed, kinds: became }) =>
            resultOf({
              runId: `run-${at}`,
              at,
              notes: Object.fromEntries(listed.map((id, nth) => [id, became[nth]!])),
            }),
          );
          const end = results.reduce<Version | undefined>(lay, undefined)!;
          const newest = scrapes.toSorted((a, b) => a.at - b.at).at(-1)!;
          expect(end.descriptor.items.map(({ id }) => id).toSorted()).toEqual(newest.ids.toSorted());
          const stats = statsOf(end.descriptor.items);
          expect(stats.found + stats.failed).toBe(stats.expected);
          expect(stats.expected + stats.empty + stats.void).toBe(end.descriptor.items.length);
          for (const { id, rows } of end.descriptor.items) expect(end.rows.get(id)).toHaveLength(rows);
        },
      ),
      { numRuns: 500 },
    );
  });

  const first = (notes: Parameters<typeof resultOf>[0]['notes']) =>
    lay(undefined, resultOf({ runId: 'one', at: 1, notes }))!;
  const second = (notes: Parameters<typeof resultOf>[0]['notes'], at = 2) =>
    resultOf({ runId: 'two', at, notes });
  const states = ({ descriptor }: Version) =>
    Object.fromEntries(descriptor.items.map(({ id, state }) => [id, state]));

  it('tells found, empty, carried and failed apart', () => {
    const base = first({ p: ['x'], q: 'empty', r: 'failed', s: ['y'] });
    expect(states(base)).toEqual({ p: 'found', q: 'empty', r: 'failed', s: 'found' });
    expect(states(lay(base, second({ p: 'failed', q: 'failed', r: 'failed', s: 'skipped' }))!)).toEqual({
      p: 'carried',
      q: 'carried',
      r: 'failed',
      s: 'carried',
    });
    expect(states(lay(base, second({ p: 'unseen', q: 'unseen', r: 'unseen', s: 'unseen' }))!)).toEqual(
      states(base),
    );
  });

  it('gives a carried item its old state back when the page says that it did not change', () => {
    const carried = lay(first({ p: ['x'], q: 'empty' }), second({ p: 'failed', q: 'failed' }))!;
    expect(states(lay(carried, second({ p: 'unchanged', q: 'unchanged' }, 3))!)).toEqual({
      p: 'found',
      q: 'empty',
    });
  });

  it('does not take a 304 for a page of which the version holds another edition', () => {
    const result = (etag: string, kind: 'records' | 'unchanged', at: number): ScrapeResult => {
      const made = resultOf({ runId: `run-${at}`, at, notes: { p: kind } });
      return {
        ...made,
        items: made.items.map((entry) => ({
          ...entry,
          content: { ...entry.content, evidence: { checkedAt: at, capture: null, etag } } as ItemContent,
        })),
      };
    };
    const base = lay(undefined, result('"2"', 'records', 1))!;
    expect(states(lay(base, result('"1"', 'unchanged', 2))!)).toEqual({ p: 'carried' });
    expect(states(lay(base, result('"2"', 'unchanged', 2))!)).toEqual({ p: 'found' });
  });

  it('drops what the newest index no longer lists, and keeps what only an older one does not', () => {
    const base = first({ p: ['x'], q: ['y'] });
    expect(texts(lay(base, second({ q: 'unchanged' })))).toEqual({ q: ['y'] });
    expect(texts(lay(base, second({ q: ['older'] }, 0)))).toEqual({ p: ['x'], q: ['y'] });
  });

  it('keeps the version where the index was not read, and knows nothing where there is none', () => {
    const blind: ScrapeResult = {
      ...second({}),
      index: { kind: 'failed', outcome: { code: 'SERVER_ERROR' } },
    };
    const base = first({ p: ['x'] });
    expect(texts(lay(base, blind))).toEqual({ p: ['x'] });
    expect(merge(undefined, blind)).toBeUndefined();
    expect(blind.partition).toEqual(SHELF);
  });
});
