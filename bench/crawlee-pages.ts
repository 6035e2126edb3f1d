import { readFileSync, writeFileSync } from 'node:fs';
import { readRace, type Select } from './crawlee-fields.ts';

/**
 * Contender: Crawlee's CheerioCrawler over a list of race pages, every field of every runner into its
 * dataset, the dataset into one JSON file. Arguments: file with one address a line, file for the JSON,
 * concurrency.
 *
 * Set up for speed as its guide tells: storage in memory, no session pool, a fixed number of pages at once
 * instead of a slow start, log off; retries as they are by default.
 */
const [list = '', output = '', concurrency = ''] = process.argv.slice(2);

/**
 * The part of Crawlee that is used here. It is installed for the benchmark alone, so its own types may not be
 * there.
 */
interface Crawlee {
  readonly Configuration: new (options: object) => object;
  readonly CheerioCrawler: new (
    options: object,
    configuration: object,
  ) => {
    run(urls: readonly string[]): Promise<{ readonly requestsFinished: number }>;
    getData(): Promise<{ readonly items: readonly object[] }>;
  };
  readonly log: { setLevel(level: number): void };
}

interface PageContext {
  readonly $: Select;
  readonly request: { readonly url: string };
  pushData(rows: readonly object[]): Promise<void>;
}

const CRAWLEE: string = '@crawlee/cheerio';
const { CheerioCrawler, Configuration, log } = (await import(CRAWLEE)) as Crawlee;
log.setLevel(1);

const crawler = new CheerioCrawler(
  {
    minConcurrency: Number(concurrency),
    maxConcurrency: Number(concurrency),
    useSessionPool: false,
    persistCookiesPerSession: false,
    requestHandler: ({ $, request, pushData }: PageContext) => pushData(readRace($, request.url)),
  },
  new Configuration({ persistStorage: false }),
);
const { requestsFinished } = await crawler.run(readFileSync(list, 'utf8').trim().split('\n'));
const { items } = await crawler.getData();
writeFileSync(output, JSON.stringify(items));
console.log(JSON.stringify({ pages: requestsFinished, rows: items.length }));
