import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { IndexContext } from '../../../core/source/source.ts';
import { parseIndexPage } from '../../../sources/racing/index-page.ts';

const date = civilDate('2025-11-17');
const FIXTURES = join(import.meta.dirname, '../../../sources/racing/fixtures');
const classic = readFileSync(join(FIXTURES, 'classic-index-gb/page.html'), 'utf8');
const next = readFileSync(join(FIXTURES, 'next-index-gb/page.html'), 'utf8');
const FIRST: IndexContext = { attempt: 1, notes: [] };

function read(text: string, target = 'gb', context = FIRST, url = '/results/2025-11-17') {
  const page = { url: `https://x.example${url}`, status: 200, contentType: 'text/html', text };
  return parseIndexPage(page, { value: target, date }, context);
}

function refused(code: string, message: string) {
  return { kind: 'rejected', code, message: expect.stringContaining(message) as string };
}

describe.each([
  ['classic', classic],
  ['today’s', next],
])('an index of the %s markup', (_, page) => {
  it.each([
    '',
    'http://x.example',
    '/',
    '/login',
    '/results',
    '/results/2025-11-16',
    '/results/1/x/2025-11-17/2',
  ])('that was answered from %j is not the index of the day', (url) =>
    expect(read(page, 'gb', FIRST, url)).toMatchObject(
      refused('HTML_CHANGED', 'the index is not of 2025-11-17'),
    ),
  );

  it('does not count as whole wherever it is cut', () => {
    const end = page.lastIndexOf('</html');
    for (let at = 1; at < end; at += 97) {
      const cut = read(page.slice(0, at));
      expect(cut.kind, `cut at ${at}`).toBe('rejected');
    }
  });

  it('of another day is refused', () => {
    const other = read(page.replaceAll('/2025-11-17/', '/2025-11-16/'));
    expect(other).toMatchObject(refused('HTML_CHANGED', 'the index is not of 2025-11-17'));
  });

  it('never loses one race that is of another day', () => {
    const one = read(page.replaceAll('/2025-11-17/1010', '/2025-11-16/1010'));
    expect(one).toMatchObject(refused('HTML_CHANGED', 'race 1010 is of 2025-11-16'));
  });

  it('has no race twice at two courses', () => {
    const moved = page.replaceAll(
      '/results/174/newmarket-july/2025-11-17/1010',
      '/results/174/newmarket-july/2025-11-17/1001',
    );
    expect(read(moved).kind).toBe('rejected');
  });

  it('knows a country without a meeting from a day without racing', () => {
    expect(read(page, 'usa')).toMatchObject({
      kind: 'empty',
      sign: expect.stringMatching(/^\d+ races .* none of them in USA$/) as string,
    });
  });

  it('counts no race that special meetings repeat, and files no country under another', () => {
    const all = ['gb', 'ire', 'fr', 'hk', 'jer'].flatMap((target) => {
      const found = read(page, target);
      return found.kind === 'items' ? found.items.map(({ id }) => id) : [];
    });
    expect(new Set(all).size).toBe(all.length);
    expect(all).toContain('1050');
  });

  it('gives what it would give alone, whatever was read before it', () => {
    const alone = read(page, 'ire');
    const id = alone.kind === 'items' ? alone.items[0]!.id : '';
    expect(read(page.replaceAll(id, '98765'), 'ire')).not.toEqual(alone);
    expect(read(page.replace('</html>', ''), 'ire').kind).toBe('rejected');
    expect(read(page, 'gb')).not.toEqual(alone);
    expect(read(page, 'ire')).toEqual(alone);
  });
});

