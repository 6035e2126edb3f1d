import pLimit from 'p-limit';
import type { PageKey } from '../ports/page-library.ts';
import type { StateWrite } from '../ports/state-store.ts';
import { StorageError } from '../ports/storage-error.ts';
import { MAX_TRIES } from '../state/collection.ts';
import { isoTime } from '../wording/times.ts';
import type { Batch, Tokens } from './batch.ts';
import type { ExtractContext } from './extract-context.ts';
import type { ExtractEvent } from './extract-event.ts';
import type { ExtractionFailure } from './extraction-failure.ts';
import { pageChangeWrite } from './page-changes.ts';
import { pageKeyText } from './page-key.ts';
import type { StoredPage } from './page-store.ts';
import { encodeResult, resultKeyOf } from './result-object.ts';

/** How a try of a page ended. */
export type PageEnd = { readonly page: PageKey } & (
  | { readonly kind: 'valid'; readonly answer: unknown; readonly tokens: Tokens | undefined }
  | { readonly kind: 'failed'; readonly failure: ExtractionFailure; readonly rawKey: string | undefined }
);

interface Prepared {
  readonly writes: readonly StateWrite[];
  /** What is told once they are written. */
  readonly told?: ExtractEvent;
}

/** At most three writes each, and room for one that grows. */
const ENDED_AT_ONCE = 30;
const PREPARED_AT_ONCE = 8;

/**
 * Puts the ends of the pages of a batch on record, several in a transaction: each once, however often it is
 * said, and only while the batch has the page. The object of a result is there before its record; a failure
 * never touches it.
 */
export class PageEnds {
  readonly #context: ExtractContext;
  readonly #batch: Batch;
  #waiting: PageEnd[] = [];
  #hasWritten = false;

  constructor(context: ExtractContext, batch: Batch) {
    this.#context = context;
    this.#batch = batch;
  }

  async add(end: PageEnd): Promise<void> {
    this.#waiting.push(end);
    if (this.#waiting.length >= ENDED_AT_ONCE) await this.flush();
  }

  /** Something that was not on record before is so now. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  async flush(): Promise<void> {
    for (let tries = 0; this.#waiting.length > 0; tries++) {
      if (tries > MAX_TRIES)
        throw new StorageError(
          `pages of batch ${this.#batch.id} cannot be written: others change them all the time`,
        );
      const ends = this.#waiting;
      const prepared = await pLimit(PREPARED_AT_ONCE).map(ends, (end) => this.#prepare(end));
      const writes = prepared.flatMap((each) => each?.writes ?? []);
      if (writes.length > 0) {
        const answer = await this.#context.state.transact(writes);
        // Whoever has changed a record may have taken the page away: all are looked at anew.
        if (answer.kind === 'conflict') continue;
        this.#hasWritten = true;
      }
      this.#waiting = [];
      for (const { told } of prepared.filter((each) => each !== undefined))
        if (told) this.#context.tell(told);
    }
  }

  /** Undefined where the batch does not have the page any more, as after a crash behind its transaction. */
  #prepare(end: PageEnd): Promise<Prepared | undefined> {
    return end.kind === 'valid' ? this.#valid(end) : this.#failed(end);
  }

  async #valid({ page, answer, tokens }: PageEnd & { kind: 'valid' }): Promise<Prepared | undefined> {
    const { lake, settings } = this.#context;
    const { id, model, promptVersion, readAt, route } = this.#batch;
    const costUsd = tokens && settings.prices && costOf(tokens, settings.prices, route);
    const objectKey = resultKeyOf(page);
    for (;;) {
      // Before the record: whoever takes the page over from here on, and puts a result, wins.
      const before = await lake.head(objectKey);
      const stored = await this.#own(page);
      if (!stored) return undefined;
      const body = encodeResult(answer, {
        key: page,
        model,
        promptVersion,
        batchId: id,
        attempt: stored.page.failures + 1,
        tokens,
        costUsd,
        extractedAt: isoTime(readAt!),
      });
      const put = await lake.put(objectKey, body, {
        ...(before ? { ifMatch: before.etag } : { ifNoneMatch: '*' as const }),
        contentType: 'application/json',
        durable: true,
      });
      if (put.kind === 'precondition-failed') continue;
      const result = {
        batch: id,
        model,
        promptVersion,
        at: readAt!,
        tokens: tokens ?? null,
        costUsd: costUsd ?? null,
      };
      const { attempts } = stored.page;
      const ended = { ...stored.page, batch: null, attempts: attempts + 1, isForced: false, result };
      return { writes: this.#writes(page, stored, ended) };
    }
  }

  async #failed({ page, failure, rawKey }: PageEnd & { kind: 'failed' }): Promise<Prepared | undefined> {
    const { failures, clock, settings } = this.#context;
    const { id: batch, model, promptVersion } = this.#batch;
    const stored = await this.#own(page);
    if (!stored) return undefined;
    const { code, message, paths } = failure;
    const at = clock.now();
    const attempt = stored.page.failures + 1;
    const { attempts } = stored.page;
    const lastFailure = { batch, code, at };
    const ended = { ...stored.page, batch: null, failures: attempt, attempts: attempts + 1, lastFailure };
    const key = pageKeyText(page);
    const logged = {
      page: key,
      batch,
      code,
      message,
      paths,
      attempt,
      model,
      promptVersion,
      raw: rawKey ?? null,
      at,
    };
    return {
      writes: [...this.#writes(page, stored, ended), failures.write(logged)],
      told: {
        kind: 'page-failed',
        batch,
        page: key,
        code,
        message,
        attempt,
        maxRetries: settings.maxRetries,
      },
    };
  }

  /** Its record, where the batch has it. */
  async #own(page: PageKey): Promise<StoredPage | undefined> {
    const stored = await this.#context.pages.get(pageKeyText(page));
    return stored.page.batch === this.#batch.id ? stored : undefined;
  }

  #writes(page: PageKey, stored: StoredPage, ended: StoredPage['page']): StateWrite[] {
    const { pages, extraction } = this.#context;
    return [pages.write(stored, ended), pageChangeWrite(extraction.name, page)];
  }
}

/** What a token costs, in prices of a batch: both providers give batches at half of what they ask else. */
const PRICE_OF = { batch: 1, single: 2 } as const satisfies Readonly<Record<Batch['route'], number>>;

/** US dollars. `prices`: in a batch. */
export function costOf(tokens: Tokens, prices: Tokens, route: Batch['route']): number {
  return (PRICE_OF[route] * (tokens.input * prices.input + tokens.output * prices.output)) / 1_000_000;
}
