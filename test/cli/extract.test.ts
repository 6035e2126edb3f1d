import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { BatchStore } from '../../core/extract/batch-store.ts';
import { withExtractionTables } from '../../core/extract/extraction-source.ts';
import { resultKeyOf } from '../../core/extract/result-object.ts';
import { manifestKey } from '../../core/lake/layout.ts';
import type { Source } from '../../core/source/source.ts';
import { catalogTruth } from '../../demo/catalogs/truth.ts';
import { openLocalPlatform } from '../../runtime/local.ts';
import { EXTRACTIONS } from '../../sources/extractions.ts';
import { STARTS_AT, testClock } from '../e2e/support/test-time.ts';
import { CatalogsDirectory } from './support/catalogs.ts';
import { rescrape, rescrapeItems, rescrapeJson } from './support/command-line.ts';

const TRUTH = catalogTruth(true);
const QUILL = 'Ohio:Quill Seminary:1861:3';

interface Batch {
  readonly batch_id: string;
  readonly state: string;
  readonly counts: { readonly succeeded: number; readonly failed: number } | null;
}

function stub(env: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

describe('extract and what tells of it', () => {
  let catalogs: CatalogsDirectory;
  const cli = (...words: string[]) => rescrape(catalogs.lake, ...words);
  const json = (...words: string[]) => rescrapeJson(catalogs.lake, ...words);
  const items = (...words: string[]) => rescrapeItems(catalogs.lake, ...words);
  let first: Awaited<ReturnType<typeof rescrape>>;

  beforeAll(async () => {
    catalogs = await CatalogsDirectory.make();
    stub({ ...catalogs.env, GEMINI_API_KEY: '' });
    const plan = await json('extract', 'run', '--dry-run');
    expect(plan).toMatchObject({
      ...{ dry_run: true, pages: { pages: 42, done: 0, runnable: 14, no_image: 1 }, active: 0 },
      batches: [{ pages: 14, first_page: 'Alabama:Larch Hill College:1851:1', page_keys: expect.any(Array) }],
    });
    expect(catalogs.server.requests).toEqual([]);
    stub(catalogs.env);
    first = await cli('extract', 'run');
  }, 120_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await catalogs.remove();
  });
  beforeEach(() => stub(catalogs.env));

  it('a run that leaves pages without a result ends with 3, and says what to do', () => {
    expect(first.code).toBe(3);
    expect(first.stdout).toContain(
      'catalogs finished: 35 of 42 pages done, 2 exhausted, 3 waiting for the page before, 2 without an image',
    );
    expect(first.stderr.trimEnd().split('\n').at(-1)).toBe(
      `rescrape: 7 pages of 42 without a result; see which, and why: rescrape extract scan --reason exhausted waits no_image --local ${catalogs.lake}; and what failed: rescrape failures list --only extraction --local ${catalogs.lake}`,
    );
    expect(first.stderr).toMatch(/ {2}scanned: .*; 1 batch sent, 1 in flight/);
    expect(first.stderr).toContain(`${QUILL}: VALIDATION_ERROR`);
  });

  it('extract scan has every page with its decision, as it must be, and the provider was asked no more', async () => {
    const scanned = (await items('extract', 'scan')) as Record<string, unknown>[];
    expect(
      scanned.map(({ page_key, status, tries, last_failure }) => [page_key, status, tries, last_failure]),
    ).toEqual(
      TRUTH.map(({ key, end, tries, code }) => [
        ...[key, end === 'result' ? 'done' : end.replace(' ', '_'), tries, code],
      ]),
    );
    const asked = Map.groupBy(catalogs.server.attempts, ({ key }) => key);
    for (const { key, tries } of TRUTH) expect([key, asked.get(key)?.length ?? 0]).toEqual([key, tries]);
    expect(await items('extract', 'scan', '--reason', 'waits', '--states', 'Alabama')).toEqual([
      expect.objectContaining({ page_key: 'Alabama:Vale Academy:1860:3', reason: 'waits for page 2' }),
    ]);
  });

  it('extract scan leaves books that were not asked for out of a table, and counts them', async () => {
    const words = ['extract', 'scan', '--states', 'Ohio'];
    const { stdout } = await cli(...words);
    expect(stdout).toContain('Ohio:Quill Seminary:1861:3');
    expect(stdout).not.toMatch(/Alabama|filtered/);
    expect(stdout).toMatch(/\ncatalogs: 13 of 14 pages done, 1 exhausted; 28 pages of other books\n$/);
    expect((await cli(...words, '--csv')).stdout).not.toMatch(/Alabama|of other books/);
    expect((await cli(...words, '--reason', 'filtered')).stdout).toContain('Alabama:Vale Academy:1860:3');
    const all = (await items(...words)) as { status: string }[];
    expect(all.filter(({ status }) => status === 'filtered').length).toBe(28);
  });

  it('extract status counts by state, school and book, with what it cost', async () => {
    const status = (await json('extract', 'status')) as {
      groups: unknown[];
      usage: { cost_usd: number; input_tokens: number; output_tokens: number }[];
    };
    expect(status.groups).toMatchObject([
      { state: 'Alabama', pages: 14, done: 12, exhausted: 1, waits: 1 },
      { state: 'New York', pages: 14, done: 10, no_image: 2 },
      { state: 'Ohio', pages: 14, done: 13, exhausted: 1 },
    ]);
    const [usage] = status.usage;
    expect(usage!.cost_usd).toBeCloseTo((usage!.input_tokens * 0.15 + usage!.output_tokens * 1.25) / 1e6, 9);
    expect(usage!.cost_usd).toBeGreaterThan(0);
    const { stdout } = await cli('extract', 'status', '--by', 'book', '--year-end', '1851', '--csv');
    const books = new Set(TRUTH.map(({ key }) => key.split(':').slice(0, 3).join(',')));
    const [header, ...rows] = stdout.trimEnd().split('\r\n');
    expect(header).toBe('state,school,year,pages,done,in_flight,exhausted,waits,no_image,runnable');
    expect(rows[0]).toMatch(/^Alabama,Larch Hill College,1851,4,4,/);
    expect(rows.map((row) => row.split(',').slice(0, 3).join(','))).toEqual(
      [...books].filter((book) => Number(book.split(',').at(-1)) <= 1851),
    );
  });

  it('every batch has a report in both forms: what was read, what failed and why, which retry it is', async () => {
    const batches = (await items('batches', 'list')) as Batch[];
    expect(batches.length).toBeGreaterThan(3);
    let retries = '';
    for (const { batch_id, counts } of batches) {
      const report = (format: string) =>
        readFileSync(join(catalogs.lake, 'lake', 'reports', batch_id, `report.${format}`), 'utf8');
      const { succeeded, failed } = counts!;
      const what = `Processed ${succeeded + failed} record${succeeded + failed === 1 ? '' : 's'}: ${succeeded} succeeded, ${failed} failed`;
      expect(report('md')).toContain(what);
      expect(report('html')).toContain(what);
      retries += report('md');
    }
    expect(retries).toContain(`\`${QUILL}\` is on retry 2/3.`);
    expect(retries).toContain(`\`${QUILL}\` has used up its 3 tries. See what the model answered:`);
    expect(retries).toMatch(/\| `Ohio:Quill Seminary:1861:3` +\| VALIDATION_ERROR \| courses: .*\(courses\)/);
  });

  it('batches show tells of pages, changes and failures; a batch that is over cannot be changed', async () => {
    const batches = (await items('batches', 'list')) as Batch[];
    const { batch_id: id } = batches.find(({ counts }) => counts!.failed > 0)!;
    const shown = await json('batches', 'show', id);
    expect(shown).toMatchObject({
      ...{ batch_id: id, state: 'done', page_keys: expect.any(Array), next: [] },
      report: join(catalogs.lake, 'lake', 'reports', id, 'report.html'),
    });
    expect((await cli('batches', 'show', id)).stdout).toMatch(
      /^history {2}\S+ claiming: pages are runnable$/m,
    );
    for (const word of ['resume', 'cancel', 'clear'])
      expect(await cli('batches', word, id, ...(word === 'clear' ? ['--confirm'] : []))).toMatchObject({
        ...{
          code: 1,
          stderr: expect.stringContaining(`batch ${id} is done: none of its pages is in flight`),
        },
      });
    expect(await cli('batches', 'show', 'x')).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('there is no batch "x"; see which there are') },
    });
    expect(await items('batches', 'list', '--active')).toEqual([]);
  });

  it('failures tells of answers as of items, by error, state and school, and of a page the whole story', async () => {
    expect(await items('failures', 'by-error', '--only', 'extraction')).toMatchObject([
      { error_type: 'VALIDATION_ERROR', attempts: 5, pages: 2 },
      { error_type: 'MISSING_RESULT', attempts: 3, pages: 2 },
      { error_type: 'BLOCKED_CONTENT', attempts: 3, pages: 1 },
      { error_type: 'API_ERROR', attempts: 1, pages: 1 },
      { error_type: 'EMPTY_TEXT', attempts: 1, pages: 1 },
      { error_type: 'TRUNCATED', attempts: 1, pages: 1 },
    ]);
    expect(await items('failures', 'by-state')).toMatchObject([
      { state: 'Ohio', pages: 5, attempts: 8, exhausted: 1 },
      { state: 'Alabama', pages: 2, attempts: 4, exhausted: 1 },
      { state: 'New York', pages: 1, attempts: 2, exhausted: 0 },
    ]);
    expect(await items('failures', 'by-school', '--top', '1', '--states', 'Ohio')).toMatchObject([
      { state: 'Ohio', school: 'Xenworth Seminary', pages: 2 },
    ]);
    expect(await items('failures', 'summary', '--states', 'Ohio')).toMatchObject([
      { extraction: 'catalogs', attempts: 8, pages: 5, retrying: 0, exhausted: 1 },
    ]);
    const shown = (await json('failures', 'show', QUILL)) as { failed_answers: { raw: string }[] };
    expect(shown).toMatchObject({
      ...{ page_key: QUILL, status: 'exhausted', failures: 3, tries: 3, result: null },
      failed_answers: [1, 2, 3].map((attempt) => ({
        attempt,
        error_type: 'VALIDATION_ERROR',
        paths: ['courses'],
      })),
      next: [
        {
          command: `rescrape failures clear --states Ohio --schools 'Quill Seminary' --year-start 1861 --year-end 1861 --local ${catalogs.lake}`,
        },
      ],
    });
    const raw = readFileSync(join(catalogs.lake, 'lake', shown.failed_answers[0]!.raw), 'utf8');
    expect(JSON.parse(raw)).toMatchObject({ key: QUILL });
    expect((await cli('failures', 'show', 'Ohio:Quill Seminary:1861:1')).code).toBe(1);
  });

  it('leaves the failures of scraping as they are, and notes those of pages beside them', async () => {
    const both = await cli('failures', 'summary');
    expect(both.stdout).toMatch(/^no failures that match\n[\s\S]*catalogs/);
    expect(both.stderr).toContain('note: 14 answers of the extraction catalogs failed, too');
    expect(await items('failures', 'summary')).toEqual([]);
    expect(await cli('failures', 'list', '--only', 'scraping')).toEqual({
      ...{ code: 0, stdout: 'no unresolved failures that match\n', stderr: '' },
    });
    expect(await cli('failures', 'list', '--source', 'racing', '--states', 'Ohio')).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining('--source is about failures of sources') },
    });
  });

  it('exports the columns that its users know', async () => {
    const { stdout } = await cli('failures', 'export', '--only', 'extraction', '--states', 'Alabama');
    const [header, ...rows] = stdout.trimEnd().split('\r\n');
    expect(header).toBe(
      'record_key,batch_id,attempt_number,error_type,error_message,model_name,prompt_name,created_at',
    );
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatch(
      /^Alabama:Larch Hill College:1852:2,[0-9a-f-]{36},1,TRUNCATED,.*,gemini-2.5-flash,page_ocr\/v1.1,\d{4}-/,
    );
  });

  it.each([
    [
      ['extract', 'run', '--states', 'Ohoi'],
      2,
      'no labelled page is of "Ohoi"; the states are: Alabama, New York, Ohio',
    ],
    [['extract', 'run', 'books'], 2, 'there is no extraction "books"; there is: catalogs'],
    [
      ['extract', 'scan', '--year-start', '1860', '--year-end', '1850'],
      2,
      'the year 1850 lies before the year 1860',
    ],
    [
      ['extract', 'force', QUILL, 'Ohio:X'],
      2,
      '"Ohio:X" names no page: a page is named state:school:year:page',
    ],
    [['failures', 'clear', '--schools', 'Vale Academy'], 2, 'give --states, or --all'],
    [
      ['failures', 'list', '--only', 'extraction', '--code', 'TIMEOUT'],
      2,
      'there is no error type "TIMEOUT"',
    ],
  ])('%j is refused in one line', async (words, code, message) => {
    const said = await cli(...words);
    expect(said).toMatchObject({ code, stdout: '' });
    expect(said.stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    [{ GEMINI_API_KEY: '' }, 'GEMINI_API_KEY is not set'],
    [{ RESCRAPE_CATALOGS_LIBRARY: '' }, 'RESCRAPE_CATALOGS_LIBRARY is not set'],
    [{ RESCRAPE_CATALOGS_LIBRARY: '/nowhere' }, 'there is no folder /nowhere/labels'],
    [
      { RESCRAPE_CATALOGS_PROMPT_VERSION: 'page_ocr/v9' },
      'there is no such prompt; did you mean page_ocr/v1.1?',
    ],
  ])('%j stops a run in one line', async (env, message) => {
    stub(env);
    try {
      const said = await cli('extract', 'run');
      expect(said.code).not.toBe(0);
      expect(said.stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(message)]);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('an empty library is told in one line, whatever is asked of it', async () => {
    const library = mkdtempSync(join(tmpdir(), 'rescrape-empty-'));
    mkdirSync(join(library, 'labels'));
    stub({ RESCRAPE_CATALOGS_LIBRARY: library });
    try {
      const line =
        'rescrape: the library has no labelled page; a label is a file labels/state/school/year/4.json';
      for (const words of [[], ['--dry-run'], ['--states', 'Ohio'], ['--states', 'Ohio', '--dry-run']]) {
        const { code, stderr } = await cli('extract', 'run', ...words);
        expect([code, stderr.trimEnd().split('\n').at(-1)]).toEqual([1, expect.stringContaining(line)]);
      }
      expect((await cli('extract', 'scan')).stdout).toBe('no labelled page that matches\n');
    } finally {
      rmSync(library, { recursive: true });
    }
  });

  it('counts are cleared for the books that are named, and the log stays; then the page is tried again', async () => {
    const words = ['failures', 'clear', '--states', 'Ohio', '--schools', 'Quill Seminary'];
    const cleared = { cleared: [{ page_key: QUILL, failures: 3 }] };
    expect(await json(...words, '--dry-run')).toEqual({ dry_run: true, ...cleared });
    expect(await json(...words)).toEqual({ dry_run: false, ...cleared });
    expect(await json(...words)).toEqual({ dry_run: false, cleared: [] });
    expect(await items('failures', 'list', '--states', 'Ohio')).toHaveLength(8);
    expect(await items('extract', 'scan', '--reason', 'runnable')).toMatchObject([{ page_key: QUILL }]);
    const run = await json('extract', 'run', '--states', 'Ohio', '--limit', '1');
    expect(run).toMatchObject({ kind: 'finished', sent: { pages: 1, batches: 1 } });
    expect(await json('failures', 'show', QUILL)).toMatchObject({ status: 'failed', failures: 1, tries: 4 });
  }, 30_000);

  it('a page is read again where a person forces it, and its result stays until then', async () => {
    const key = 'Alabama:Larch Hill College:1851:2';
    const result = join(
      catalogs.lake,
      'lake',
      resultKeyOf({ state: 'Alabama', school: 'Larch Hill College', year: 1851, page: 2 }),
    );
    const before = readFileSync(result, 'utf8');
    expect(await items('extract', 'force', key)).toEqual([
      { page_key: key, has_result: true, is_exhausted: false },
    ]);
    const tries = () => catalogs.server.attempts.filter((each) => each.key === key).length;
    expect(tries()).toBe(1);
    expect(readFileSync(result, 'utf8')).toBe(before);
    const whole = await cli('extract', 'run', '--states', 'Alabama', '--schools', 'Larch Hill College');
    expect(whole).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('8 of 8 pages done; 34 pages of other books'),
    });
    expect(tries()).toBe(2);
    const batchOf = (text: string) => JSON.parse(text)._extraction.batch_id;
    expect(batchOf(readFileSync(result, 'utf8'))).not.toBe(batchOf(before));
  }, 30_000);

  it('a run that cannot publish what it read ends with 1, and the next one publishes it', async () => {
    const key = 'Alabama:Larch Hill College:1851:2';
    const books = ['--states', 'Alabama', '--schools', 'Larch Hill College'];
    const partition = { value: 'Alabama', date: civilDate('1851-01-01') };
    const tables = withExtractionTables([], EXTRACTIONS) as readonly Source[];
    const { table } = tables.find(({ name }) => name === 'catalog-pages')!;
    const manifest = join(catalogs.lake, 'lake', manifestKey(table, partition));
    const before = readFileSync(manifest, 'utf8');
    await cli('extract', 'force', key);
    writeFileSync(manifest, '{');
    expect(await cli('extract', 'run', ...books)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('catalog-pages/Alabama/1851-01-01 could not be published: '),
    });
    writeFileSync(manifest, before);
    expect(await cli('extract', 'run', ...books)).toMatchObject({ code: 0 });
  }, 30_000);

  it('why takes the true name of a state, and the key of a page', async () => {
    expect(await json('why', 'catalog_pages/New York/1870-01-01')).toMatchObject({
      source: 'catalog-pages',
      pages: { labelled: { pages: 2 } },
    });
    const page = 'New York:Thornfield College:1870:1';
    expect(await json('why', page)).toMatchObject({
      source: 'catalog-pages',
      pages: { page: { key: page } },
    });
    expect(await cli('why', 'Nowhere:A:1870:1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('source catalog-pages has no target "Nowhere"'),
    });
  });

  it('a key that is refused ends the run with 1, and loses nothing', async () => {
    stub({ GEMINI_API_KEY: 'another' });
    const said = await cli('extract', 'run', '--states', 'Ohio');
    expect(said).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the provider refuses what it is sent'),
    });
    expect(said.stderr).toContain('look at the key and the model: rescrape config');
    stub(catalogs.env);
    const listed = (await items('batches', 'list')) as Batch[];
    expect(listed.map(({ state }) => state)).not.toContain('empty');
    const empty = await items('batches', 'list', '--state', 'empty');
    expect(empty).toMatchObject([{ state: 'empty', pages: 0, job: null }]);
    expect(await items('batches', 'list', '--state', 'empty', 'done')).toHaveLength(listed.length + 1);
    expect(await items('batches', 'list', '--active')).toEqual([]);
  }, 30_000);

  it('reset --only extraction forgets what it knows, and every result stays', async () => {
    const before = (await json('reset', '--only', 'extraction', '--dry-run')) as { documents: number };
    expect(before).toMatchObject({ dry_run: true, active: 0, failures: 15 });
    expect(await json('reset', '--dry-run')).toMatchObject({ extraction: { active: 0, failures: 15 } });
    expect(await json('reset', '--only', 'extraction', '--confirm')).toEqual({ ...before, dry_run: false });
    expect(await items('batches', 'list')).toEqual([]);
    expect(await json('extract', 'status')).toMatchObject({
      groups: [{ done: 12 }, { done: 10 }, { done: 13 }],
    });
  });
});