describe('a classic index', () => {
  it('whose races have no link yet is of the day that it was asked for', () => {
    const pending = classic
      .replaceAll(/ href="[^"]*\/results\/[^"]*"/g, '')
      .replaceAll('data-test-selector="link-listCourseNameLink"', '');
    const daysOf = (day: string) => {
      const page = {
        url: `https://x.example/results/${day}`,
        status: 200,
        contentType: 'text/html',
        text: pending,
      };
      const found = parseIndexPage(page, { value: 'gb', date: civilDate(day) }, FIRST);
      return found.kind === 'items' ? found.items.map(({ url }) => url.split('/')[4]) : [];
    };
    expect(new Set(daysOf('2025-11-17'))).toEqual(new Set(['2025-11-17']));
    expect(new Set(daysOf('2025-11-18'))).toEqual(new Set(['2025-11-18']));
  });

  it.each([
    ['a meeting without a heading', /<h2[^>]*>\s*TRAMORE[\s\S]*?<\/h2>/, '', 'meeting 198 has no h2'],
    ['a meeting without a course id', ' data-course-id="207"', '', 'a meeting has no data-course-id'],
    [
      'races outside their sections',
      /data-test-selector="course-container" data-course-id="513"/,
      'data-lost',
      'stands outside section',
    ],
    [
      'no sections',
      /course-container/g,
      'lost',
      'section[data-test-selector=course-container] of a meeting is gone',
    ],
    [
      'panels of another name',
      /rp-raceCourse__panel__race"/g,
      'lost"',
      'stands in no div.rp-raceCourse__panel__race',
    ],
    [
      'a panel that links another race',
      '/174/newmarket-july/2025-11-17/1010" data-test',
      '/174/newmarket-july/2025-11-17/1999" data-test',
      'the panel of race 1010 links race 1999',
    ],
  ])('with %s is refused, and nothing becomes British', (_, part, other, message) => {
    const changed = classic.replace(part, other);
    expect(changed).not.toBe(classic);
    expect(read(changed)).toMatchObject(refused('HTML_CHANGED', message));
  });

  it('with a title that links no race is refused', () => {
    const broken = classic.replace('/2025-11-17/1010" data-test', '/2025-11-17/" data-test');
    expect(read(broken)).toMatchObject(refused('PARSE_ERROR', 'is no address of a race'));
  });

  it('takes a fault of the site for no empty day', () => {
    const page = (text: string) =>
      `<main><div data-test-selector="text-errorMessageText">${text}</div></main></html>`;
    expect(read(page('Sorry, something went wrong'))).toMatchObject({ code: 'NO_RECORDS' });
    expect(read(page('No results found'))).toEqual({ kind: 'empty', sign: 'No results found' });
    expect(read('<main></main></html>')).toMatchObject({ code: 'HTML_CHANGED' });
  });

  it('expects nothing of a meeting that is lost, with or without races', () => {
    const bare = classic.replace(/(TRAMORE[\s\S]*?<\/h2>)[\s\S]*?<\/section>/, '$1</section>');
    expect(read(bare, 'ire')).toMatchObject({ kind: 'items', items: [{ id: '1020' }, { id: '1021' }] });
    const held = classic.replace(/(DUNDALK[\s\S]*?<\/h2>)[\s\S]*?<\/section>/, '$1</section>');
    expect(read(held, 'ire')).toMatchObject(refused('HTML_CHANGED', 'the meeting lists no div'));
  });

  it('takes a panel that has neither id nor link for no race, and loses no other', () => {
    const found = read(classic.replace('data-diffusion-race-id="1013" ', ''));
    const ids = (discovery: typeof found) =>
      discovery.kind === 'items' ? discovery.items.map(({ id }) => id) : discovery;
    const all = ids(read(classic)) as string[];
    expect(all).toContain('1013');
    expect(ids(found)).toEqual(all.filter((id) => id !== '1013'));
  });

  /** Every meeting begins with a panel of the same class about itself, whose link is shaped like a race's. */
  it('takes no meeting for a race that its details link the times of', () => {
    const details = (_: string, heading: string, id: string) =>
      `${heading}<dl><dt>Going:</dt><dd>GOOD (Good to firm in places; 9.0)</dd></dl>
      <div data-test-selector='block-resultPanel'><div class="rp-raceCourse__panel__race
          rp-raceCourse__panel__race">
        <a href="/profile/horse/77/void-of-sense" data-test-selector="link-starPerformerName">Void Of Sense</a>
        <ul><li><span>Placepot</span><span>£9.10 to a £1 stake. Pool: £70,221.21</span></li></ul>
        <a class=" ui-link js-popupLink" href="/results/${id}/x/2025-11-17/winning-times">
          <div data-test-selector="link-analysisOfWinningTimes"><span>Analysis of winning times</span></div></a>
      </div></div>`;
    const whole = classic.replace(/(data-course-id="(\d+)"[\s\S]*?<\/h2>)/g, (all, heading, id) =>
      details(all, heading as string, id as string),
    );
    expect(whole.split('winning-times"').length).toBeGreaterThan(8);
    for (const target of ['gb', 'ire', 'fr', 'hk', 'jer'])
      expect(read(whole, target)).toEqual(read(classic, target));
  });

  it('takes the name of a non-runner for no notice, and a notice for one wherever it stands', () => {
    const list = (text: string) =>
      classic.replace(
        /(data-diffusion-race-id="1010"[^>]*>)/g,
        `$1<dl><dt>3 ran</dt><dt>NR:</dt><dd>${text}</dd></dl>`,
      );
    expect(read(list('Void Of Sense (vet), Abandoned Quay'))).toEqual(read(classic));
    expect(read(list('Abandoned'))).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ id: '1010', status: 'abandoned' })]) as [],
    });
  });

  it('believes a link outside of every panel where its race has one, and no other', () => {
    const link = (id: string) =>
      `<a data-test-selector="link-listCourseNameLink" href="/results/513/wolverhampton-aw/2025-11-17/${id}">x</a></body>`;
    expect(read(classic.replace('</body>', link('1001')))).toEqual(read(classic));
    expect(read(classic.replace('</body>', link('9999')))).toMatchObject({ code: 'HTML_CHANGED' });
  });
});

