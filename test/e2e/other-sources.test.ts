import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FailureStore } from '../../core/failures/failure-store.ts';
import { retryNow } from '../../core/retry/claimed-retry.ts';
import { reparse } from '../../core/run/reparse.ts';
import type { Source } from '../../core/source/source.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { type RunRequest, runLocally } from '../../runtime/local-run.ts';
import { type LoopbackSite, serveHttp } from '../contracts/loopback-site.ts';
import { bulletins } from '../sources-of-tests/bulletins.ts';
import { shelves } from '../sources-of-tests/shelves.ts';
import { ImpatientClock } from './support/impatient-clock.ts';
import { query } from './support/sql.ts';
import { todayOf } from './support/test-time.ts';

const TODAY = todayOf(bulletins);
const DAY: string = TODAY;
let directory: string;
let clock: ImpatientClock;
let site: LoopbackSite;
let platform: LocalPlatform;
/** What the site answers; 404 where it answers nothing. */
let respond: (request: IncomingMessage, body: string) => string | undefined;
let bodies: string[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-other-sources-'));
  clock = new ImpatientClock();
  bodies = [];
  site = await serveHttp((request, answer) => void take(request, answer));
});
afterEach(async () => {
  await platform.close();
  await site[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

async function take(request: IncomingMessage, answer: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  if (request.method === 'POST') bodies.push(body);
  const text = request.url === '/robots.txt' ? undefined : respond(request, body);
  if (text === undefined) answer.writeHead(404).end();
  else if (text === 'down') answer.writeHead(500).end('down');
  else answer.writeHead(200, { 'Content-Type': typeOf(text) }).end(text);
}

function typeOf(text: string): string {
  if (text.startsWith('<?xml')) return 'application/xml';
  return text.startsWith('{') ? 'application/json' : 'text/html';
}

function open(source: Source): void {
  const env = { [`RESCRAPE_${source.name.toUpperCase()}_URL`]: site.origin };
  platform = openLocalPlatform({ directory, env, clock, sources: [source] });
}

async function run(source: string, request: Partial<RunRequest> = {}) {
  const end = await runLocally(platform, { source, start: DAY, end: DAY, force: false, ...request });
  if (end.kind !== 'finished') throw new Error(`the run ended ${end.kind}: ${JSON.stringify(end)}`);
  return end.summary;
}

const rows = (sql: string) => query(platform, sql);
const source = () => platform.sources[0]!;
const failures = () => Array.fromAsync(new FailureStore(platform.state).list(source().name));

describe('a source whose index and pages are XML', () => {
  const feed = (title: string) =>
    `<?xml version="1.0"?><rss><channel><item><guid>1</guid><title>${title}</title></item></channel></rss>`;

  it('is scraped like any other; a page that is cut off, or declares entities, is one failed item', async () => {
    open(bulletins);
    const locs = ['tides', 'works', 'bombs'].map((id) => `<url><loc>/harbour/${DAY}/${id}</loc></url>`);
    const pages: Record<string, string> = {
      'sitemap.xml': `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${locs.join('')}</urlset>`,
      tides: feed('High &amp; dry'),
      works: feed('Quay').slice(0, -10),
      bombs: feed('&a;').replace('?>', '?><!DOCTYPE rss [<!ENTITY a "ha">]>'),
    };
    respond = ({ url }) => pages[url?.split('/').at(-1) ?? ''];
    expect((await run('bulletins')).run).toMatchObject({ items_found: 1, items_failed: 2 });
    expect(await rows('SELECT feed_id, title FROM bulletins')).toEqual([
      { feed_id: 'tides', title: 'High & dry' },
    ]);
    expect((await failures()).map(({ item, code }) => [item, code]).sort()).toEqual([
      ['bombs', 'PARSE_ERROR'],
      ['works', 'PARSE_ERROR'],
    ]);
  });
});

describe('a paged JSON API that is asked with POST', () => {
  let down: string | undefined;

  beforeEach(() => {
    open(shelves);
    down = undefined;
    const first = { isbn: 'a', title: 'A', year: 1999 };
    respond = ({ method, headers, url }, body) => {
      if (method !== 'POST' || url !== '/api/books' || headers['content-type'] !== 'application/json')
        return undefined;
      const { shelf, cursor } = JSON.parse(body) as { shelf: string; cursor: string | null };
      if (`${shelf} ${cursor}` === down) return 'down';
      if (cursor === null) return JSON.stringify({ books: [first], cursor: 'p2' });
      if (cursor === 'p2')
        return JSON.stringify({ books: [{ ...first, isbn: 'b', year: null }], cursor: 'p3' });
      return JSON.stringify({ books: [], cursor: null });
    };
  });

  const books = () => rows('SELECT shelf, isbn, year, _capture FROM shelf_books ORDER BY shelf, isbn');

  it('is whole when all pages are in, and each row leads to the page that it came from', async () => {
    respond = wrapLast(respond);
    expect((await run('shelves')).run).toMatchObject({ status: 'succeeded', items_found: 2, attempts: 7 });
    const found = await books();
    expect(found.map(({ shelf, isbn, year }) => [shelf, isbn, year])).toEqual([
      ['novels', 'a', 1999],
      ['novels', 'b', null],
      ['novels', 'c', 2001],
      ['poems', 'a', 1999],
      ['poems', 'b', null],
      ['poems', 'c', 2001],
    ]);
    expect(new Set(found.map(({ _capture }) => _capture)).size).toBe(6);
    expect(
      (await run('shelves')).partitions.map(({ result }) => result !== 'broken' && result.status),
    ).toEqual(['unchanged', 'unchanged']);
  });

  it('fails as a whole where one page fails, and is resumed at that page', async () => {
    respond = wrapLast(respond);
    down = 'novels p2';
    expect((await run('shelves')).run).toMatchObject({
      status: 'incomplete',
      items_found: 1,
      items_failed: 1,
    });
    const novels = bodies.map((body) => JSON.parse(body)).filter(({ shelf }) => shelf === 'novels');
    expect(novels.map(({ cursor }) => cursor)).toEqual([null, 'p2', 'p2', 'p2', 'p2']);
    const [failure] = await failures();
    expect(failure).toMatchObject({ target: 'novels', item: 'novels', request: { method: 'POST' } });
    down = undefined;
    const key = { source: 'shelves', partition: { value: 'novels', date: TODAY }, item: 'novels' };
    expect(await retryNow(platform, source(), key)).toMatchObject({ kind: 'recovered' });
    expect((await books()).filter(({ shelf }) => shelf === 'novels')).toHaveLength(3);
  });

  it('is parsed again from all of its pages, without a request', async () => {
    respond = wrapLast(respond);
    await run('shelves');
    const before = await books();
    const asked = bodies.length;
    const again = await Array.fromAsync(reparse(platform, source(), { start: TODAY, end: TODAY }));
    expect(again.map(({ partition, unreadable, pages }) => [partition.value, unreadable, pages])).toEqual([
      ['novels', [], 1],
      ['poems', [], 1],
    ]);
    expect(bodies).toHaveLength(asked);
    expect(await books()).toEqual(before);
  });

  it.each([
    ['goes round in a circle', { cursor: 'p2', isbn: 'b' }, 'which it had before'],
    ['repeats a row', { cursor: null, isbn: 'a' }, 'stands on an earlier page of the item'],
  ])('that %s is not believed', async (_, second, message) => {
    const first = { isbn: 'a', title: 'A', year: 1999 };
    respond = (_request, body) => {
      const { cursor } = JSON.parse(body) as { cursor: string | null };
      if (cursor === null) return JSON.stringify({ books: [first], cursor: 'p2' });
      return JSON.stringify({ books: [{ ...first, isbn: second.isbn }], cursor: second.cursor });
    };
    await run('shelves', { targets: ['novels'] });
    expect((await failures())[0]).toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ['is no JSON', 'PARSE_ERROR', '{ "books": ['],
    ['has another shape', 'HTML_CHANGED', '{ "novels": [], "cursor": null }'],
  ])('that %s is a %s', async (_, code, text) => {
    respond = () => text;
    await run('shelves', { targets: ['poems'] });
    expect((await failures())[0]).toMatchObject({ item: 'poems', code });
  });
});

/** The third page has a book as well. */
function wrapLast(inner: typeof respond): typeof respond {
  return (request, body) => {
    const text = inner(request, body);
    const isLast = text?.includes('"books":[]');
    return isLast ? JSON.stringify({ books: [{ isbn: 'c', title: 'C', year: 2001 }], cursor: null }) : text;
  };
}
