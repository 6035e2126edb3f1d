import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import { daily, defineSource } from '../../../core/source/define-source.ts';
import type { Source } from '../../../core/source/source.ts';

/** Four targets whose index lists three notes a day, on a site that the test answers for. */
export const shelves: Source = defineSource({
  name: 'shelves',
  baseUrl: 'https://shelves.example/',
  timeZone: 'UTC',
  cadence: daily({ at: '01:00', windowDays: 8 }),
  targets: [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }],
  table: {
    name: 'shelves',
    partitionBy: ['shelf', 'date'],
    itemKey: 'note',
    rowKey: ['note'],
    schema: z.object({ note: z.string(), text: z.string() }),
    csv: false,
  },
  politeness: { concurrency: 4, minDelayMs: 0, robots: 'ignore', userAgent: 'Rescrape/1.0' },
  discover: {
    url: ({ value: target, date }) => `/${target}/${date}`,
    parse: (page) => {
      const ids = page.text.match(/^index (.*)$/)?.[1]?.split(' ');
      if (!ids) return { kind: 'rejected', code: 'HTML_CHANGED', message: 'no index' };
      return { kind: 'items', items: ids.map((id) => ({ id, url: `${new URL(page.url).pathname}/${id}` })) };
    },
  },
  parse: (page, { id }) => {
    if (!page.text.startsWith('note ')) return { kind: 'rejected', code: 'HTML_CHANGED', message: 'no note' };
    return { kind: 'records', records: [{ note: id, text: page.text }] };
  },
});

export interface ShelfRequest {
  readonly path: string;
  readonly target: string;
  readonly page: 'index' | 'item';
  /** The answer was a wall. */
  walled: boolean;
}

/** Whether a request meets a wall; `nth` counts those of its target from 1. */
type Walls = (request: ShelfRequest, nth: number) => boolean;

const WALL = `<!doctype html><title>Just a moment...</title><body><script>window._cf_chl_opt={cType:"managed"};
var a=document.createElement("script");a.src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"</script></body>`;

export class ShelfSite {
  readonly requests: ShelfRequest[] = [];
  /** Set: is awaited before an answer is given. */
  hold: ((request: ShelfRequest) => Promise<void>) | undefined;
  readonly #server = createServer((asked, answer) => void this.#answer(asked.url ?? '', answer));
  readonly #walls: Walls;

  private constructor(walls: Walls) {
    this.#walls = walls;
  }

  static async start(walls: Walls = () => false): Promise<ShelfSite> {
    const site = new ShelfSite(walls);
    await new Promise<void>((resolve) => site.#server.listen(0, '127.0.0.1', resolve));
    return site;
  }

  /** Settings of the source that asks this site. */
  get env() {
    const { port } = this.#server.address() as AddressInfo;
    return { RESCRAPE_SHELVES_URL: `http://127.0.0.1:${port}` };
  }

  of(target: string): ShelfRequest[] {
    return this.requests.filter((request) => request.target === target);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(path: string, answer: ServerResponse): Promise<void> {
    const [, target = '', , item] = path.split('/');
    const request: ShelfRequest = {
      path,
      target,
      page: item === undefined ? 'index' : 'item',
      walled: false,
    };
    this.requests.push(request);
    request.walled = this.#walls(request, this.of(target).length);
    await this.hold?.(request);
    if (request.walled)
      answer.writeHead(403, { 'cf-mitigated': 'challenge', 'content-type': 'text/html' }).end(WALL);
    else
      answer
        .setHeader('content-type', 'text/plain')
        .end(item === undefined ? 'index n1 n2 n3' : `note ${path}`);
  }
}