describe('the message of a classic index', () => {
  const page = (text: string) =>
    `<html><body><div data-test-selector="text-errorMessageText">${text}</div></body></html>`;
  it.each(['There are no results for this date', 'No racing today.', 'Sorry, no meetings were held'])(
    'tells of an empty day: %s',
    (text) => expect(read(page(text))).toEqual({ kind: 'empty', sign: text }),
  );
  it.each([
    'Scheduled maintenance',
    'Results are temporarily not available',
    'We could not load the results',
    'There are no results yet',
    'No results right now, please come back later',
    'An error occurred',
  ])('proves nothing: %s', (text) =>
    expect(read(page(text))).toMatchObject({ kind: 'rejected', code: 'NO_RECORDS' }),
  );
});

describe('an index of today’s markup', () => {
  it.each(['isSpecialMeeting', 'countryCode', 'courseName', 'courseId', 'isAbandoned', 'races'])(
    'without the key %s of a meeting is refused with its path',
    (key) => {
      const lost = next.replaceAll(`"${key}":`, '"lost":');
      const at = key === 'isSpecialMeeting' ? 0 : 1;
      expect(read(lost)).toMatchObject(refused('HTML_CHANGED', `results.data[${at}].${key} is missing`));
    },
  );

  it.each([
    'raceUid',
    'raceStatusCode',
    'isResult',
    'isVoidRace',
    'fullResultAvailable',
    'fullResultLink',
    'runnersCount',
    'courseKey',
  ])('without the key %s of a race is refused with its path', (key) => {
    const lost = next.replace(new RegExp(`"${key}": ?`, 'g'), '"lost": ');
    expect(read(lost)).toMatchObject(refused('HTML_CHANGED', `results.data[1].races[0].${key} is missing`));
  });

  it('finds its data behind a mention of it, and behind 200 characters of other attributes', () => {
    const tag = `<script data-x="${'x'.repeat(188)}" id="__NEXT_DATA__"`;
    const text = next.replace('<script id="__NEXT_DATA__"', tag);
    expect(text).toContain(tag);
    expect(read(text)).toEqual(read(next));
    expect(read(text.replace('<body>', '<body><p>__NEXT_DATA__</p>'))).toEqual(read(next));
  });

  it('names the first key that holds something else', () => {
    expect(read(next.replace('"races": [', '"races": 5, "x": ['))).toMatchObject({ kind: 'items' });
    const text = next.replaceAll('"isResult": true', '"isResult": "yes"');
    expect(read(text)).toMatchObject(refused('HTML_CHANGED', 'races[0].isResult is neither true nor false'));
  });
});

describe('a day whose data is null', () => {
  const page = (message: boolean, data = 'null', error: string | null = 'An error occurred') =>
    `<html><body>${message ? '<p data-testid="Text__NoResultsMessage">No results</p>' : ''}
     <script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":{"initialState":{"results":{"data":${data},"error":${JSON.stringify(error)}}}}}}</script></body></html>`;
  const byTime = '/results/2025-11-17/time-order';

  it.each([true, false])('is tried again, with the message (%j) or without', (message) => {
    expect(read(page(message))).toMatchObject({ code: 'NO_RECORDS' });
  });

  it('is then asked by time, and is empty only where both pages carry the message', () => {
    const follow = (message: boolean) => read(page(message), 'gb', { attempt: 2, notes: [] });
    for (const first of [true, false]) {
      const next = follow(first);
      if (next.kind !== 'follow') throw new Error('the list by time is to be asked');
      expect(next.url).toBe(byTime);
      for (const second of [true, false]) {
        const found = read(page(second), 'gb', { attempt: 1, notes: [next.note] }, byTime);
        expect(found.kind, `${first} ${second}`).toBe(first && second ? 'empty' : 'rejected');
      }
    }
  });

  it('is read from the list by time where that has it', () => {
    expect(read(page(false, '[]', null), 'gb', { attempt: 1, notes: ['x'] }, byTime).kind).toBe('empty');
    expect(read(next, 'gb', { attempt: 1, notes: ['x'] }, byTime)).toEqual(read(next));
  });

  it('does not believe a list beside an error, nor one that is still loading', () => {
    expect(read(page(false, '[]'))).toMatchObject({ code: 'NO_RECORDS' });
    expect(read(page(false, '[]'), 'gb', { attempt: 2, notes: [] })).toMatchObject({ kind: 'follow' });
    const beside = (more: string) => read(next.replace('"error": null', more));
    expect(beside('"error": null, "isLoading": false')).toEqual(read(next));
    expect(beside('"error": "partial failure"')).toMatchObject({ code: 'NO_RECORDS' });
    expect(beside('"error": null, "isLoading": true')).toMatchObject({ code: 'NO_RECORDS' });
  });

  it('does not take the message from inside a script', () => {
    const hidden = page(false).replace(
      '<body>',
      '<body><script>"<p data-testid=\\"Text__NoResultsMessage\\">"</script>',
    );
    const found = read(hidden, 'gb', { attempt: 2, notes: [] });
    expect(found.kind === 'follow' && found.note).toBe('no data, and no message');
  });
});
