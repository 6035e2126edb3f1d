import * as z from 'zod';
import type { StateStore } from '../ports/state-store.ts';
import type { Partition, Source } from '../source/source.ts';
import { Collection, type Place } from './collection.ts';

const schema = z.object({ parserVersion: z.number(), fatal: z.array(z.string()) });
type Deaths = z.infer<typeof schema>;
/** Of a document that nobody can read: processes died, and no more is known. No parser has this version. */
const NOTHING_KNOWN: Deaths = { parserVersion: Number.NEGATIVE_INFINITY, fatal: [] };

/**
 * Partitions over which processes died, kept from run to run: the next run reads their pages one at a time,
 * and leaves out those that killed (by item id) until the parser is another one.
 */
export class DeathStore {
  readonly #deaths: Collection<Deaths>;
  readonly #parserVersion: number;
  readonly #place: Place;

  constructor(state: StateStore, source: Source, { value, date }: Partition) {
    this.#deaths = new Collection(state, (document) => schema.safeParse(document).data ?? NOTHING_KNOWN);
    this.#parserVersion = source.parserVersion;
    this.#place = { partition: `deaths#${source.name}`, sort: `${value}#${date}` };
  }

  /** Undefined where no process died. */
  async fatal(): Promise<ReadonlySet<string> | undefined> {
    const deaths = await this.#deaths.get(this.#place);
    return deaths && this.#fatalOf(deaths);
  }

  /** A process died, and these items killed it; none where that is not known. */
  async add(items: readonly string[]): Promise<void> {
    await this.#change((fatal) => fatal.union(new Set(items)));
  }

  /** The item was read, and the process lives. */
  async remove(item: string): Promise<void> {
    await this.#change((fatal) => fatal.difference(new Set([item])));
  }

  /** The partition was read without a death: it is one like all others, unless an item is left out. */
  async survived(): Promise<void> {
    await this.#deaths.remove(this.#place, (deaths) => this.#fatalOf(deaths).size === 0);
  }

  async #change(change: (fatal: ReadonlySet<string>) => ReadonlySet<string>): Promise<void> {
    await this.#deaths.update(this.#place, (before) => ({
      parserVersion: this.#parserVersion,
      fatal: [...change(before ? this.#fatalOf(before) : new Set())],
    }));
  }

  #fatalOf({ parserVersion, fatal }: Deaths): Set<string> {
    return new Set(parserVersion === this.#parserVersion ? fatal : []);
  }
}
