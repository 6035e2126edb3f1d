import * as z from 'zod';
import type { StateStore, StateWrite } from '../ports/state-store.ts';
import { Collection, type Place } from '../state/collection.ts';

const pageSchema = z.object({
  /** Counted failures since they were cleared last. */
  failures: z.int(),
  /** Answers that ended a try of it, valid or not, ever. */
  attempts: z.int(),
  /** The batch that has it; in flight exactly while that one is active. */
  batch: z.string().nullable(),
  /** A person asked for it again although it has a result. */
  isForced: z.boolean(),
  /** Of its result, where this machine made it. */
  result: z
    .object({
      batch: z.string(),
      model: z.string(),
      promptVersion: z.string(),
      /** Milliseconds. */
      at: z.number(),
      tokens: z.object({ input: z.number(), output: z.number() }).nullable(),
      costUsd: z.number().nullable(),
    })
    .nullable(),
  lastFailure: z.object({ batch: z.string(), code: z.string(), at: z.number() }).nullable(),
});

/** What is kept of a page that was sent, forced, or failed; others have no record. */
export type PageState = Readonly<z.infer<typeof pageSchema>>;

export interface StoredPage {
  /** Its key as text. */
  readonly key: string;
  readonly page: PageState;
  readonly revision: number;
}

const NEW_PAGE: PageState = {
  failures: 0,
  attempts: 0,
  batch: null,
  isForced: false,
  result: null,
  lastFailure: null,
};

/** The records of pages: `extract-pages#…` / key of the page. */
export class PageStore {
  readonly #state: StateStore;
  readonly #pages: Collection<z.infer<typeof pageSchema>>;
  readonly #partition: string;

  constructor(state: StateStore, extraction: string) {
    this.#state = state;
    this.#pages = new Collection(state, (value) => pageSchema.parse(value));
    this.#partition = `extract-pages#${extraction}`;
  }

  /** Revision 0 where it has no record yet. */
  async get(key: string): Promise<StoredPage> {
    const document = await this.#state.get(this.#partition, key);
    if (!document) return { key, page: NEW_PAGE, revision: 0 };
    return { key, page: pageSchema.parse(document.value), revision: document.revision };
  }

  /** All that have a record, in the byte order of their keys; `state`: those of one state. */
  async *list(state?: string): AsyncGenerator<StoredPage> {
    const query = state === undefined ? {} : { prefix: `${state}:` };
    for await (const { sort, value, revision } of this.#state.query(this.#partition, query))
      yield { key: sort, page: pageSchema.parse(value), revision };
  }

  /** As `Collection.updateWith`; `change` may run more than once, undefined leaves it as it is. */
  async update(
    key: string,
    change: (before: PageState) => PageState | undefined,
    follows: () => readonly StateWrite[] = () => [],
  ): Promise<boolean> {
    let isChanged = false;
    await this.#pages.updateWith(
      this.#place(key),
      (before) => {
        const after = change(before ?? NEW_PAGE);
        isChanged = after !== undefined;
        return after && { ...after };
      },
      follows,
    );
    return isChanged;
  }

  /** The record anew, on condition that nobody has changed it since it was read. */
  write({ key, revision }: Omit<StoredPage, 'page'>, page: PageState): StateWrite {
    const expect = revision === 0 ? 'absent' : revision;
    return { kind: 'put', ...this.#place(key), value: page, expect };
  }

  /** A condition of a transaction: nobody has changed the record since. */
  check(key: string, revision: number): StateWrite {
    return { kind: 'check', ...this.#place(key), expect: revision === 0 ? 'absent' : revision };
  }

  #place(key: string): Place {
    return { partition: this.#partition, sort: key };
  }
}
