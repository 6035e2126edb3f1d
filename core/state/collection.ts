import type { Json, StateDocument, StateQuery, StateStore, StateWrite } from '../ports/state-store.ts';
import { StorageError } from '../ports/storage-error.ts';

/** Where a document is. */
export interface Place {
  readonly partition: string;
  readonly sort: string;
}

/** What is written in one transaction with a document. */
interface Alongside<T> {
  readonly once?: (next: T) => StateWrite;
  readonly follows?: (next: T, before: T | undefined, revision: number) => readonly StateWrite[];
  /** The document as it was read a moment ago; it is read again only where somebody has written since. */
  readonly asRead?: { readonly document: StateDocument | undefined };
}

/** Each lost try means that somebody else has written: nobody loses so often who is not one of very many. */
export const MAX_TRIES = 100;

/**
 * Documents of one shape in a state store, changed by optimistic locking: read, change, and write on
 * condition that nobody has written in between. A document that others change faster than it can be written
 * is a `StorageError`, as is any other store that cannot do its work: its caller comes again later.
 */
export class Collection<T extends Json> {
  readonly #state: StateStore;
  readonly #parse: (value: Json) => T;
  readonly #remembered: Map<string, StateDocument> | undefined;

  /**
   * `parse`: validates a document, and brings one of an older version up to date. `remembers`: a change
   * begins with the document as it was last read or written here, and reads it again only where somebody else
   * was faster.
   */
  constructor(
    state: StateStore,
    parse: (value: Json) => T,
    { remembers = false }: { readonly remembers?: boolean } = {},
  ) {
    this.#state = state;
    this.#parse = parse;
    this.#remembered = remembers ? new Map() : undefined;
  }

  /** Undefined where it is not there. */
  async get(place: Place): Promise<T | undefined> {
    return this.#valueOf(await this.#read(place));
  }

  /** All of one partition of the store, in the order of their names. */
  async *list(partition: string, query: StateQuery = {}): AsyncGenerator<T> {
    for await (const { value } of this.#state.query(partition, query)) yield this.#parse(value);
  }

  /**
   * Changes a document and returns it as it was left: `change` may run more than once, and undefined leaves
   * it as it is.
   */
  async update(place: Place, change: (before: T | undefined) => T | undefined): Promise<T | undefined> {
    return (await this.#change(place, change)).value;
  }

  /**
   * Changes a document and writes another one with it, all or nothing. False where nothing was written
   * because the other one is there already: the change was made before.
   */
  async updateOnce(
    place: Place,
    change: (before: T | undefined) => T,
    alongside: (next: T) => StateWrite,
  ): Promise<boolean> {
    return (await this.#change(place, change, { once: alongside })).isDone;
  }

  /**
   * Changes a document, and writes with it what follows from the change, all or nothing; undefined leaves it
   * as it is. `once`: written with it as well; where that is there already, the change was made before, and
   * nothing is written. `follows`: told the revision that the document gets; may run more than once.
   * `asRead`: see `Alongside`.
   */
  async updateWith(
    place: Place,
    change: (before: T | undefined) => T | undefined,
    follows: (next: T, before: T | undefined, revision: number) => readonly StateWrite[],
    once?: StateWrite,
    asRead?: Alongside<T>['asRead'],
  ): Promise<{ readonly isDone: boolean; readonly value: T | undefined }> {
    const more = { ...(once && { once: () => once }), ...(asRead && { asRead }) };
    return this.#change(place, change, { follows, ...more });
  }

  /** Removes a document, and says whether it did; one that `only` does not hold of stays. */
  async remove(place: Place, only: (value: T) => boolean = () => true): Promise<boolean> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const document = await this.#read(place);
      if (!document || !only(this.#parse(document.value))) return false;
      const write = { kind: 'delete' as const, ...place, expect: document.revision };
      if ((await this.#state.write([write])) === 'written') {
        this.#remembered?.delete(nameOf(place));
        return true;
      }
    }
    throw contended(place);
  }

  async #change(
    place: Place,
    change: (before: T | undefined) => T | undefined,
    { once, follows, asRead }: Alongside<T> = {},
  ): Promise<{ readonly isDone: boolean; readonly value: T | undefined }> {
    let document = asRead
      ? asRead.document
      : (this.#remembered?.get(nameOf(place)) ?? (await this.#read(place)));
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const before = this.#valueOf(document);
      const value = change(before);
      if (value === undefined) return { isDone: true, value: before };
      const expect = document?.revision ?? ('absent' as const);
      const revision = (document?.revision ?? 0) + 1;
      const other = once?.(value);
      const writes: StateWrite[] = [
        { kind: 'put', ...place, value, expect },
        ...(other ? [other] : []),
        ...(follows?.(value, before, revision) ?? []),
      ];
      if ((await this.#state.write(writes)) === 'written') {
        this.#remembered?.set(nameOf(place), { ...place, value, revision });
        return { isDone: true, value };
      }
      if (other && (await this.#state.get(other.partition, other.sort)))
        return { isDone: false, value: before };
      document = await this.#read(place);
    }
    throw contended(place);
  }

  async #read(place: Place): Promise<StateDocument | undefined> {
    const document = await this.#state.get(place.partition, place.sort);
    if (document) this.#remembered?.set(nameOf(place), document);
    else this.#remembered?.delete(nameOf(place));
    return document;
  }

  #valueOf(document: StateDocument | undefined): T | undefined {
    return document && this.#parse(document.value);
  }
}

function nameOf({ partition, sort }: Place): string {
  return JSON.stringify([partition, sort]);
}

function contended({ partition, sort }: Place): StorageError {
  return new StorageError(
    `${partition}/${sort} cannot be written: others have changed it ${MAX_TRIES} times in a row; try again later`,
  );
}
