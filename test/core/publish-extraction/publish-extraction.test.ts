import { afterEach, describe, expect, it } from 'vitest';
import { clearFailureCounts, forcePages } from '../../../core/extract/operate-pages.ts';
import { resultKeyOf } from '../../../core/extract/result-object.ts';
import { page } from '../extract/support/world.ts';
import { answerText, BOOK, CatalogWorld, pagesOf } from './catalog-world.ts';

let worlds: CatalogWorld[] = [];
afterEach(async () => {
  for (const world of worlds) await world.close();
  worlds = [];
});

function open(...given: ConstructorParameters<typeof CatalogWorld>): CatalogWorld {
  const world = new CatalogWorld(...given);
  worlds.push(world);
  return world;
}

const texts = "SELECT page, text FROM catalog_pages WHERE school = 'St. Mary''s' ORDER BY page";
const names = 'SELECT page, position, course_name FROM courses WHERE year = 1851 ORDER BY page, position';

describe('pages that were read', () => {
  it('are rows of two tables, which say where each comes from', async () => {
    const world = open([...pagesOf(1, 2), 'Ohio:LincolnCollege:1852:1']);
    world.answers[pagesOf(1)[0]!] = answerText('first', ['Greek', 'Latin']);
    world.answers[pagesOf(2)[0]!] = answerText('second');
    await world.run();
    expect(await world.published()).toEqual([
      'catalog-pages/Ohio/1851-01-01 committed',
      'courses/Ohio/1851-01-01 committed',
      'catalog-pages/Ohio/1852-01-01 committed',
      'courses/Ohio/1852-01-01 committed',
    ]);
    expect(await world.query(texts)).toEqual([
      { page: 1, text: 'first' },
      { page: 2, text: 'second' },
    ]);
    expect(await world.query(`${names} LIMIT 2`)).toEqual([
      { page: 1, position: 1, course_name: 'Greek' },
      { page: 1, position: 2, course_name: 'Latin' },
    ]);
    const [batch] = await world.query(
      "SELECT state, CAST(date AS VARCHAR) AS date, _run_id = batch_id AS of_batch, _source_url, _capture, state_name, model, attempt FROM catalog_pages WHERE page_key LIKE '%:1851:1'",
    );
    expect(batch).toEqual({
      state: 'Ohio',
      date: '1851-01-01',
      of_batch: true,
      _source_url: "urn:rescrape:page:Ohio:St.%20Mary's:1851:1",
      _capture: null,
      state_name: 'Ohio',
      model: 'played-1',
      attempt: 1,
    });
  });

  it('are published once: nothing is written where nothing changed', async () => {
    const world = open(pagesOf(1, 2, 3));
    await world.run();
    await world.publish();
    const commits = await world.query('SELECT count(*) AS n FROM commits');
    expect(await world.published()).toEqual([]);
    expect(await world.query('SELECT count(*) AS n FROM commits')).toEqual(commits);
    expect(await Array.fromAsync(world.platform.state.query('extract-changes#catalogs'))).toEqual([]);
  });

  it('follow one after the other, and rows of before stay', async () => {
    const world = open(pagesOf(1, 2, 3));
    await world.run({ limit: 1 });
    await world.publish();
    expect(await world.query(texts)).toHaveLength(1);
    await world.run();
    expect(await world.published()).toHaveLength(2);
    expect(await world.query(texts)).toHaveLength(3);
  });

  it('asked for again keep their row until the new result is valid, and then have that', async () => {
    const world = open(pagesOf(1));
    await world.run();
    await world.publish();
    const [key] = pagesOf(1);
    world.answers[key!] = 'no answer';
    await forcePages(world.context(), [key!]);
    await world.run();
    await world.publish();
    expect(await world.query(texts)).toEqual([{ page: 1, text: key }]);
    expect(await world.judged('catalog_pages')).toMatchObject({ status: 'complete', found: 1, failed: 0 });
    await clearFailureCounts(world.context(), {}, { isDryRun: false });
    world.answers[key!] = answerText('anew');
    await world.run();
    await world.publish();
    expect(await world.query(texts)).toEqual([{ page: 1, text: 'anew' }]);
  });

  it('may be put there by a person, and are refused by themselves where nobody can read them', async () => {
    const world = open(pagesOf(1, 2));
    const put = (key: string, text: string) =>
      world.platform.lake.put(resultKeyOf(page(key)), new TextEncoder().encode(text));
    await put(pagesOf(1)[0]!, answerText('by hand'));
    await put(pagesOf(2)[0]!, '{"half');
    await world.publish();
    expect(await world.query(texts)).toEqual([{ page: 1, text: 'by hand' }]);
    expect(await world.judged('catalog_pages')).toMatchObject({ status: 'incomplete', found: 1, failed: 1 });
    await put(pagesOf(2)[0]!, answerText('mended'));
    await world.publish();
    expect(await world.query(texts)).toHaveLength(2);
    expect(await world.judged('catalog_pages')).toMatchObject({ status: 'complete' });
    expect(await world.query('SELECT DISTINCT batch_id, model, attempt FROM catalog_pages')).toEqual([
      { batch_id: null, model: null, attempt: null },
    ]);
  });

  it('stay as they are when the library has no label at all: the wrong directory is mounted', async () => {
    const world = open(pagesOf(1, 2));
    await world.run();
    await world.publish();
    const before = await world.query('SELECT * FROM v_extraction_progress');
    world.keys = [];
    expect(await world.published()).toEqual([]);
    expect(await world.query(texts)).toHaveLength(2);
    expect(await world.query('SELECT * FROM v_extraction_progress')).toEqual(before);
  });

  it('stay in the table when their label goes', async () => {
    const world = open(pagesOf(1, 2));
    await world.run();
    await world.publish();
    world.keys = pagesOf(1, 5);
    await world.publish();
    expect(await world.query(texts)).toHaveLength(2);
    expect(await world.judged('catalog_pages')).toMatchObject({ status: 'open', found: 2, pending: 1 });
  });
});

