import * as z from 'zod';
import type { StateStore } from '../ports/state-store.ts';
import type { Partition, Source } from '../source/source.ts';

const schema = z.object({ parserVersion: z.number(), fatal: z.array(z.string()) });

/**
 * Partitions over which processes died, kept from run to run: the next run reads their pages one at a time, and leaves out
 * those that killed (by item id) until the parser is another one.
 */
export class DeathStore {
  readonly #state: StateStore;
  readonly #source: Source;
  readonly #key: { readonly partition: string; readonly sort: string };

  constructor(state: StateStore, source: Source, { value, date }: Partition) {
    this.#state = state;
    this.#source = source;
    this.#key = { partition: `deaths#${source.name}`, sort: `${value}#${date}` };
  }

  /** Undefined where no process died. */
  async fatal(): Promise<ReadonlySet<string> | undefined> {
    const { parserVersion } = this.#source;
    const found = await this.#state.get(this.#key.partition, this.#key.sort);
    if (!found) return undefined;
    const { data } = schema.safeParse(found.value);
    return new Set(data?.parserVersion === parserVersion ? data.fatal : []);
  }

  /** A process died, and these items killed it; none where that is not known. */
  async add(items: readonly string[]): Promise<void> {
    await this.#put(new Set([...((await this.fatal()) ?? []), ...items]));
  }

  /** The item was read, and the process lives. */
  async remove(item: string): Promise<void> {
    await this.#put(new Set([...((await this.fatal()) ?? [])].filter((each) => each !== item)));
  }

  /** The partition was read without a death: it is one like all others, unless an item is left out. */
  async survived(): Promise<void> {
    if ((await this.fatal())?.size === 0) await this.#state.write([{ kind: 'delete', ...this.#key }]);
  }

  async #put(fatal: ReadonlySet<string>): Promise<void> {
    const value = { parserVersion: this.#source.parserVersion, fatal: [...fatal] };
    await this.#state.write([{ kind: 'put', ...this.#key, value }]);
  }
}
