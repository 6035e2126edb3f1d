import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabelledPages } from '../../../core/extract/labelled-pages.ts';
import { pageKeyText, pageOfLabelPath, parsePageKey } from '../../../core/extract/page-key.ts';
import {
  bookFilter,
  nextBatch,
  type PageRecord,
  type PageResult,
  reasonText,
  type ScanRules,
  scanPages,
} from '../../../core/extract/scan.ts';
import type { PageKey } from '../../../core/ports/page-library.ts';
import { naiveScan, type Situation } from './naive-scan.ts';

const NOTHING: PageRecord = { failures: 0, isInFlight: false, isForced: false };
const RULES: ScanRules = { filter: {}, maxRetries: 3 };

/** Decisions of the scanner, `name reason` each, and the names of its batch. */
async function scan({ labels, results, records, withoutImage }: Situation, rules = RULES, batchSize = 100) {
  const labelled = await LabelledPages.of(labels.map((label) => parsePageKey(label) as PageKey));
  const state = {
    result: (page: PageKey) => results.get(pageKeyText(page)),
    record: (page: PageKey) => records.get(pageKeyText(page)),
    hasImage: (page: PageKey) => !withoutImage.has(pageKeyText(page)),
  };
  const decisions = [...scanPages(labelled, state, rules)];
  const { batch, counts } = nextBatch(decisions, batchSize);
  return {
    decisions: decisions.map((each) => `${pageKeyText(each.page)} ${reasonText(each)}`),
    batch: batch.map(pageKeyText),
    counts,
  };
}

interface OneBook {
  readonly labels: readonly number[];
  readonly done?: readonly number[];
  readonly records?: Readonly<Record<number, Partial<PageRecord>>>;
  readonly withoutImage?: readonly number[];
  readonly results?: Readonly<Record<number, PageResult>>;
}

/** Pages of one book by their numbers: `2 waits for page 1`. */
async function scanBook(book: OneBook, rules = RULES, batchSize = 100) {
  const name = (page: number | string) => `A:B:1850:${page}`;
  const { labels, done = [], records = {}, withoutImage = [], results = {} } = book;
  const found = await scan(
    {
      labels: labels.map(name),
      results: new Map([
        ...done.map((page) => [name(page), {}] as const),
        ...Object.entries(results).map(([page, result]) => [name(page), result] as const),
      ]),
      records: new Map(Object.entries(records).map(([page, each]) => [name(page), { ...NOTHING, ...each }])),
      withoutImage: new Set(withoutImage.map(name)),
    },
    rules,
    batchSize,
  );
  const bare = (text: string) => text.slice(name('').length);
  return {
    ...found,
    decisions: found.decisions.map(bare),
    batch: found.batch.map((key) => Number(bare(key))),
  };
}

describe('a page is runnable', () => {
  it.each<[string, OneBook, number[]]>([
    ['where it begins its book', { labels: [1, 2, 3] }, [1]],
    ['where the page before is not labelled', { labels: [1, 2, 5, 6] }, [1, 5]],
    ['where the page before has a result', { labels: [1, 2, 3, 4], done: [2] }, [1, 3]],
    ['after 9 comes 10', { labels: [10, 9, 8], done: [8, 9] }, [10]],
    ['not while the page before is in flight', { labels: [1, 2], records: { 1: { isInFlight: true } } }, []],
    ['not behind an exhausted page', { labels: [1, 2, 3, 5], records: { 1: { failures: 3 } } }, [5]],
    [
      'behind an exhausted page with a result',
      { labels: [1, 2], done: [1], records: { 1: { failures: 3 } } },
      [2],
    ],
    ['after two failures of three', { labels: [1], records: { 1: { failures: 2 } } }, [1]],
    ['not after three failures of three', { labels: [1], records: { 1: { failures: 3 } } }, []],
    ['also as page 0', { labels: [0, 1] }, [0]],
    ['not without its image, and takes no place', { labels: [1, 3, 5, 7], withoutImage: [1, 3] }, [5, 7]],
    ['although a result lies at the unlabelled page before', { labels: [2], done: [1] }, [2]],
  ])('%s', async (_, book, expected) => {
    expect((await scanBook(book)).batch).toEqual(expected);
  });

  it('never where no failure is allowed', async () => {
    const { decisions } = await scanBook({ labels: [1, 2, 3], done: [3] }, { filter: {}, maxRetries: 0 });
    expect(decisions).toEqual(['1 exhausted', '2 exhausted', '3 done']);
  });
});

describe('the reason of a page', () => {
  const everything = { failures: 3, isInFlight: true, isForced: false };
  const book: OneBook = { labels: [1, 2], withoutImage: [2], records: { 2: everything } };
  it.each<[string, OneBook, ScanRules]>([
    ['filtered', { ...book, done: [2] }, { ...RULES, filter: { yearStart: 1851 } }],
    ['done', { ...book, done: [2] }, RULES],
    ['in flight', book, RULES],
    ['exhausted', { ...book, records: { 2: { failures: 3 } } }, RULES],
    ['waits for page 1', { ...book, records: {} }, RULES],
    ['no image', { ...book, records: {}, done: [1] }, RULES],
    ['runnable', { labels: [1, 2], done: [1] }, RULES],
  ])('%s comes before those below it in the table', async (reason, given, rules) => {
    expect((await scanBook(given, rules)).decisions[1]).toBe(`2 ${reason}`);
  });

  it('is counted for every page, beyond the batch as well', async () => {
    const book = { labels: [1, 3, 5, 7, 8], done: [1], records: { 7: { failures: 9 } } };
    const { batch, counts } = await scanBook(book, RULES, 1);
    expect(batch).toEqual([3]);
    expect(counts).toEqual({
      filtered: 0,
      done: 1,
      'in flight': 0,
      exhausted: 1,
      waits: 1,
      'no image': 0,
      runnable: 2,
    });
  });
});

