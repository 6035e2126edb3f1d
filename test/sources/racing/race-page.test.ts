import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/window/civil-date.ts';
import { parseIndexPage } from '../../../sources/racing/index-page.ts';
import { parseRacePage } from '../../../sources/racing/race-page.ts';

const date = civilDate('2025-11-17');
const partition = { target: 'gb', date };
const url = '/results/174/newmarket-july/2025-11-17/900001';
const fixture = readFileSync(
  join(import.meta.dirname, '../../../sources/racing/fixtures/flat-handicap/page.html'),
  'utf8',
);

function read(text: string) {
  return parseRacePage(
    { url: `https://x.example${url}`, status: 200, contentType: 'text/html', text },
    { id: '900001', url },
    partition,
  );
}

/** Positions in `text` where `part` begins. */
function placesOf(text: string, part: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) places.push(at);
  return places;
}

describe('a race page', () => {
  it('never throws, whatever text arrives', () => {
    const fragment = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '<main data-analytics-race-date-time="2025-11-17T14:05">',
        '<tr class="rp-horseTable__mainRow">',
        '<td data-ending="OR">',
      ),
      fc.integer({ min: 0, max: fixture.length }).map((at) => fixture.slice(at, at + 300)),
    );
    fc.assert(
      fc.property(fc.array(fragment), (fragments) => {
        const text = fragments.join('');
        expect(read(text).kind).toBeTypeOf('string');
        expect(parseIndexPage({ url, status: 200, contentType: '', text }, partition).kind).toBeTypeOf(
          'string',
        );
      }),
    );
  });

  it('never throws on nesting without end', () => {
    expect(read('<div>'.repeat(200_000))).toMatchObject({ code: 'HTML_CHANGED' });
    expect(read(`${'<b>'.repeat(100_000)}${fixture}`).kind).toBeTypeOf('string');
  });

  it('never gives a runner what is not its own, wherever the page is torn', () => {
    const whole = read(fixture);
    if (whole.kind !== 'records') throw new Error('the fixture must read');
    const horses = new Map(whole.records.map((record) => [record.horse_id, record]));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: fixture.length }),
        fc.integer({ min: 1, max: 400 }),
        (at, length) => {
          const torn = read(fixture.slice(0, at) + fixture.slice(at + length));
          if (torn.kind !== 'records') return;
          for (const record of torn.records) {
            const honest = horses.get(record.horse_id);
            if (!honest) continue;
            for (const column of ['jockey_id', 'owner_id', 'num', 'sire_id', 'draw'] as const) {
              const values = new Set(whole.records.map((other) => other[column]));
              const others =
                record[column] !== honest[column] && values.has(record[column]) && record[column] !== null;
              expect(others, `${record.horse} has the ${column} of another`).toBe(false);
            }
          }
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  it('refuses to read on when any one cell of any one runner is lost', () => {
    for (const cell of [
      'data-ending="OR"',
      'data-ending="RPR"',
      'data-ending="TS"',
      'data-test-selector="horse-age"',
      'rp-horseTable__saddleClothNo',
      'rp-horseTable__horse__price',
      'data-test-selector="link-silk"',
    ]) {
      const places = placesOf(fixture, cell);
      expect(places.length, cell).toBe(4);
      for (const at of places) {
        const result = read(`${fixture.slice(0, at)}data-lost${fixture.slice(at + cell.length)}`);
        expect(result, cell).toMatchObject({ kind: 'rejected', code: 'PARSE_ERROR' });
      }
    }
  });

  it('leaves the neighbours alone when a comment is missing', () => {
    const whole = read(fixture);
    if (whole.kind !== 'records') throw new Error('the fixture must read');
    for (const at of placesOf(fixture, 'rp-horseTable__commentRow')) {
      const result = read(
        `${fixture.slice(0, at)}lost${fixture.slice(at + 'rp-horseTable__commentRow'.length)}`,
      );
      if (result.kind !== 'records') throw new Error('a lost comment must not cost the race');
      const changed = result.records.filter((record, nth) => record.comment !== whole.records[nth]?.comment);
      expect(changed.map((record) => record.comment)).toEqual([null]);
    }
  });

  it('tells a void race from an abandoned one', () => {
    expect(read(fixture.replaceAll(/(text-horsePosition">)\d/g, '$1VOI'))).toEqual({
      kind: 'empty',
      reason: 'the race is void',
    });
    const notice =
      '<main data-analytics-race-date-time="2025-11-17T14:05:00Z"><p>Meeting abandoned - frost</p></main>';
    expect(read(notice)).toEqual({ kind: 'empty', reason: 'the race is abandoned' });
  });

  it('does not take a link that speaks of another race for a notice', () => {
    const other =
      '<main data-analytics-race-date-time="2025-11-17T14:05:00Z"><a href="/x">Abandoned: Navan</a></main>';
    expect(read(other)).toMatchObject({ kind: 'rejected', code: 'HTML_CHANGED' });
  });

  it('lets go of the page: records keep none of its bytes', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heap = () => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    read(fixture);
    const before = heap();
    const kept = Array.from({ length: 100 }, (_, nth) =>
      read(`${fixture}<!--${`${nth} `.repeat(150_000)}-->`),
    );
    const grown = heap() - before;
    expect(kept.every((result) => result.kind === 'records')).toBe(true);
    // 100 pages of 300 KB and more would be 30 MB.
    expect(grown).toBeLessThan(8_000_000);
  });
});
