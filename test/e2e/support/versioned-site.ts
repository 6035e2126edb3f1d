import * as z from 'zod';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { Fetcher, FetchRequest, FetchResult } from '../../../core/fetch/fetcher.ts';
import type { OutcomeCode } from '../../../core/outcome/outcome.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import { daily, defineSource } from '../../../core/source/define-source.ts';
import type { Partition, Source } from '../../../core/source/source.ts';

export const TARGETS = ['a', 'b'] as const;
export const DATES = ['2026-11-19', '2026-11-20'] as const;
export const NOTES = ['n1', 'n2'] as const;
const ORIGIN = 'https://notes.example';

/**
 * How a page answers. `ok`: newer than ever before. `same`: as the last time, with a 304 for whoever knows
 * it. `changed`: a layout that the first parser cannot read. `short`, for an index: it lists only the first
 * note; for a note it is `ok`.
 */
export const ANSWERS = ['ok', 'same', '406', '500', '404', 'wall', 'changed', 'short'] as const;
export type Answer = (typeof ANSWERS)[number];

/** One request as the site saw it. */
export interface SiteRequest {
  readonly page: string;
  readonly target: string;
  readonly date: string;
  /** `index` or a note. */
  readonly item: string;
  /** Milliseconds; no two requests are of the same one. */
  readonly at: number;
  readonly answer: Answer;
  /** The version that the answer showed; 0 where it showed none. */
  readonly version: number;
  /** What the process that asked was doing. */
  readonly by: string;
  /** Only what the scraper could put on record before it died counts as asked. */
  recorded: boolean;
  /** The run that it is on record under. */
  runId?: string;
  code?: OutcomeCode;
  /** Nothing more is done about its outcome: the work of its run is finalized. */
  finalized?: boolean;
}

export const partitions: readonly Partition[] = TARGETS.flatMap((target) =>
  DATES.map((date) => ({ value: target, date: civilDate(date) })),
);

export const pageOf = (target: string, date: string, item: string): string =>
  item === 'index' ? `/${target}/${date}` : `/${target}/${date}/${item}`;

export const ALL_PAGES: readonly string[] = partitions.flatMap(({ value: target, date }) =>
  ['index', ...NOTES].map((item) => pageOf(target, date, item)),
);

/** What a version of a note says: its rows, as anybody would compute them who has seen the page. */
export function linesOf(page: string, version: number): { line: number; version: number; text: string }[] {
  return Array.from({ length: 1 + (version % 2) }, (_, line) => ({ line, version, text: `${page}:${line}` }));
}

interface Page {
  version: number;
  readonly script: Answer[];
  /** Index: the notes that it listed last. */
  listed: readonly string[];
}

/**
 * A site in this process: pages whose versions grow with each request, and a script of answers for each of
 * them.
 */
export class VersionedSite {
  readonly requests: SiteRequest[] = [];
  readonly #clock: Clock;
  readonly #pages: Map<string, Page>;
  #last = 0;