describe('a done page is asked again', () => {
  it('where a person forces it; the next one does not wait for it', async () => {
    const records = { 1: { isForced: true }, 2: { isForced: true, isInFlight: true } };
    const { decisions } = await scanBook({ labels: [1, 2, 3], done: [1, 2], records });
    expect(decisions).toEqual(['1 runnable', '2 in flight', '3 runnable']);
  });

  it('not behind a page that has no result, nor after its last try', async () => {
    const records = { 2: { isForced: true }, 4: { isForced: true, failures: 3 } };
    const { decisions } = await scanBook({ labels: [1, 2, 4], done: [2, 4], records });
    expect(decisions).toEqual(['1 runnable', '2 waits for page 1', '4 exhausted']);
  });

  it('where its model or prompt is another one and that is asked for; not where it names none', async () => {
    const now = { model: 'm2', promptVersion: 'p/v2' };
    const results = {
      1: now,
      2: { ...now, model: 'm1' },
      3: { ...now, promptVersion: 'p/v1' },
      4: {},
    };
    const book = { labels: [1, 2, 3, 4], results };
    expect((await scanBook(book)).counts.done).toBe(4);
    expect((await scanBook(book, { ...RULES, outdatedUnless: now })).batch).toEqual([2, 3]);
  });
});

describe('a filter', () => {
  const leaves = (filter: ScanRules['filter'], state: string, school: string, year: number) =>
    bookFilter(filter)({ state, school, year });
  it.each<[ScanRules['filter'], boolean]>([
    [{}, true],
    [{ states: [], schools: [] }, true],
    [{ states: ['Ohio', 'Alabama'] }, true],
    [{ states: ['Ohio'] }, false],
    [{ states: ['alabama'] }, false],
    [{ schools: ["St. Mary's"] }, true],
    [{ states: ['Ohio'], schools: ["St. Mary's"] }, false],
    [{ yearStart: 1851, yearEnd: 1851 }, true],
    [{ yearStart: 1852 }, false],
    [{ yearEnd: 1850 }, false],
  ])('%j leaves the book: %j', (filter, expected) => {
    expect(leaves(filter, 'Alabama', "St. Mary's", 1851)).toBe(expected);
  });
});

describe('labels', () => {
  it('of one page, as 007.json beside 7.json, are one page and are counted', async () => {
    const paths = ['A/B/1850/7.json', 'A/B/1850/8.json', 'A/B/1850/007.json', 'A/B/1850/07.json'];
    const labelled = await LabelledPages.of(paths.map((path) => pageOfLabelPath(path) as PageKey));
    expect(labelled.repeated).toBe(2);
    expect([...labelled.books()]).toEqual([{ book: { state: 'A', school: 'B', year: 1850 }, pages: [7, 8] }]);
  });
});

describe('the scanner', () => {
  const name = fc
    .tuple(
      fc.constantFrom('A', 'a', '\uffee', '\u{1f600}', "St. Mary's"),
      fc.constantFrom('B', 'B.', 'é'),
      fc.constantFrom(900, 1850, 1851),
      fc.integer({ min: 0, max: 12 }),
    )
    .map((parts) => parts.join(':'));
  const version = fc.option(fc.constantFrom('1', '2'), { nil: undefined });
  const result = fc.record({ model: version, promptVersion: version });
  const record = fc.record({
    failures: fc.integer({ min: 0, max: 4 }),
    isInFlight: fc.boolean(),
    isForced: fc.boolean(),
  });
  const some = <Value>(value: fc.Arbitrary<Value>) =>
    fc.array(fc.tuple(name, value), { maxLength: 60 }).map((entries) => new Map(entries));
  const situation: fc.Arbitrary<Situation> = fc.record({
    labels: fc.array(name, { maxLength: 120 }),
    results: some(result),
    records: some(record),
    withoutImage: fc.array(name, { maxLength: 30 }).map((names) => new Set(names)),
  });
  const rules: fc.Arbitrary<ScanRules> = fc.record({
    filter: fc.record(
      {
        states: fc.array(fc.constantFrom('A', '\u{1f600}'), { maxLength: 1 }),
        schools: fc.array(fc.constantFrom('B', 'é'), { maxLength: 1 }),
        yearStart: fc.constantFrom(900, 901, 1851),
        yearEnd: fc.constantFrom(1850, 1851),
      },
      { requiredKeys: [] },
    ),
    maxRetries: fc.integer({ min: 0, max: 4 }),
    outdatedUnless: fc.option(fc.constant({ model: '2', promptVersion: '2' }), { nil: undefined }),
  });

  it('decides as a reading of the rules that goes through all labels for each page', async () => {
    await fc.assert(
      fc.asyncProperty(situation, rules, fc.integer({ min: 0, max: 9 }), async (given, by, batchSize) => {
        const expected = naiveScan(given, by);
        const { decisions, batch } = await scan(given, by, batchSize);
        expect(decisions).toEqual(expected);
        const runnable = expected.filter((line) => line.endsWith(' runnable'));
        expect(batch).toEqual(runnable.slice(0, batchSize).map((line) => line.slice(0, -' runnable'.length)));
      }),
      { numRuns: 300 },
    );
  });
});
