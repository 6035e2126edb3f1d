import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { PageTooLargeError } from '../../../core/source/page-budget.ts';
import { parseIndexPage } from '../../../sources/racing/index-page.ts';
import { parseRacePage } from '../../../sources/racing/race-page.ts';

const date = civilDate('2025-11-17');
const partition = { value: 'gb', date };
const url = '/results/513/wolverhampton-aw/2025-11-17/900001';
const fixture = readFileSync(
  join(import.meta.dirname, '../../../sources/racing/fixtures/classic-flat-handicap/page.html'),
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
        '<script id="__NEXT_DATA__">',
        '{"props":{"pageProps":{"initialState":{"raceResult":{"data":{',
        '</html>',
      ),
      fc.integer({ min: 0, max: fixture.length }).map((at) => fixture.slice(at, at + 300)),
    );
    fc.assert(
      fc.property(fc.array(fragment), (fragments) => {
        const text = fragments.join('');
        expect(read(text).kind).toBeTypeOf('string');
        const index = { url: '/results/2025-11-17', status: 200, contentType: '', text };
        expect(parseIndexPage(index, partition, { attempt: 1, notes: [] }).kind).toBeTypeOf('string');
      }),
    );
  });

  it('reads the country of a sire inside his link or behind it, however the page is broken into lines', () => {
    const served = fixture
      .replace(
        /<\/a> \((IRE|FR|USA)\) - /g,
        ' ($1) <svg><use xlink:href="#right"/></svg><!--\n  --></a> -\n ',
      )
      .replace(/<main class="/g, '<main\n\n data-analytics-race-id="900001"\n class="ng-scope ')
      .replace(/class="(rp-horseTable__(?:mainRow|wgt|pos__number))"/g, 'class="\n  $1\n  $1_noDraw   "')
      .replace(/(\d)<\/span>/g, '\n  $1<!--\n  --></span>');
    expect(served).not.toContain('</a> (IRE) - ');
    expect(read(served)).toMatchObject({ kind: 'records' });
    expect(read(served)).toEqual(read(fixture));
  });

  it('needs no going abroad, where the line is left out', () => {
    const french = readFileSync(
      join(import.meta.dirname, '../../../sources/racing/fixtures/classic-french-listed/page.html'),
      'utf8',
    );
    const path = '/results/211/saint-cloud/2025-10-05/900003';
    const found = parseRacePage(
      {
        url: path,
        status: 200,
        contentType: 'text/html',
        text: french.replace(/<span class="rp-raceTimeCourseName_condition">[^<]*<\/span>/, ''),
      },
      { id: '900003', url: path },
      { value: 'fr', date: civilDate('2025-10-05') },
    );
    expect(found.kind === 'records' && found.records.map(({ going, surface }) => [going, surface])).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  it('says that a page nests too deep to be read', () => {
    expect(() => read(`${'<div>'.repeat(200_000)}</html>`)).toThrow(PageTooLargeError);
    expect(() => read(`${'<b>'.repeat(100_000)}${fixture}`)).toThrow(PageTooLargeError);
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
      /<td data-ending="OR">[^<]*<\/td>/g,
      /<td data-ending="RPR"[^>]*>[^<]*<\/td>/g,
      /<td data-ending="TS"[^>]*>[^<]*<\/td>/g,
      /data-test-selector="horse-age"/g,
      /rp-horseTable__saddleClothNo/g,
      /rp-horseTable__horse__price/g,
      /data-test-selector="link-silk"/g,
      /data-test-selector="block-pedigreeInfoFullResults"/g,
    ]) {
      const places = [...fixture.matchAll(cell)];
      expect(places.length, String(cell)).toBe(4);
      for (const { index, 0: found } of places) {
        const result = read(`${fixture.slice(0, index)}data-lost${fixture.slice(index + found.length)}`);
        expect(result, String(cell)).toMatchObject({ kind: 'rejected', code: 'PARSE_ERROR' });
      }
      expect(read(fixture.replaceAll(cell, 'data-lost'))).toMatchObject({ code: 'HTML_CHANGED' });
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

  it.each([
    [
      'the page of another date',
      /2025-11-17T14:05/,
      '2025-11-16T14:05',
      'HTML_CHANGED',
      'of date 2025-11-16',
    ],
    ['another course', /coursename="[^"]*"/, 'coursename="Ascot"', 'HTML_CHANGED', 'of course Ascot'],
    [
      'another country',
      /__name" href="#">[^<]*/,
      '__name" href="#">Dundalk (IRE)',
      'HTML_CHANGED',
      'of country IRE',
    ],
    [
      'no heading',
      'rp-raceTimeCourseName__name',
      'lost',
      'HTML_CHANGED',
      'a.rp-raceTimeCourseName__name is gone',
    ],
    [
      'another race in its head',
      '</head>',
      '<link rel="canonical" href="/results/513/wolverhampton-aw/2025-11-17/9"></head>',
      'HTML_CHANGED',
      'of race 9',
    ],
    ['no time of day', 'T14:05:00', 'T34:10:00', 'PARSE_ERROR', 'is no date-time'],
    ['no main', /<main[^>]*>/, '<main>', 'HTML_CHANGED', 'main[data-analytics-race-date-time] is gone'],
    [
      'no title',
      'rp-raceTimeCourseName__title',
      'lost',
      'HTML_CHANGED',
      'h2.rp-raceTimeCourseName__title is gone',
    ],
    [
      'no going',
      'rp-raceTimeCourseName_condition',
      'lost',
      'HTML_CHANGED',
      'span.rp-raceTimeCourseName_condition is gone',
    ],
    ['no distance', 'block-distanceInd', 'lost', 'HTML_CHANGED', 'block-distanceInd'],
    ['a full distance in words', '(1m142yds)', '(a long way)', 'PARSE_ERROR', 'is no distance'],
    ['no box under the runners', 'class="rp-raceInfo"', 'class="lost"', 'HTML_CHANGED', 'div.rp-raceInfo'],
    [
      'another label of the winning time',
      'Winning time:',
      'Record:',
      'HTML_CHANGED',
      'the label of the winning time is gone',
    ],
    ['a winning time in words', '1m 50.20s (slow', '1 2 3 (slow', 'PARSE_ERROR', 'is no time'],
    ['a prize without an amount', '£2,442', '', 'PARSE_ERROR', 'no readable amount'],
    ['a prize in words', '£2,442', 'plenty', 'PARSE_ERROR', 'no readable amount'],
    [
      'prizes without places',
      /rp-raceTimeCourseName__prizeMoneyTitle/g,
      'lost',
      'PARSE_ERROR',
      'no readable amount',
    ],
    ['rows of another name', /rp-horseTable__mainRow/g, 'lost', 'HTML_CHANGED', 'runners stand outside'],
    ['fewer runners than it counts', '>4 ran<', '>9 ran<', 'PARSE_ERROR', '9 ran, but the page lists 4'],
    ['a horse twice', '/profile/horse/502/x', '/profile/horse/501/x', 'PARSE_ERROR', 'is there twice'],
    [
      'two jockeys in a row',
      '/profile/jockey/11/x',
      '/profile/jockey/19/x',
      'PARSE_ERROR',
      'has two jockeys',
    ],
    ['a rating in words', '\n 85\n', 'n/a', 'PARSE_ERROR', 'Copper Lantern: OR "n/a" is no number'],
    [
      'a position in words',
      'text-horsePosition">2',
      'text-horsePosition">second',
      'PARSE_ERROR',
      'is no position',
    ],
    ['no end', /<\/html>\s*$/, '', 'HTML_CHANGED', 'the page is cut off'],
    [
      'no runner with a position',
      /text-horsePosition">\d/g,
      'text-horsePosition">',
      'NO_RECORDS',
      'no runner has a position yet',
    ],
    [
      'no runner',
      /<tbody>[\s\S]*<\/tbody>/,
      '<tbody></tbody>',
      'NO_RECORDS',
      'the table of runners is empty',
    ],
    ['no table', /<table[\s\S]*<\/table>/, '', 'HTML_CHANGED', 'the table of runners is gone'],
  ] as const)('with %s is refused', (_, part, other, code, message) => {
    const changed = fixture.replace(part, other);
    expect(changed).not.toBe(fixture);
    expect(read(changed)).toMatchObject({
      kind: 'rejected',
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  it('is not the one that was asked for where the answer came from elsewhere', () => {
    const from = (address: string) =>
      parseRacePage(
        { url: address, status: 200, contentType: 'text/html', text: fixture },
        { id: '900001', url },
        partition,
      );
    expect(from('/results/513/wolverhampton-aw/2025-11-17/900002')).toMatchObject({ code: 'HTML_CHANGED' });
    expect(from('/results/514/wolverhampton/2025-11-17/900001')).toMatchObject({ code: 'HTML_CHANGED' });
    expect(from('/results/513/wolverhampton-aw/2025-11-16/900001')).toMatchObject({ code: 'HTML_CHANGED' });
    expect(from('/results/2025-11-17')).toMatchObject({ code: 'HTML_CHANGED' });
  });

  it('tells a void race from an abandoned one', () => {
    expect(read(fixture.replaceAll(/(text-horsePosition">)\d/g, '$1VOI'))).toEqual({
      kind: 'empty',
      reason: 'the race is void',
    });
    const page = (inner: string) =>
      `<main data-analytics-race-date-time="2025-11-17T14:05:00Z">${inner}</main></html>`;
    const abandoned = { kind: 'empty', reason: 'the race is abandoned' };
    expect(read(page('<p>Meeting abandoned - frost</p>'))).toEqual(abandoned);
    const emptyBox = page('<div class="rp-raceInfo"><ul><li></li></ul></div>');
    expect(read(emptyBox)).toEqual({ kind: 'empty', reason: 'the race is void' });
  });

  it('does not take a link that speaks of another race for a notice', () => {
    const other =
      '<main data-analytics-race-date-time="2025-11-17T14:05:00Z"><a href="/x">Abandoned: Navan</a></main></html>';
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
