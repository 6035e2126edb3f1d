import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { parseRacePage } from '../../../sources/racing/race-page.ts';

const url = '/results/513/wolverhampton-aw/2025-11-17/900001';
const fixture = readFileSync(
  join(import.meta.dirname, '../../../sources/racing/fixtures/next-flat-handicap/page.html'),
  'utf8',
);
const START = '<script id="__NEXT_DATA__" type="application/json">';
const json = fixture.slice(fixture.indexOf(START) + START.length, fixture.lastIndexOf('</script>'));

type Data = Record<string, unknown>;

function read(text: string, contentType = 'text/html') {
  return parseRacePage(
    { url: `https://x.example${url}`, status: 200, contentType, text },
    { id: '900001', url },
    { value: 'gb', date: civilDate('2025-11-17') },
  );
}

/** The page with its `raceResult.data` changed. */
function changed(change: (data: Data) => void): string {
  const page = JSON.parse(json);
  change(page.props.pageProps.initialState.raceResult.data);
  return fixture.replace(json, () => JSON.stringify(page).replaceAll('<', '\\u003c'));
}

/** Keys that no column needs; the course has two. */
const UNREAD = new Set(['courseKey', 'horseUrl', 'courseDisplayName']);

function keysOf(value: unknown, path: readonly (string | number)[]): (readonly (string | number)[])[] {
  if (Array.isArray(value)) return value.length === 0 ? [] : keysOf(value[0], [...path, 0]);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => [[...path, key], ...keysOf(below, [...path, key])]);
}

function withoutKey(keys: readonly (string | number)[]): string {
  return changed((data) => {
    let at: Data = data;
    for (const key of keys.slice(0, -1)) at = at[key] as Data;
    delete at[keys.at(-1) as string];
  });
}

describe('a race page of today’s markup', () => {
  const all = keysOf(JSON.parse(json).props.pageProps.initialState.raceResult.data, []);
  const keys = all.filter((path) => !UNREAD.has(String(path.at(-1))));

  it('has every key that is asked for in the fixture', () => expect(keys.length).toBeGreaterThan(50));

  it.each(
    keys.map((path) => [`raceResult.data.${path.join('.').replace(/\.(\d+)/g, '[$1]')}`, path] as const),
  )('without %s is refused with that path', (path, gone) => {
    expect(read(withoutKey(gone))).toEqual({
      kind: 'rejected',
      code: 'HTML_CHANGED',
      message: `${path} is missing`,
    });
  });

  it('takes null as a value', () => {
    const page = changed((data) => {
      const [first] = data.runners as Data[];
      Object.assign(first as Data, {
        pedigree: null,
        comment: null,
        jockeyName: null,
        jockeyUrl: null,
        odds: null,
      });
    });
    expect(read(page)).toMatchObject({
      kind: 'records',
      records: [
        { sire: null, dam: null, damsire: null, sex: null, comment: null, jockey: null, sp: null, dec: null },
        {},
        {},
        {},
      ],
    });
  });

  it.each([
    ['another race', { raceId: 900002 }, 'the page is of race 900002, asked for 900001'],
    ['another course', { courseUid: 514 }, 'the page is of course 514, asked for 513'],
    ['another country', { countryCode: 'IRE' }, 'the page is of country IRE, asked for GB'],
    [
      'another date',
      { raceDatetime: '2025-11-18T14:05:00Z' },
      'the page is of date 2025-11-18, asked for 2025-11-17',
    ],
    ['no country', { countryCode: null }, 'raceResult.data.courseName or countryCode is empty'],
    ['runners that are no list', { runners: {} }, 'raceResult.data.runners is no list'],
    ['a header that is null', { header: null }, 'the title of the race is empty'],
  ])('of %s is refused', (_, values, message) => {
    expect(read(changed((data) => Object.assign(data, values)))).toEqual({
      kind: 'rejected',
      code: 'HTML_CHANGED',
      message,
    });
  });

  it('has no records yet where it has no data, no runners or no outcomes', () => {
    const none = { kind: 'rejected', code: 'NO_RECORDS' };
    expect(
      read(fixture.replace(json, '{"props":{"pageProps":{"initialState":{"raceResult":{"data":null}}}}}')),
    ).toMatchObject(none);
    expect(read(changed((data) => Object.assign(data, { runners: [] })))).toMatchObject(none);
    const open = changed((data) => {
      for (const runner of data.runners as Data[]) runner.outcomeCode = null;
    });
    expect(read(open)).toMatchObject(none);
  });

  it.each([
    ['an off time that is none', { raceDatetime: '2025-11-17T34:10:00Z' }],
    [
      'a distance in words',
      {
        header: {
          raceTitle: 'x',
          prizes: [],
          raceClass: null,
          agesAllowed: null,
          distanceShort: 'far',
          distanceYard: 'far',
          going: null,
          raceTypeCode: null,
          obstacles: null,
        },
      },
    ],
  ])('with %s cannot be read', (_, values) => {
    expect(read(changed((data) => Object.assign(data, values)))).toMatchObject({
      kind: 'rejected',
      code: 'PARSE_ERROR',
    });
  });

  it('is whole only up to its end', () => {
    for (const end of [START, '"runners"', '</script></body>', '</html']) {
      expect(read(fixture.slice(0, fixture.indexOf(end) + end.length)), end).toMatchObject({
        code: 'HTML_CHANGED',
      });
    }
  });

  it('is the same where the site answers with its data alone', () => {
    const { props } = JSON.parse(json);
    expect(read(JSON.stringify(props), 'application/json')).toEqual(read(fixture));
    expect(read(JSON.stringify(props).slice(0, -9), 'application/json')).toMatchObject({
      code: 'HTML_CHANGED',
    });
  });
});

describe('a page of neither markup', () => {
  it('has changed', () => {
    expect(read('<html><main>Welcome</main></html>')).toMatchObject({
      kind: 'rejected',
      code: 'HTML_CHANGED',
    });
    expect(read('{"pageProps":{}}')).toEqual({
      kind: 'rejected',
      code: 'HTML_CHANGED',
      message: 'pageProps.initialState is missing',
    });
  });
});
