import * as z from 'zod';
import { type CivilDate, civilDate } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';
import type { StateDocument, StateStore, StateWrite } from '../ports/state-store.ts';
import type { Place } from '../state/collection.ts';
import { firstOfEachGroup } from '../state/skip-scan.ts';
import { writeEach } from '../state/write-each.ts';
import { countByDate } from './count-by-date.ts';
import { type EntityKey, entityPlace, entityRowSchema } from './entity.ts';

const contentSchema = z.object({
  /** The row itself, of kinds whose rows are snapshots: the entity goes on, that day's row stays. */
  row: entityRowSchema.optional(),
});
/** What a marker says beside its key: nothing where the entity is read when it is published. */
export type ChangeContent = Readonly<z.infer<typeof contentSchema>>;

/** A partition of the table of a kind. */
export interface EntityPartition {
  readonly kind: string;
  readonly feed: string;
  readonly date: CivilDate;
}

/** Something of a partition changed since it was published last: what is kept under `entity-changes#…`. */
export interface EntityChange extends EntityPartition {
  /** Empty: the source has listed the partition, perhaps with nothing in it. */
  readonly key: string;
  readonly content: ChangeContent;
  readonly revision: number;
}

/**
 * Marks an entity of a partition as changed; an empty key: the partition as listed. It takes the place of a
 * marker that is there: whoever has no row to say keeps the one that is said (`keptChange`).
 */
export function changeWrite(
  change: Omit<EntityChange, 'content' | 'revision'>,
  content: ChangeContent = {},
  expect?: number | 'absent',
): StateWrite {
  return { kind: 'put', ...changePlace(change), value: content, ...(expect !== undefined && { expect }) };
}

/** Marks it without losing the row that a marker may hold; to be read and tried again on a conflict. */
export async function keptChange(
  state: StateStore,
  change: Omit<EntityChange, 'content' | 'revision'>,
): Promise<StateWrite> {
  const { partition, sort } = changePlace(change);
  const before = await state.get(partition, sort);
  const row = before && contentSchema.parse(before.value).row;
  return changeWrite(change, row ? { row } : {}, before?.revision ?? 'absent');
}

/** The partitions of a kind with something to publish, each once: its keys are skipped, not read. */
export async function* changedPartitions(state: StateStore, kind: string): AsyncGenerator<EntityPartition> {
  const partitionOf = ({ sort }: StateDocument) => sort.split('#').slice(0, 2).join('#');
  for await (const document of firstOfEachGroup(state, changesPartition(kind), partitionOf)) {
    const { feed, date } = changeOf(kind, document);
    yield { kind, feed, date };
  }
}

/** The feeds of a kind with something to publish, each once. */
export async function* changedFeeds(state: StateStore, kind: string): AsyncGenerator<string> {
  const feedOf = ({ sort }: StateDocument) => sort.split('#')[0] ?? '';
  for await (const document of firstOfEachGroup(state, changesPartition(kind), feedOf))
    yield feedOf(document);
}

/** The changes of a partition in the byte order of their keys. */
export async function* changesOf(
  state: StateStore,
  { kind, feed, date }: EntityPartition,
): AsyncGenerator<EntityChange> {
  const query = state.query(changesPartition(kind), { prefix: `${feed}#${date}#` });
  for await (const document of query) yield changeOf(kind, document);
}

/** A change that was published, and the entity as it was when it was: its revision, or that it was absent. */
export interface PublishedChange {
  readonly change: EntityChange;
  readonly entity: number | 'absent';
}

/**
 * Removes markers, each on condition that neither it nor its entity has changed since: the entity too,
 * because a marker that was removed and written again begins at revision 1 anew. Returns how many went; the
 * others stay for the next publication.
 */
export async function removeChanges(
  state: StateStore,
  published: readonly PublishedChange[],
): Promise<number> {
  return writeEach(state, published.map(removalOf));
}

function removalOf({ change, entity }: PublishedChange): StateWrite[] {
  const marker = { kind: 'delete' as const, ...changePlace(change), expect: change.revision };
  if (change.key === '') return [marker];
  return [marker, { kind: 'check', ...entityPlace(change), expect: entity }];
}

function changesPartition(kind: string): string {
  return `entity-changes#${kind}`;
}

function changePlace({ kind, feed, date, key }: EntityPartition & EntityKey): Place {
  return { partition: changesPartition(kind), sort: `${feed}#${date}#${key}` };
}

function changeOf(kind: string, { sort, revision, value }: StateDocument): EntityChange {
  const [feed = '', date = '', key = ''] = sort.split('#');
  return { kind, feed, date: civilDate(date), key, content: contentSchema.parse(value), revision };
}

/** How many changes are not published, by date of a feed; dates without one are left out. */
export function changedDays(
  state: StateStore,
  kind: string,
  feed: string,
  range: DateRange,
): Promise<Map<CivilDate, number>> {
  return countByDate(state, changesPartition(kind), feed, range);
}
