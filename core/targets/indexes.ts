import * as z from 'zod';
import type { Json, StateStore, StateWrite } from '../ports/state-store.ts';
import { lazily } from '../schema/lazily.ts';
import { Collection, type Place } from '../state/collection.ts';
import { DUE_SHARDS, duePartition, duePlace, INDEXED, skippedPartition, TARGETS, timeKey } from './keys.ts';
import { type TargetFlag, type TargetRecord, targetSchema } from './target.ts';

/** What an index of due targets tells of one: enough to plan it without reading its record. */
const dueSchema = lazily(() =>
  targetSchema().pick({
    target: true,
    attributes: true,
    nextCrawlAt: true,
    lastCrawlAt: true,
    releasedAt: true,
  }),
);
export type DueTarget = z.infer<ReturnType<typeof dueSchema>>;

const skippedSchema = lazily(() =>
  z.object({ target: z.string(), skip: targetSchema().shape.skip.unwrap() }),
);

/** The places of a record in the indexes, with what is kept there. */
function placesOf(record: TargetRecord): (Place & { readonly value: Json })[] {
  const { source, target, attributes, nextCrawlAt, lastCrawlAt, releasedAt, skip } = record;
  const due = duePlace(record);
  const value = { target, attributes, nextCrawlAt, lastCrawlAt, releasedAt };
  return [
    ...(due ? [{ ...due, value }] : []),
    ...(skip ? [{ partition: skippedPartition(source), sort: target, value: { target, skip } }] : []),
  ];
}

/** What keeps the indexes true to a record that changes. */
export function indexWrites(before: TargetRecord | undefined, after: TargetRecord): StateWrite[] {
  const nameOf = ({ partition, sort }: Place) => JSON.stringify([partition, sort]);
  const old = new Map((before ? placesOf(before) : []).map((place) => [nameOf(place), place]));
  const writes: StateWrite[] = [];
  for (const place of placesOf(after)) {
    const known = old.get(nameOf(place));
    old.delete(nameOf(place));
    // Those of an older record may be missing: see `indexTargets`.
    if (!known || JSON.stringify(known.value) !== JSON.stringify(place.value))
      writes.push({ kind: 'put', ...place });
  }
  for (const { partition, sort } of old.values()) writes.push({ kind: 'delete', partition, sort });
  return writes;
}

/** The registered targets of a source that may be due, by its index. `now`: milliseconds. */
export async function* dueTargets(state: StateStore, source: string, now: number): AsyncGenerator<DueTarget> {
  // Behind every `#` of that millisecond.
  const to = `${timeKey(now)}$`;
  for (let shard = 0; shard < DUE_SHARDS; shard++)
    for await (const { value } of state.query(duePartition(source, shard), { to }))
      yield dueSchema().parse(value);
}

/**
 * Whether an index holds a time that no clock can have set yet, because one ran ahead: its targets would wait
 * for it. Looks at the last of each shard. `now`: milliseconds.
 */
export async function isAhead(state: StateStore, source: string, now: number): Promise<boolean> {
  for (let shard = 0; shard < DUE_SHARDS; shard++)
    for await (const { value } of state.query(duePartition(source, shard), { descending: true, limit: 1 })) {
      const { lastCrawlAt, releasedAt } = dueSchema().parse(value);
      if (Math.max(lastCrawlAt ?? 0, releasedAt ?? 0) > now) return true;
    }
  return false;
}

/** The flags of a source. */
export async function* skippedOf(state: StateStore, source: string): AsyncGenerator<TargetFlag> {
  for await (const { value } of state.query(skippedPartition(source))) {
    const { target, skip } = skippedSchema().parse(value);
    yield { ...skip, target };
  }
}

/**
 * Puts the records of a source into its indexes that were written before there were any: once, told by a
 * marker.
 */
export async function indexTargets(state: StateStore, source: string): Promise<void> {
  if (await state.get(INDEXED, source)) return;
  const records = new Collection(state, (value) => targetSchema().parse(value));
  for await (const { sort } of state.query(TARGETS, { prefix: `${source}#` }))
    await records.updateWith(
      { partition: TARGETS, sort },
      (record) => record,
      (record) => placesOf(record).map((place) => ({ kind: 'put', ...place })),
    );
  await state.write([{ kind: 'put', partition: INDEXED, sort: source, value: true }]);
}
