import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunEnd } from '../../../runtime/run-end.ts';
import { serveHttp } from '../../contracts/loopback-site.ts';
import type { ChainTask } from './chain-main.ts';
import { currentRows, type ReadRow } from './lake-reading.ts';
import { type PlayOptions, playProcess } from './played-process.ts';

interface ChainPlayed {
  readonly end: RunEnd;
  readonly writes: number;
}

const MAIN = new URL('./chain-main.ts', import.meta.url);
/** Where the pages of the item are, in their order. */
export const CURSORS = [null, 'p2', 'p3', 'p4'];

/** An API of four pages, a book on each, and lakes that are made of it. */
export class ChainSite {
  readonly home = mkdtempSync(join(tmpdir(), 'rescrape-chain-'));
  /** Cursors that were asked for, in their order. */
  readonly asked: (string | null)[] = [];
  /** Asked before the nth answer is given; true: it is never given. */
  hold: (nth: number) => boolean = () => false;
  #served: Awaited<ReturnType<typeof serveHttp>> | undefined;

  static async start(): Promise<ChainSite> {
    const site = new ChainSite();
    site.#served = await serveHttp((request, answer) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        if (request.method !== 'POST') return void answer.writeHead(404).end();
        const { cursor } = JSON.parse(Buffer.concat(chunks).toString()) as { cursor: string | null };
        site.asked.push(cursor);
        if (site.hold(site.asked.length)) return;
        const page = CURSORS.indexOf(cursor);
        const books = [{ isbn: String(page), title: 'T', year: null }];
        answer.writeHead(200, { 'Content-Type': 'application/json' });
        answer.end(JSON.stringify({ books, cursor: CURSORS[page + 1] ?? null }));
      });
    });
    return site;
  }

  /** Runs the source over the lake of that name in a process of its own. */
  play(name: string, options: PlayOptions & { readonly killAt?: number } = {}) {
    const { killAt, ...play } = options;
    const { home } = this;
    const env = { RESCRAPE_SHELVES_URL: this.#served!.origin };
    const task: ChainTask = { directory: join(home, name), env, ...(killAt !== undefined && { killAt }) };
    return playProcess<ChainPlayed>(MAIN, task, { compileCache: join(home, 'compile-cache'), ...play });
  }

  /** Current rows of that lake. */
  async booksIn(name: string): Promise<ReadRow[]> {
    return [...(await currentRows(join(this.home, name), 'shelf_books')).values()].flat();
  }

  /** The run ended well, and all pages are in the lake, each row with the capture of its own. */
  async expectWhole(name: string, played: ChainPlayed | 'killed'): Promise<void> {
    if (played === 'killed') throw new Error('it was killed');
    expect(played.end).toMatchObject({
      kind: 'finished',
      summary: { run: { items_found: 1, items_failed: 0 } },
    });
    const rows = await this.booksIn(name);
    expect(rows.map(({ isbn }) => isbn).sort()).toEqual(['0', '1', '2', '3']);
    expect(new Set(rows.map(({ _capture }) => _capture)).size).toBe(CURSORS.length);
  }

  async close(): Promise<void> {
    await this.#served?.[Symbol.asyncDispose]();
    rmSync(this.home, { recursive: true, force: true });
  }
}