describe('a book', () => {
  it('is complete when each labelled page has a result, in courses too where a page names none', async () => {
    const world = open(pagesOf(1, 2));
    world.answers[pagesOf(2)[0]!] = answerText('no course');
    await world.run();
    expect(await world.judged('catalog_pages')).toMatchObject({
      ...{ status: 'missing', reason: '2 changes not published yet' },
    });
    await world.publish();
    expect(await world.judged('catalog_pages')).toMatchObject({
      ...{ status: 'complete', expected: 2, found: 2, reason: null },
    });
    expect(await world.judged('courses')).toMatchObject({
      status: 'complete',
      expected: 2,
      found: 1,
      empty: 1,
    });
  });

  it('is open while pages are in flight or wait, also where nothing was read yet', async () => {
    const world = open(pagesOf(1, 2, 3));
    await world.run({ mostWaves: 1 });
    await world.publish();
    expect(await world.judged('catalog_pages')).toEqual({
      ...{ status: 'open', reason: '3 pages have no result yet: 1 in a batch, 2 wait for the page before' },
      ...{ expected: 3, found: 0, empty: 0, failed: 0, pending: 3 },
    });
    await world.run();
    expect(await world.judged('courses')).toMatchObject({
      ...{ status: 'incomplete', reason: '3 changes not published yet' },
    });
    await world.publish();
    expect(await world.judged('courses')).toMatchObject({ status: 'complete' });
  });

  it('is incomplete with an exhausted page, until its count is cleared', async () => {
    const world = open(pagesOf(1, 2), { settings: { maxRetries: 2 } });
    const [first] = pagesOf(1);
    world.answers[first!] = 'no answer';
    await world.run();
    await world.publish();
    expect(await world.judged('catalog_pages')).toMatchObject({
      ...{ status: 'incomplete', failed: 1, pending: 1 },
      reason: '1 page exhausted',
    });
    expect((await world.why('catalog_pages', first!)).answer).toMatch(
      /^exhausted after 2 failures, the last: NO_JSON .*; it has no row in the table$/,
    );
    expect((await world.why('courses', pagesOf(2)[0]!)).answer).toBe(
      'it waits for page 1, which has no result; it has no row in the table',
    );
    expect((await world.why('courses', 'Ohio:Nowhere:1851:1')).answer).toBe(
      'no publication has seen a label of it, and it was never sent',
    );
    await clearFailureCounts(world.context(), {}, { isDryRun: false });
    await world.publish();
    expect(await world.judged('catalog_pages')).toMatchObject({ status: 'open', failed: 0, pending: 2 });
    delete world.answers[first!];
    await world.run();
    await world.publish();
    expect(await world.judged('catalog_pages')).toMatchObject({ status: 'complete', found: 2 });
    expect((await world.why('catalog_pages', first!)).answer).toMatch(
      /^read by batch .* with played-1, page_ocr\/v1\.1, at 2026.*; its row is in the table$/,
    );
  });

  it('is incomplete with a page that has no image', async () => {
    const world = open(pagesOf(1, 5), { withoutImage: pagesOf(5) });
    await world.run();
    await world.publish();
    expect(await world.judged('courses')).toMatchObject({
      status: 'incomplete',
      reason: '1 page without an image',
    });
    const next = [expect.objectContaining({ command: 'rescrape extract scan --reason no_image' })];
    expect(await world.why('courses', pagesOf(5)[0]!)).toMatchObject({
      answer: 'it has no image; it has no row in the table',
      next,
    });
    expect(await world.whyDate('courses', pagesOf(5)[0]!)).toMatchObject({ next });
  });

  it('is no more complete when a page is labelled later', async () => {
    const world = open(pagesOf(1));
    await world.run();
    await world.publish();
    world.keys = pagesOf(1, 2);
    await world.publish();
    expect(await world.judged('catalog_pages')).toMatchObject({ status: 'open', expected: 2, found: 1 });
  });

  it('is the only date that is judged of its state, and v_completeness says the same', async () => {
    const world = open([...pagesOf(1), 'Ohio:LincolnCollege:1899:1', 'Iowa:A:1870:1'], {
      settings: { maxRetries: 1 },
    });
    world.answers['Iowa:A:1870:1'] = 'no answer';
    await world.run({ limit: 2 });
    await world.run({ mostWaves: 1 });
    await world.publish();
    const report = await world.report('catalog_pages');
    const judged = report.targets.flatMap(({ target, dates }) =>
      dates.map(({ date, status }) => ({ target, date, status })),
    );
    expect(judged.map(({ status }) => status)).toEqual(['incomplete', 'open', 'complete']);
    expect(report.verdict).toBe('incomplete');
    const sql = await world.query(
      "SELECT target, CAST(partition_date AS VARCHAR) AS date, standing AS status FROM v_completeness WHERE source = 'catalog-pages' ORDER BY 1, 2",
    );
    expect(sql).toEqual(judged);
    expect(await world.query('SELECT * FROM v_missing_dates')).toEqual([]);
    expect(await world.query('SELECT * FROM v_suspicious_dates')).toEqual([]);
  });
});

