import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { ScrapeResult } from '../../../core/lake/scrape-result.ts';
import { type Checkpoint, encodeCheckpoint } from '../../../core/scrape/checkpoint.ts';
import { lineageOf } from '../../../core/scrape/item-content.ts';
import { encodeResult } from '../../../core/scrape/result-bytes.ts';

const CAPTURE = Buffer.from('a capture,"records":[]\n');

function page(id: string, records: readonly Record<string, string | number | null>[], at = 0): Checkpoint {
  const attempt = {
    attempt_id: `${id}-${at}`,
    attempt_number: 1,
    url: `https://a.example/${id}`,
    final_url: null,
  };
  const facts = { attempted_at: '2026-11-27T02:00:00.000Z', capture: 'raw/a.warc.gz#12' };
  return {
    kind: 'item',
    item: { id, url: `/${id}`, headers: { Accept: '"records":[]' } },
    lookedAt: 1,
    outcome: { code: 'SUCCESS' },
    learned: { kind: 'records', records, follow: [{ url: `/${id}/more` }] },
    attempt: { ...attempt, ...facts } as unknown as Checkpoint['attempt'],
  };
}

const PAGES = new Map([
  ['plain', [page('plain', [{ race: 'plain', horse: 'Frosty Uplands', btn: 0.1, draw: null }])]],
  [
    'odd',
    [
      page('odd', [
        { race: 'odd', horse: '"},{"\\é–\u{1f40e}\ud800\u2028' },
        { race: 'odd', 'ho"rse': 'x' },
      ]),
    ],
  ],
  [
    'two',
    [
      page('two', [{ race: 'two', n: 1 }]),
      page(
        'two',
        [
          { race: 'two', n: 2 },
          { race: 'two', n: 3 },
        ],
        1,
      ),
    ],
  ],
]);

function resultOf(pages: ReadonlyMap<string, readonly Checkpoint[]>): ScrapeResult {
  const evidence = { checkedAt: 1, capture: 'raw/a.warc.gz#12' };
  const rowsOf = (each: Checkpoint) =>
    each.learned?.kind === 'records'
      ? each.learned.records.map((record) => ({ ...record, ...lineageOf('run-1', each) }))
      : [];
  const items = [...pages].map(([id, ofItem]) => {
    const records = ofItem.flatMap(rowsOf);
    const content = { kind: 'records', evidence, records, contentHash: 'abc' } as const;
    return { item: { id, url: `/${id}` }, attempts: 1, content };
  });
  const failed = { kind: 'failed', outcome: { code: 'TIMEOUT', message: '"items":[]' } } as const;
  return {
    runId: 'run-1',
    origin: 'site',
    source: 'racing',
    partition: { value: 'gb', date: civilDate('2026-11-26') },
    parserVersion: 1,
    schema: 'f',
    index: { kind: 'none' },
    items: [...items, { item: { id: 'gone', url: '/gone' }, attempts: 2, content: failed }],
    attempts: 4,
    wireBytes: 5,
  };
}

const texts = (checkpoint: Checkpoint) => encodeCheckpoint({ checkpoint, capture: CAPTURE }).texts;
const read = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));
const plainly = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('a checkpoint in bytes', () => {
  it.each([...PAGES.values()].flat())(
    'is a line of JSON, then the capture: $attempt.attempt_id',
    (checkpoint) => {
      const { body, capture } = encodeCheckpoint({ checkpoint, capture: CAPTURE });
      const end = body.indexOf('\n');
      expect(read(body.subarray(0, end))).toEqual(plainly(checkpoint));
      expect(body.subarray(end + 1)).toEqual(CAPTURE);
      expect(capture).toEqual(CAPTURE);
    },
  );

  it('knows where each record stands', () => {
    const [{ learned }] = PAGES.get('odd')! as [Checkpoint];
    const { body, places } = texts(PAGES.get('odd')![0]!)!;
    const found = [0, 2].map((at) => read(body.subarray(places[at], places[at + 1])));
    expect(found).toEqual(plainly((learned as { records: unknown }).records));
  });
});

describe('a result in bytes', () => {
  const result = resultOf(PAGES);
  const pagesOf = (id: string) => PAGES.get(id) ?? [];

  it('says the same, put together of the records of its checkpoints', () => {
    expect(read(encodeResult(result, pagesOf, texts))).toEqual(plainly(result));
  });

  it('says the same where the texts of some pages are not known', () => {
    for (const [left] of PAGES) {
      const some = (each: Checkpoint) => (each.item.id === left ? undefined : texts(each));
      expect(read(encodeResult(result, pagesOf, some))).toEqual(plainly(result));
    }
    const ofFirst = (each: Checkpoint) => (each.attempt.attempt_id === 'two-1' ? undefined : texts(each));
    expect(read(encodeResult(result, pagesOf, ofFirst))).toEqual(plainly(result));
  });
});