describe('batches that need a person', () => {
  let catalogs: CatalogsDirectory;
  const cli = (...words: string[]) => rescrape(catalogs.lake, ...words);
  const json = (...words: string[]) => rescrapeJson(catalogs.lake, ...words);
  const books = ['--states', 'Ohio', '--schools', 'Quill Seminary'];
  beforeAll(async () => {
    catalogs = await CatalogsDirectory.make({ jobs: [{ job: 1, fault: 'no-results' }] });
    stub(catalogs.env);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await catalogs.remove();
  });

  it.each([
    ['catalog_pages/Ohio/1861-01-01', 'nothing of it is published yet'],
    [QUILL, 'nothing of its partition is published yet, and it was never sent'],
  ])('before anything is published, why %s says so, and what publishes it', async (subject, answer) => {
    const { code, stdout } = await cli('why', subject);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`because    ${answer}\n`)]);
    expect(stdout).toContain('published  never\ncurrent    nothing\n');
    for (const next of ['extract scan', 'extract run'])
      expect(stdout).toContain(`: rescrape ${next} --local`);
  });

  it('before anything is published, completeness says so, and what publishes it', async () => {
    expect(await cli('completeness', 'catalog_pages', '--target', 'Ohio')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /nothing of catalog-pages is published yet; .*rescrape extract run --local /,
      ),
    });
  });

  it('a job that succeeded without results holds its pages until it is resumed in vain, and cleared', async () => {
    const run = await cli('extract', 'run', ...books);
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(
      /1 batch without results, though paid for: (\S+); .*rescrape batches resume \1 .*rescrape batches clear \1/,
    );
    const [batch] = (await rescrapeItems(catalogs.lake, 'batches', 'list', '--active')) as Batch[];
    const { batch_id: id } = batch!;
    expect(await json('batches', 'resume', id)).toMatchObject({ state: 'without-results' });
    expect(await json('batches', 'show', id)).toMatchObject({
      next: [
        { command: expect.stringContaining(`batches resume ${id}`) },
        { command: expect.stringContaining(`batches clear ${id}`) },
      ],
    });
    expect((await cli('batches', 'cancel', id)).stderr).toContain(
      'has no job that is under way: it is without-results',
    );
    expect(await json('batches', 'clear', id, '--dry-run')).toMatchObject({
      ...{ dry_run: true, state: 'without-results' },
    });
    expect(await json('batches', 'show', id)).toMatchObject({ state: 'without-results' });
    expect(await json('batches', 'clear', id, '--confirm')).toMatchObject({ state: 'cleared' });
    expect(await cli('extract', 'run', ...books)).toMatchObject({ code: 0 });
  }, 60_000);
});

