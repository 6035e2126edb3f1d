import { rowKeyOf } from '../../core/source/source.ts';
import { ROW_KEY, type Schedule } from './schema.ts';

/** As it stands in the lake: lists are the text of their JSON. */
type Stored = Readonly<Record<string, string | number | boolean | null>>;

const CONFIDENCE: readonly Schedule['confidence'][] = ['low', 'medium', 'high'];

/**
 * One row a district, year and level of what several pages say: the surest one, of equals the first, with the
 * schools and addresses of all.
 */
export function combineSchedules(rows: readonly Stored[]): Stored[] {
  const groups = Map.groupBy(rows, (row) => rowKeyOf({ table: { rowKey: ROW_KEY } }, row));
  return [...groups.values()].map((pages) => {
    const best = pages.reduce((one, other) => (sureness(other) > sureness(one) ? other : one));
    if (pages.length === 1) return best;
    const differs = pages.some(
      ({ start_time, end_time }) => start_time !== best.start_time || end_time !== best.end_time,
    );
    const notes = [best.notes, ...(differs ? ['pages differ: these are the times of the surest'] : [])];
    return {
      ...best,
      schools_sampled: listOf(pages, 'schools_sampled'),
      source_urls: listOf([best, ...pages], 'source_urls'),
      notes: notes.filter((note) => note !== null).join('. ') || null,
    };
  });
}

function sureness({ confidence }: Stored): number {
  return CONFIDENCE.indexOf(confidence as Schedule['confidence']);
}

function listOf(rows: readonly Stored[], column: 'schools_sampled' | 'source_urls'): string {
  const lists = rows.map((row) => JSON.parse(String(row[column])) as string[]);
  return JSON.stringify([...new Set(lists.flat())]);
}
