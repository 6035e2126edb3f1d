import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { civilDateAt } from '../../../core/calendar/window.ts';
import { type CompletenessReport, completeness } from '../../../core/completeness/completeness.ts';
import type { Why } from '../../../core/explain/story.ts';
import { why } from '../../../core/explain/why.ts';
import type { Failure } from '../../../core/failures/failure.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import type { CurrentVersion } from '../../../core/lake/manifest.ts';
import { PartitionVersions } from '../../../core/lake/partition-versions.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import { daily, defineSource } from '../../../core/source/define-source.ts';
import { type HtmlElement, HtmlIndex, readHtml, textOf } from '../../../core/source/html.ts';
import type {
  Discovery,
  IndexContext,
  ListedStatus,
  Partition,
  Source,
  WholeIndex,
} from '../../../core/source/source.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { type RunRequest, runLocally } from '../../../runtime/local-run.ts';
import type { RunEnd } from '../../../runtime/run-end.ts';
import { type LoopbackSite, serveHttp } from '../../contracts/loopback-site.ts';

export const DATE = civilDate('2026-03-10');
export const PLACE: Partition = { value: 'a', date: DATE };
export const INDEX = `/list/${DATE}`;

/** Where the index of a date is; that of `a` is the one without a name. */
function listPath(date: string, target = 'a'): string {
  return target === 'a' ? `/list/${date}` : `/list/${target}/${date}`;
}

export interface Answer {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
type Page = Answer | ((request: IncomingMessage, hit: number) => Answer);

/**
 * A page of an index: an item a line. `more`: where the parser finds the next page; `again`: where it is sent
 * to.
 */
export function listPage(
  items: readonly (string | readonly [id: string, status: ListedStatus])[],
  {
    more,
    again,
    none,
    head = '',
    end = '</body></html>',
  }: { more?: string; again?: string; none?: string; head?: string; end?: string } = {},
): string {
  const lines = items.map((item) => (typeof item === 'string' ? ([item, 'ready'] as const) : item));
  return `<!doctype html><html><head><title>List</title>${head}</head><body><ul>${lines
    .map(([id, status]) => `<li id="${id}" class="${status}">${id}</li>`)
    .join('')}</ul>${more === undefined ? '' : `<a class="more" href="${more}">more</a>`}${
    again === undefined ? '' : `<a class="again" href="${again}">the list moved</a>`
  }${none === undefined ? '' : `<p class="none">${none}</p>`}${end}`;
}

/** A page of an item: a row a text. */
export function itemPage(...texts: readonly string[]): string {
  return `<html><body>${texts.map((text) => `<b>${text}</b>`).join('')}</body></html>`;
}
export const VOID_PAGE = '<html><body><i>void</i></body></html>';

function attributes(elements: readonly HtmlElement[], name: string): string[] {
  return elements.map((element) => element.attributes[name] ?? '');
}

function parseList({ text }: { readonly text: string }, context: IndexContext): Discovery {
  const index = new HtmlIndex(readHtml(text));
  const [again] = attributes(index.withClass('again'), 'href');
  // Only the second time is the page believed that it has moved.
  if (again !== undefined)
    return context.attempt === 1
      ? { kind: 'rejected', code: 'NO_RECORDS', message: 'the list is not here' }
      : { kind: 'follow', url: again, note: `moved to ${again}, after ${context.notes.length} notes` };
  const [none] = index.withClass('none');
  if (none) return { kind: 'empty', sign: textOf(none) };
  const [next] = attributes(index.withClass('more'), 'href');
  const items = index.tag('li').map(({ attributes: of }) => ({
    id: of.id!,
    url: `/item/${of.id}`,
    status: of.class as ListedStatus,
  }));
  return { kind: 'items', items, ...(next !== undefined && { next }) };
}

export interface ListedOptions {
  readonly whole?: WholeIndex;
  readonly unique?: readonly string[];
  readonly maxShrink?: number;
  readonly parserVersion?: number;
  /** @default a alone */
  readonly targets?: readonly string[];
}

export function listedSource({
  whole,
  unique,
  maxShrink = 0.5,
  parserVersion = 1,
  targets = ['a'],
}: ListedOptions = {}): Source {
  return defineSource({
    name: 'listed',
    baseUrl: 'https://listed.example/',
    timeZone: 'Europe/London',
    cadence: daily({ at: '01:00', windowDays: 3 }),
    targets: targets.map((id) => ({ id })),
    table: {
      name: 'listed',
      partitionBy: ['shelf', 'date'],
      itemKey: 'item',
      rowKey: ['item', 'line'],
      ...(unique && { unique }),
      schema: z.object({ item: z.string(), line: z.int32(), text: z.string().nullable() }),
    },
    retry: { attempts: 2, intervalSeconds: 1, backoffRate: 1 },
    expect: { minItems: 1, maxShrink },
    discover: {
      url: ({ value, date }) => listPath(date, value),
      ...(whole && { whole }),
      parse: (page, _partition, context) => parseList(page, context),
    },
    parse: ({ text }, { id }) => {
      const index = new HtmlIndex(readHtml(text));
      if (index.tag('i').length > 0) return { kind: 'empty', reason: 'void' };
      const lines = index.tag('b');
      if (lines.length === 0) return { kind: 'rejected', code: 'HTML_CHANGED', message: 'no lines' };
      return {
        kind: 'records',
        records: lines.map((line, at) => ({ item: id, line: at, text: textOf(line) || null })),
      };
    },
    parserVersion,
  });
}

/** A clock on a day of its own; whoever sleeps wakes at once, that much later. */
class StoryClock implements Clock {
  #now: number;

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): number {
    return this.#now++;
  }

