import * as z from 'zod';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { ItemContent, ItemResult, ScrapeResult } from '../../../core/lake/scrape-result.ts';
import type { Row } from '../../../core/schema/columns.ts';
import { daily, defineSource } from '../../../core/source/define-source.ts';
import type { Partition, Source } from '../../../core/source/source.ts';

/**
 * The smallest source there is: an item is a note, a record is a line of it. Nobody fetches it; its results
 * are made up.
 */
export const notes: Source = defineSource({
  name: 'notes',
  baseUrl: 'https://notes.example/',
  timeZone: 'UTC',
  cadence: daily({ at: '01:00', windowDays: 3 }),
  targets: [{ id: 'a' }],
  table: {
    name: 'notes',
    partitionBy: ['shelf', 'date'],
    itemKey: 'note',
    rowKey: ['note', 'line'],
    schema: z.object({ note: z.string(), line: z.int32(), text: z.string().nullable() }),
    csv: true,
  },
  discover: {
    url: ({ date }) => `/${date}`,
    parse: () => ({ kind: 'rejected', code: 'NO_RECORDS', message: 'never asked' }),
  },
  parse: () => ({ kind: 'rejected', code: 'NO_RECORDS', message: 'never asked' }),
});

export const SHELF: Partition = { value: 'a', date: civilDate('2026-11-20') };

/** Lines of a note as a scrape would hand them over. */
export function linesOf(note: string, texts: readonly (string | null)[], runId = 'run'): Row[] {
  return texts.map((text, line) => ({
    note,
    line,
    text,
    _run_id: runId,
    _source_url: `https://notes.example/${note}`,
    _scraped_at: '2026-11-20T00:00:00.000Z',
    _capture: null,
  }));
}

export interface MadeUp {
  readonly runId: string;
  /** Milliseconds at which everything in the result was looked at. */
  readonly at: number;
  /** What became of each note; the keys are what the index lists. */
  readonly notes: Readonly<Record<string, ItemContent['kind'] | readonly (string | null)[]>>;
}

/** A finalized result in which the index lists exactly the given notes. */
export function resultOf({ runId, at, notes: looked }: MadeUp): ScrapeResult {
  const evidence = { checkedAt: at, capture: null };
  const contentOf = (note: string, what: MadeUp['notes'][string]): ItemContent => {
    if (typeof what !== 'string') return { kind: 'records', records: linesOf(note, what, runId), evidence };
    switch (what) {
      case 'failed':
        return { kind: 'failed', outcome: { code: 'SERVER_ERROR', message: 'HTTP 500' } };
      case 'skipped':
        return { kind: 'skipped', reason: 'the target is flagged' };
      case 'empty':
        return { kind: 'empty', reason: 'a blank page', evidence };
      case 'unchanged':
        return { kind: 'unchanged', evidence };
      case 'unseen':
        return { kind: 'unseen' };
      case 'no-result':
        return { kind: 'no-result', status: 'void', checkedAt: at };
      case 'outdated': {
        const outcome = { code: 'VALIDATION_ERROR', message: 'what came after it is no note' } as const;
        return { kind: 'outdated', records: linesOf(note, [note], runId), evidence, outcome };
      }
      case 'records':
        return { kind: 'records', records: linesOf(note, [note], runId), evidence };
    }
  };
  return {
    runId,
    origin: 'site',
    source: 'notes',
    partition: SHELF,
    parserVersion: 1,
    index: {
      kind: 'listed',
      index: { url: `https://notes.example/${SHELF.date}`, checkedAt: at, parserVersion: 1, capture: null },
    },
    items: Object.entries(looked).map(
      ([id, what]): ItemResult => ({
        item: { id, url: `/${id}` },
        content: contentOf(id, what),
        attempts: 1,
      }),
    ),
    attempts: Object.keys(looked).length,
    wireBytes: 0,
  };
}
