import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CivilDate } from '../../../core/calendar/civil-date.ts';
import { addDays } from '../../../core/calendar/civil-date.ts';
import { startOfDate } from '../../../core/calendar/window.ts';
import type { Failure } from '../../../core/failures/failure.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import type { PipelineEvent } from '../../../core/platform.ts';
import type { Source, Target } from '../../../core/source/source.ts';
import type { ClaimAnswer } from '../../../core/targets/claim.ts';
import type { TargetRecord } from '../../../core/targets/target.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { type RunRequest, runLocally } from '../../../runtime/local-run.ts';
import type { RunEnd } from '../../../runtime/run-end.ts';
import { type LoopbackSite, serveHttp } from '../../contracts/loopback-site.ts';
import { registerTargets } from '../../core/targets/register-targets.ts';
import { kitchens } from '../../sources-of-tests/kitchens.ts';
import { ImpatientClock } from './impatient-clock.ts';
import { query } from './sql.ts';
import { todayOf } from './test-time.ts';

const HOUR = 3_600_000;

export interface KitchenAnswer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A page of the security wall that flags a target at once. */
export const WALL =
  '<html><head><title>Just a moment...</title></head><body><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>';

export type Dish = readonly [name: string, price: string, tags?: string];

/** The page of a kitchen with these dishes. */
export function dishes(...all: readonly Dish[]): string {
  const lines = all.map(
    ([name, price, tags]) => `<li data-price="${price}"${tags ? ` data-tags="${tags}"` : ''}>${name}</li>`,
  );
  return `<html><body><main><ul>${lines.join('')}</ul></main></body></html>`;
}

/** The page of a kitchen with one dish. */
export const pageWith = (dish: string) => dishes([dish, '1.00']);

/** A kitchen of Arizona that is found under its id. */
export const inArizona = (id: string) => ({ id, attributes: { state: 'AZ', path: id } });

/** Kitchens on loopback that are crawled target by target, and their lake, on a clock that does not wait. */
export class KitchenSite {
  readonly directory = mkdtempSync(join(tmpdir(), 'rescrape-kitchens-'));
  readonly clock = new ImpatientClock();
  readonly events: PipelineEvent[] = [];
  readonly platform: LocalPlatform;
  /** What each kitchen answers; 404 where it has none, 500 where that is `down`. */
  pages: Record<string, string> = {};
  /** Answers a request for the page of a kitchen; a test may replace it. */
  answer: (id: string) => KitchenAnswer = (id) => {
    const body = this.pages[id];
    if (body === undefined) return { status: 404 };
    return body === 'down' ? { status: 500, body } : { body };
  };
  readonly #site: LoopbackSite;
  readonly #listed: Source;

  private constructor(site: LoopbackSite, source: Source) {
    this.#site = site;
    this.#listed = source;
    this.platform = this.open();
  }

  /** `source`: the kitchens, or a variant of them. */
  static async start(source: Source = kitchens): Promise<KitchenSite> {
    let kitchen: KitchenSite | undefined;
    const site = await serveHttp(({ url = '' }, response) => {
      const isPage = url.startsWith('/kitchens/');
      const {
        status = 200,
        headers,
        body,
      } = isPage ? kitchen!.answer(url.slice('/kitchens/'.length)) : { status: 404 };
      response.writeHead(status, { 'Content-Type': 'text/html', ...headers }).end(body);
    });
    kitchen = new KitchenSite(site, source);
    return kitchen;
  }

  /** Two kitchens of Arizona, oak with soup and elm with stew. */
  static async ofOakAndElm(): Promise<KitchenSite> {
    const site = await KitchenSite.start();
    site.pages = { oak: pageWith('Soup'), elm: pageWith('Stew') };
    await site.register(inArizona('oak'), inArizona('elm'));
    return site;
  }

  /** One more platform on the same lake, as another process would have it. The caller closes it. */
  open(): LocalPlatform {
    return openLocalPlatform({
      directory: this.directory,
      env: { RESCRAPE_KITCHENS_URL: this.#site.origin },
      clock: this.clock,
      sources: [this.#listed],
      onEvent: (event) => this.events.push(event),
    });
  }

  async close(): Promise<void> {
    await this.platform.close();
    await this.#site[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }

  get source(): Source {
    return this.platform.sources[0]!;
  }

  /** Paths that were asked for, robots.txt among them. */
  get requests(): readonly string[] {
    return this.#site.requests.map(({ path }) => path);
  }

  /** How often the page of a kitchen was asked for. */
  askedFor(id: string): number {
    return this.requests.filter((path) => path === `/kitchens/${id}`).length;
  }

  today(): CivilDate {
    return todayOf(kitchens, this.clock);
  }

  /** Lets time pass until so many hours of the next day there are over. */
  toHour(hour: number): Promise<void> {
    const midnight = startOfDate(addDays(this.today(), 1), kitchens.timeZone);
    return this.clock.sleep(midnight + hour * HOUR - this.clock.now());
  }

  register(...targets: readonly Required<Target>[]): Promise<unknown> {
    return registerTargets(this.platform.state, this.source, targets, this.#by());
  }

  /** A run of today. */
  run(request: Partial<RunRequest> = {}): Promise<RunEnd> {
    const date = this.today();
    return runLocally(this.platform, {
      source: 'kitchens',
      start: date,
      end: date,
      force: false,
      ...request,
    });
  }

  /** The summary of a run that has work to do. */
  async finished(request: Partial<RunRequest> = {}) {
    const end = await this.run(request);
    if (end.kind !== 'finished') throw new Error(`the run ended ${end.kind}: ${JSON.stringify(end)}`);
    return end.summary;
  }

  get(id: string): Promise<TargetRecord> {
    return new TargetStore(this.platform.state).get('kitchens', id);
  }

  change(id: string, to: (record: TargetRecord) => TargetRecord): Promise<boolean> {
    return new TargetStore(this.platform.state).update('kitchens', id, to, this.#by());
  }

  /** Claims a kitchen for a run. */
  claim(id: string, runId: string): Promise<ClaimAnswer> {
    const request = { runId, id: 'x', every: 240 };
    return new TargetStore(this.platform.state).claim('kitchens', id, request, this.clock);
  }

  failures(): Promise<Failure[]> {
    return Array.fromAsync(new FailureStore(this.platform.state).list('kitchens'));
  }

  query(sql: string): Promise<readonly Record<string, unknown>[]> {
    return query(this.platform, sql);
  }

  #by() {
    return { actor: 'somebody', at: this.clock.now() };
  }
}