  set(time: string): void {
    this.#now = Date.parse(time);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#now += ms;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * A site of lists and items on loopback, and a lake that is made of it. Items that no page is set for have
 * one row.
 */
export class ListedSite {
  readonly clock = new StoryClock('2026-03-12T01:00:00Z');
  readonly pages = new Map<string, Page>();
  readonly directory = mkdtempSync(join(tmpdir(), 'rescrape-listed-'));
  readonly site: LoopbackSite;
  readonly source: Source;
  readonly platform: LocalPlatform;

  private constructor(site: LoopbackSite, source: Source) {
    this.site = site;
    this.source = source;
    this.platform = this.open(source);
  }

  static async start(options: ListedOptions = {}): Promise<ListedSite> {
    const hits = new Map<string, number>();
    const here: { pages?: Map<string, Page> } = {};
    const site = await serveHttp((request, response) => {
      const path = request.url ?? '';
      const hit = (hits.get(path) ?? 0) + 1;
      hits.set(path, hit);
      const page = here.pages?.get(path) ?? defaultPage(path);
      const {
        status = 200,
        body = '',
        headers = {},
      } = typeof page === 'function' ? page(request, hit) : page;
      response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers });
      response.end(body);
    });
    const listed = new ListedSite(site, listedSource(options));
    here.pages = listed.pages;
    return listed;
  }

  open(source: Source): LocalPlatform {
    return openLocalPlatform({
      directory: this.directory,
      env: { RESCRAPE_LISTED_URL: this.site.origin, RESCRAPE_LISTED_MIN_DELAY_MS: '0' },
      clock: this.clock,
      onEvent: () => {},
      sources: [source],
    });
  }

  /** From now on the index of a date answers like this; of `DATE` where none is given. */
  index(page: string | Page, date: string = DATE, target = 'a'): void {
    this.pages.set(listPath(date, target), typeof page === 'string' ? { body: page } : page);
  }

  item(id: string, page: string | Page): void {
    this.pages.set(`/item/${id}`, typeof page === 'string' ? { body: page } : page);
  }

  async run(request: Partial<RunRequest> = {}): Promise<Extract<RunEnd, { kind: 'finished' }>['summary']> {
    const end = await runLocally(this.platform, {
      source: 'listed',
      start: DATE,
      end: DATE,
      force: false,
      ...request,
    });
    if (end.kind !== 'finished') throw new Error(`the run ended ${end.kind}`);
    return end.summary;
  }

  /** One run of `DATE`: what became of it. */
  async publish(request: Partial<RunRequest> = {}) {
    const { partitions } = await this.run(request);
    const { result } = partitions[0]!;
    if (result === 'broken') throw new Error('publish broke');
    return result;
  }

  get store(): PartitionVersions {
    return new PartitionVersions(this.platform.lake, this.source.table, PLACE);
  }

  async current(): Promise<CurrentVersion['descriptor'] | undefined> {
    return (await this.store.current())?.descriptor;
  }

  /** `item:text` of every row that readers see, and nothing else. */
  async rows(): Promise<string[]> {
    const current = await this.current();
    return current ? (await this.store.rows(current)).map((row) => `${row.item}:${row.text}`).sort() : [];
  }

  async states(): Promise<Record<string, string>> {
    return Object.fromEntries((await this.current())?.items.map(({ id, state }) => [id, state]) ?? []);
  }

  failures(): Promise<Failure[]> {
    return Array.fromAsync(new FailureStore(this.platform.state).list('listed'));
  }

  completeness(start = DATE, end = DATE): Promise<CompletenessReport> {
    const { state, sources } = this.platform;
    const today = civilDateAt(this.clock.now(), this.source.timeZone);
    return completeness(state, sources[0]!, { start, end, today });
  }

  /** Status and reason of `DATE` in completeness. */
  async status(): Promise<readonly [string, string | null]> {
    const { status, reason } = (await this.completeness()).targets[0]!.dates[0]!;
    return [status, reason];
  }

  why(item: string | null = null): Promise<Why> {
    return why(this.platform, this.platform.sources[0]!, PLACE, item);
  }

  /** Paths that were asked for since the last call, robots.txt left out. */
  asked(): string[] {
    const paths = this.site.requests.map(({ path }) => path).filter((path) => path !== '/robots.txt');
    this.site.requests.length = 0;
    return paths;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.platform.close();
    await this.site[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function defaultPage(path: string): Answer {
  if (path === '/robots.txt') return { status: 404 };
  const id = /^\/item\/(.+)$/.exec(path)?.[1];
  return id === undefined ? { status: 404 } : { body: itemPage(`text of ${id}`) };
}