describe('a batch that somebody works on, or has died at', () => {
  let catalogs: CatalogsDirectory;
  let id: string;
  const cli = (...words: string[]) => rescrape(catalogs.lake, ...words);
  const lease = { owner: 'process 4711 on host (id)', until: Date.parse(STARTS_AT) + 5 * 60_000 };
  const until = '2026-11-22T12:05:00Z';

  beforeAll(async () => {
    catalogs = await CatalogsDirectory.make();
    stub(catalogs.env);
    id = await catalogs.submitted('Alabama');
    const { state, close } = openLocalPlatform({ directory: catalogs.lake, env: {}, clock: testClock });
    await new BatchStore(state, 'catalogs').change(id, (batch) => batch && { ...batch, lease });
    await close();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await catalogs.remove();
  });

  it('why tells of a page of it before the first publication', async () => {
    const [key] = ((await rescrapeJson(catalogs.lake, 'batches', 'show', id)) as { page_keys: string[] })
      .page_keys;
    expect((await cli('why', key!)).stdout).toContain(
      `it is in batch ${id} (submitted); nothing of its partition is published yet`,
    );
  });

  it('says who that is, and until when, wherever it is shown', async () => {
    const text = `${lease.owner} works on it, until ${until} at the latest; if that has died, it is free then`;
    expect((await cli('extract', 'status')).stdout).toContain(`batch ${id}: ${text}`);
    expect((await cli('batches', 'show', id)).stdout).toContain(`lease    ${text}`);
    const listed = (await cli('batches', 'list')).stdout;
    expect(listed).toContain(`submitted, worked on until ${until}`);
    const [batch] = await rescrapeItems(catalogs.lake, 'batches', 'list');
    expect(batch).toMatchObject({
      lease: { owner: lease.owner, until: expect.stringContaining('2026-11-22T12:05:00') },
    });
    expect(await cli('batches', 'cancel', id)).toMatchObject({
      code: 1,
      stderr: `rescrape: ${lease.owner} works on batch ${id}, or has died at it; give the same command again after ${until}\n`,
    });
  });
});