  constructor(clock: Clock, scripts: Readonly<Record<string, readonly Answer[]>> = {}) {
    this.#clock = clock;
    this.#pages = new Map(
      ALL_PAGES.map((page) => [page, { version: 0, script: [...(scripts[page] ?? [])], listed: [...NOTES] }]),
    );
  }

  /** From now on every page answers, with something newer each time. */
  heal(): void {
    for (const { script } of this.#pages.values()) script.length = 0;
  }

  versionOf(page: string): number {
    return this.#pages.get(page)!.version;
  }

  /** `by`: what the process that asks is doing. */
  fetcher(by: () => string = () => ''): Fetcher {
    return { reach: async () => ({ kind: 'reached' }), fetch: (request) => this.#fetch(request, by()) };
  }

  async #fetch({ url, validators, permission }: FetchRequest, by: string): Promise<FetchResult> {
    if (await permission?.isWithdrawn()) return { kind: 'dropped' };
    const { pathname } = new URL(url);
    const page = this.#pages.get(pathname)!;
    const [, target, date, item = 'index'] = pathname.split('/');
    // Two looks at a page within one millisecond could not be told apart by anybody.
    await this.#clock.sleep(1);
    while (this.#clock.now() <= this.#last) await this.#clock.sleep(1);
    const at = this.#clock.now();
    this.#last = at;
    const answer = page.script.shift() ?? 'ok';
    const response = this.#respond(page, pathname, item, answer, validators?.etag);
    const version = response.shows ? page.version : 0;
    this.requests.push({
      page: pathname,
      target: target!,
      date: date!,
      item,
      at,
      answer,
      version,
      by,
      recorded: false,
    });
    await this.#clock.sleep(1);
    permission?.onAnswer();
    return {
      kind: 'response',
      startedAt: at,
      finishedAt: this.#clock.now(),
      waitedMs: 0,
      redirects: 0,
      response: {
        kind: 'response',
        url,
        status: response.status,
        statusText: '',
        headers: response.headers,
        body: new TextEncoder().encode(response.body),
      },
    };
  }

  #respond(page: Page, path: string, item: string, answer: Answer, known: string | undefined) {
    const plain = (status: number, headers: [string, string][] = []) => ({
      status,
      headers: [['content-type', 'text/plain'] as [string, string], ...headers],
      body: `HTTP ${status}`,
      shows: false,
    });
    switch (answer) {
      case '406':
      case '500':
      case '404':
        return plain(Number(answer));
      case 'wall':
        return plain(403, [['cf-mitigated', 'challenge']]);
      case 'same':
        if (page.version > 0 && known === `"${page.version}"`) {
          return { ...plain(304), body: '', shows: true };
        }
        break;
      case 'ok':
      case 'changed':
      case 'short':
        page.version++;
        if (item === 'index') page.listed = answer === 'short' ? NOTES.slice(0, 1) : NOTES;
    }
    if (page.version === 0) page.version = 1;
    const body = item === 'index' ? { listed: page.listed } : { lines: linesOf(path, page.version) };
    return {
      status: 200,
      headers: [
        ['content-type', 'application/json'],
        ['etag', `"${page.version}"`],
      ] as [string, string][],
      body: JSON.stringify({ ...body, layout: answer === 'changed' ? 'new' : 'old' }),
      shows: true,
    };
  }
}

interface NotePage {
  readonly layout: 'old' | 'new';
  readonly listed: readonly string[];
  readonly lines: readonly { line: number; version: number; text: string }[];
}

/** `parserVersion` 2 reads the new layout as well. */
export function versionedSource(parserVersion: 1 | 2): Source {
  const readable = ({ layout }: NotePage) => layout === 'old' || parserVersion === 2;
  const changed = { kind: 'rejected', code: 'HTML_CHANGED', message: 'another layout' } as const;
  return defineSource({
    name: 'notes',
    baseUrl: ORIGIN,
    timeZone: 'UTC',
    cadence: daily({ at: '01:00', windowDays: 3 }),
    targets: TARGETS.map((id) => ({ id })),
    table: {
      name: 'notes',
      partitionBy: ['shelf', 'date'],
      itemKey: 'note',
      rowKey: ['note', 'line'],
      schema: z.object({ note: z.string(), line: z.int32(), version: z.int32(), text: z.string() }),
    },
    retry: { attempts: 1, coolDownMinutes: 14 },
    outcomes: { rateLimitStatuses: [406, 429] },
    discover: {
      url: ({ value: target, date }) => pageOf(target, date, 'index'),
      parse: ({ text }, { value: target, date }) => {
        const page = JSON.parse(text) as NotePage;
        if (!readable(page)) return changed;
        return {
          kind: 'items',
          items: page.listed.map((id) => ({ id, url: pageOf(target, date, id) })),
        };
      },
    },
    parse: ({ text }, { id }) => {
      const page = JSON.parse(text) as NotePage;
      if (!readable(page)) return changed;
      return { kind: 'records', records: page.lines.map((line) => ({ note: id, ...line })) };
    },
    parserVersion,
  });
}
