import * as z from 'zod';
import type { StateStore, StateWrite } from '../ports/state-store.ts';
import { Collection, type Place } from '../state/collection.ts';
import { type Batch, batchSchema, isActive } from './batch.ts';

/** A batch as it is stored; `revision` for a `check` that it is still so. */
export interface StoredBatch {
  readonly batch: Batch;
  readonly revision: number;
}

const memberSchema = z.object({
  /** The key of the page. */
  page: z.string(),
  /** True where the page before it is labelled: its prompt is told what that one says. */
  follows: z.boolean(),
});
export type Member = Readonly<z.infer<typeof memberSchema>>;

const membersSchema = z.array(memberSchema);

/** What one transaction has claimed. */
export interface MemberPiece {
  /** 0 for the first piece of a batch. */
  readonly piece: number;
  readonly members: readonly Member[];
}

/**
 * The batches of an extraction in a state store: `extract-batches#…` / id, an index of the active ones, and
 * the pages of each in pieces, one a transaction that claimed them.
 */
export class BatchStore {
  readonly #state: StateStore;
  readonly #batches: Collection<z.infer<ReturnType<typeof batchSchema>>>;
  readonly #extraction: string;

  constructor(state: StateStore, extraction: string) {
    this.#state = state;
    this.#extraction = extraction;
    this.#batches = new Collection(state, (value) => batchSchema().parse(value));
  }

  async get(id: string): Promise<StoredBatch | undefined> {
    const { partition, sort } = this.#place(id);
    const document = await this.#state.get(partition, sort);
    return document && { batch: batchSchema().parse(document.value), revision: document.revision };
  }

  /** Newest first. */
  list(): AsyncGenerator<Batch> {
    return this.#batches.list(this.#place('').partition, { descending: true });
  }

  /** Those whose pages are in flight, oldest first; reads no others. */
  async active(): Promise<Batch[]> {
    const active: Batch[] = [];
    for (const id of await this.activeIds()) {
      const stored = await this.get(id);
      if (stored && isActive(stored.batch)) active.push(stored.batch);
      // Begun while a person reset everything: both are written together, and only one is left.
      if (!stored) await this.#state.write([{ kind: 'delete', ...this.#activePlace(id) }]);
    }
    return active;
  }

  /** The index alone: ids of those that are active, oldest first. */
  async activeIds(): Promise<string[]> {
    const { partition } = this.#activePlace('');
    return (await Array.fromAsync(this.#state.query(partition))).map(({ sort }) => sort);
  }

  async create(batch: Batch): Promise<StoredBatch> {
    return (await this.change(batch.id, (before) => (before ? undefined : batch)))!;
  }

  /**
   * Changes a batch, with its place in the index, and returns it as it was stored; `change` may run more than
   * once. Undefined where `change` left it as it is, because it is no longer what the caller took it for.
   */
  async change(
    id: string,
    change: (before: Batch | undefined) => Batch | undefined,
  ): Promise<StoredBatch | undefined> {
    let stored: StoredBatch | undefined;
    await this.#batches.updateWith(
      this.#place(id),
      (before) => {
        const batch = change(before);
        if (batch === undefined) stored = undefined;
        return batch && { ...batch };
      },
      (batch, before, revision) => {
        stored = { batch, revision };
        const wasActive = before !== undefined && isActive(before);
        if (isActive(batch) === wasActive) return [];
        const place = this.#activePlace(id);
        return [wasActive ? { kind: 'delete', ...place } : { kind: 'put', ...place, value: {} }];
      },
    );
    return stored;
  }

  /** A condition of a transaction: nobody has changed the batch since. */
  check({ batch, revision }: StoredBatch): StateWrite {
    return { kind: 'check', ...this.#place(batch.id), expect: revision };
  }

  /** In the order in which they were claimed. */
  async *pieces(id: string): AsyncGenerator<MemberPiece> {
    const { partition } = this.#piecePlace(id, 0);
    for await (const { sort, value } of this.#state.query(partition, { prefix: `${id}#` }))
      yield { piece: Number(sort.slice(id.length + 1)), members: membersSchema.parse(value) };
  }

  async members(id: string): Promise<Member[]> {
    return (await Array.fromAsync(this.pieces(id))).flatMap(({ members }) => members);
  }

  pieceWrite(id: string, { piece, members }: MemberPiece): StateWrite {
    return { kind: 'put', ...this.#piecePlace(id, piece), value: members.map((member) => ({ ...member })) };
  }

  #place(id: string): Place {
    return { partition: `extract-batches#${this.#extraction}`, sort: id };
  }

  #activePlace(id: string): Place {
    return { partition: `extract-active#${this.#extraction}`, sort: id };
  }

  #piecePlace(id: string, piece: number): Place {
    return {
      partition: `extract-members#${this.#extraction}`,
      sort: `${id}#${String(piece).padStart(6, '0')}`,
    };
  }
}