describe('v_extraction_progress', () => {
  it('counts the pages of each book by how far they are, and what their results cost', async () => {
    const world = open([...pagesOf(1, 2, 5), 'Iowa:A:1870:1'], { settings: { maxRetries: 1 } });
    world.answers[pagesOf(5)[0]!] = 'no answer';
    await world.run({ limit: 3 });
    await world.run({ mostWaves: 1 });
    await world.publish();
    const progress =
      'SELECT state, school, year, pages, done, in_flight, waiting, runnable, exhausted, no_image, input_tokens, output_tokens, cost_usd FROM v_extraction_progress ORDER BY 1';
    const rows = await world.query(progress);
    expect(rows).toEqual([
      {
        ...{ state: 'Iowa', school: 'A', year: 1870, pages: 1, done: 1 },
        ...{ in_flight: 0, waiting: 0, runnable: 0, exhausted: 0, no_image: 0 },
        ...{ input_tokens: 1000, output_tokens: 100, cost_usd: 0.002 },
      },
      {
        ...{ state: 'Ohio', school: "St. Mary's", year: 1851, pages: 3, done: 1 },
        ...{ in_flight: 1, waiting: 0, runnable: 0, exhausted: 1, no_image: 0 },
        ...{ input_tokens: 1000, output_tokens: 100, cost_usd: 0.002 },
      },
    ]);
    const logged = await world.query('SELECT count(*) AS n FROM extraction_books');
    await world.publish();
    expect(await world.query('SELECT count(*) AS n FROM extraction_books')).toEqual(logged);
    await world.run();
    await world.publish();
    expect((await world.query(progress))[1]).toMatchObject({ done: 2, in_flight: 0, exhausted: 1 });
    world.keys = [`${BOOK}:1`];
    await world.publish();
    expect(await world.query('SELECT state, pages FROM v_extraction_progress')).toEqual([
      { state: 'Ohio', pages: 1 },
    ]);
  });
});
