import * as z from 'zod';
import type { ObjectStore } from '../ports/object-store.ts';
import { lazily } from '../schema/lazily.ts';
import { schemaHistoryKey, schemaHistoryPrefix } from './layout.ts';
import { CorruptLakeError } from './manifest.ts';

const entrySchema = lazily(() =>
  z.object({
    fingerprint: z.string(),
    parserVersion: z.int(),
    /** ISO 8601; when a process was about to commit with it for the first time. */
    firstSeenAt: z.string(),
    /** Source that wrote the table then. */
    source: z.string(),
    /** Columns of its partitions. */
    partitionBy: z.array(z.string()).readonly(),
  }),
);
/** A schema that a table was written with. */
export type KnownSchema = z.infer<ReturnType<typeof entrySchema>>;
type Named = Pick<KnownSchema, 'fingerprint' | 'parserVersion'>;

const historySchema = lazily(() => z.object({ schemas: z.array(entrySchema()) }));

/** It only grows: what was read once stays true. Asked at every commit of a table. */
const read = new WeakMap<ObjectStore, Map<string, readonly KnownSchema[]>>();
const APPEND_TRIES = 20;

/** Schemas that processes committed a table with, oldest first. */
export class SchemaHistory {
  readonly #lake: ObjectStore;
  readonly #table: string;

  constructor(lake: ObjectStore, table: string) {
    this.#lake = lake;
    this.#table = table;
  }

  /**
   * True where rows of `own` may not replace those of `other`: the higher `parserVersion` is the newer one,
   * and of equal ones that which was seen first is the older. What nobody has seen yet is the newest.
   */
  async isOlder(own: Named, other: Named): Promise<boolean> {
    if (own.parserVersion !== other.parserVersion) return own.parserVersion < other.parserVersion;
    const schemas = await this.#with([own, other]);
    const at = placeIn(schemas, own);
    const otherAt = placeIn(schemas, other);
    return at >= 0 && (otherAt < 0 || at < otherAt);
  }

  /**
   * Puts schemas on record that are not, in this order. Answers what was there before the first of the table,
   * or before another way to divide it: undefined where nothing is new but columns.
   */
  async record(wanted: readonly KnownSchema[]): Promise<readonly KnownSchema[] | undefined> {
    const known = this.#known();
    if (wanted.every((each) => placeIn(known, each) >= 0)) return undefined;
    for (let tries = 0; tries < APPEND_TRIES; tries++) {
      const { schemas, etag } = await this.#read();
      const missing = wanted.filter((each) => placeIn(schemas, each) < 0);
      if (missing.length === 0) return undefined;
      const all = [...schemas, ...missing];
      const text = JSON.stringify({ schemas: all });
      const condition = etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag };
      const key = schemaHistoryKey(this.#table);
      const put = await this.#lake.put(key, new TextEncoder().encode(text), { ...condition, durable: true });
      if (put.kind === 'precondition-failed') continue;
      this.#remember(all);
      return schemas;
    }
    throw new Error(`${schemaHistoryKey(this.#table)}: other writers kept appending`);
  }

  /** As far as it was read; read again where one of these is not in it. */
  async #with(wanted: readonly Named[]): Promise<readonly KnownSchema[]> {
    const known = this.#known();
    return wanted.every((each) => placeIn(known, each) >= 0) ? known : (await this.#read()).schemas;
  }

  #known(): readonly KnownSchema[] {
    return read.get(this.#lake)?.get(this.#table) ?? [];
  }

  async #read(): Promise<{ readonly schemas: readonly KnownSchema[]; readonly etag: string | undefined }> {
    const stored = await this.#lake.get(schemaHistoryKey(this.#table));
    const schemas = stored ? decodeHistory(schemaHistoryKey(this.#table), stored.body) : [];
    this.#remember(schemas);
    return { schemas, etag: stored?.etag };
  }

  #remember(schemas: readonly KnownSchema[]): void {
    const ofLake = read.get(this.#lake) ?? new Map<string, readonly KnownSchema[]>();
    read.set(this.#lake, ofLake.set(this.#table, schemas));
  }
}

/** Tables that this source wrote last of all, by what their histories say: not those in `tables`. */
export async function tablesOnceOf(
  lake: ObjectStore,
  source: string,
  tables: ReadonlySet<string>,
): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of lake.list(schemaHistoryPrefix())) {
    const table = key.slice(schemaHistoryPrefix().length, -'.json'.length);
    const stored = tables.has(table) ? undefined : await lake.get(key);
    if (stored && decodeHistory(key, stored.body).at(-1)?.source === source) found.push(table);
  }
  return found;
}

/**
 * The schema by which a newer program writes the source elsewhere, where this one still writes `table`
 * divided by `column`: into another table, or divided otherwise. Undefined where there is none.
 */
export async function newerPlaceOf(
  lake: ObjectStore,
  source: string,
  { table, column }: { readonly table: string; readonly column: string },
  tables: ReadonlySet<string>,
): Promise<{ readonly table: string; readonly schema: KnownSchema } | undefined> {
  const places: { table: string; schema: KnownSchema }[] = [];
  for await (const { key } of lake.list(schemaHistoryPrefix())) {
    const name = key.slice(schemaHistoryPrefix().length, -'.json'.length);
    const stored = name === table || !tables.has(name) ? await lake.get(key) : undefined;
    const schemas = stored ? decodeHistory(key, stored.body) : [];
    for (const schema of schemas) if (schema.source === source) places.push({ table: name, schema });
  }
  const isHere = (place: (typeof places)[number]) =>
    place.table === table && place.schema.partitionBy[0] === column;
  const newest = places.reduce<(typeof places)[number] | undefined>(
    (last, each) => (last && last.schema.firstSeenAt >= each.schema.firstSeenAt ? last : each),
    undefined,
  );
  return newest && !isHere(newest) && places.some(isHere) ? newest : undefined;
}

function placeIn(schemas: readonly KnownSchema[], { fingerprint, parserVersion }: Named): number {
  return schemas.findIndex(
    (each) => each.fingerprint === fingerprint && each.parserVersion === parserVersion,
  );
}

function decodeHistory(key: string, body: Uint8Array): readonly KnownSchema[] {
  try {
    return historySchema().parse(JSON.parse(new TextDecoder().decode(body))).schemas;
  } catch {
    throw new CorruptLakeError(
      `${key} is no history of schemas: delete it once only today's program runs, and it is begun anew`,
    );
  }
}
