import * as z from 'zod';
import type { StateStore, StateWrite } from '../ports/state-store.ts';
import { EXTRACTION_FAILURES, type ExtractionFailureCode } from './extraction-failure.ts';

const CODES = Object.keys(EXTRACTION_FAILURES) as [ExtractionFailureCode, ...ExtractionFailureCode[]];

const loggedSchema = z.object({
  /** Key of the page. */
  page: z.string(),
  batch: z.string(),
  code: z.enum(CODES),
  message: z.string(),
  /** What does not fit, of a VALIDATION_ERROR. */
  paths: z.array(z.string()).readonly(),
  /** Failures before it, and one. */
  attempt: z.int(),
  model: z.string(),
  promptVersion: z.string(),
  /** Key of the line as it came, in the object store; null where there was none. */
  raw: z.string().nullable(),
  /** Milliseconds. */
  at: z.number(),
});

/** One answer that was none, and counted: one of a page and batch at most. */
export type LoggedFailure = Readonly<z.infer<typeof loggedSchema>>;

/** What went wrong with pages: `extract-failures#…` / page and batch. Clearing counts removes none of it. */
export class FailureLog {
  readonly #state: StateStore;
  readonly #partition: string;

  constructor(state: StateStore, extraction: string) {
    this.#state = state;
    this.#partition = `extract-failures#${extraction}`;
  }

  /** Of one page, oldest first. */
  of(page: string): AsyncGenerator<LoggedFailure> {
    return this.#query(`${page}#`);
  }

  /** Of all pages, or those of one state, by page in byte order, then oldest first. */
  list(state?: string): AsyncGenerator<LoggedFailure> {
    return this.#query(state === undefined ? undefined : `${state}:`);
  }

  /** Of the pages of one batch, in the order of these; each is looked up. */
  async *ofBatch(batch: string, pages: Iterable<string>): AsyncGenerator<LoggedFailure> {
    for (const page of pages) {
      const document = await this.#state.get(this.#partition, `${page}#${batch}`);
      if (document) yield loggedSchema.parse(document.value);
    }
  }

  write(failure: LoggedFailure): StateWrite {
    const sort = `${failure.page}#${failure.batch}`;
    return { kind: 'put', partition: this.#partition, sort, value: { ...failure } };
  }

  async *#query(prefix: string | undefined): AsyncGenerator<LoggedFailure> {
    const query = prefix === undefined ? {} : { prefix };
    for await (const { value } of this.#state.query(this.#partition, query)) yield loggedSchema.parse(value);
  }
}
