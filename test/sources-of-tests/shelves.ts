import * as z from 'zod';
import { daily, defineSource } from '../../core/source/define-source.ts';
import { readJson } from '../../core/source/json.ts';
import type { PageRequest } from '../../core/source/source.ts';

const answer = z.object({
  books: z.array(z.object({ isbn: z.string(), title: z.string(), year: z.number().int().nullable() })),
  cursor: z.string().nullable(),
});

const ask = (shelf: string, date: string, cursor: string | null): PageRequest => ({
  url: '/api/books',
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ shelf, date, cursor }),
});

/**
 * A paged JSON API that is asked with POST and goes on where its cursor says; daily, partitioned by the
 * target.
 */
export const shelves = defineSource({
  name: 'shelves',
  baseUrl: 'https://shelves.example',
  timeZone: 'UTC',
  cadence: daily({ at: '02:00', windowDays: 2 }),
  targets: [{ id: 'novels' }, { id: 'poems' }],
  table: {
    name: 'shelf_books',
    partitionBy: ['shelf', 'date'],
    itemKey: 'shelf_id',
    rowKey: ['shelf_id', 'isbn'],
    schema: z.object({
      shelf_id: z.string().describe('Shelf'),
      isbn: z.string().describe('Number of the book'),
      title: z.string().describe('Title'),
      year: z.number().int().nullable().describe('Year of print'),
    }),
  },
  politeness: { minDelayMs: 0 },
  items: ({ id }, date) => [{ id, ...ask(id, date, null) }],
  parse(page, { id }, { date }) {
    const read = readJson(page, answer);
    if (read.kind === 'rejected') return read;
    const { books, cursor } = read.value;
    const records = books.map((book) => ({ shelf_id: id, ...book }));
    return { kind: 'records', records, ...(cursor !== null && { follow: [ask(id, date, cursor)] }) };
  },
});
