import { civilDateAt } from '../calendar/window.ts';
import { completeness } from '../completeness/completeness.ts';
import type { EntitiesOfDay } from '../completeness/entities-of-day.ts';
import { entityDays } from '../completeness/entity-days.ts';
import { deadRecordsOf } from '../enrich/dead-records.ts';
import type { EntityRow } from '../enrich/entity.ts';
import { changesOf } from '../enrich/entity-changes.ts';
import { EntityStore } from '../enrich/entity-store.ts';
import { parkedRecord, parkedText } from '../enrich/parked-records.ts';
import type { Platform } from '../platform.ts';
import { entityKindOf } from '../source/derived.ts';
import type { Partition, Source } from '../source/source.ts';

/** The message that a record came in. */
export type MessageFacts = EntityRow['message'];

/** What is known of one entity, as far as this date is concerned. */
export interface EntityFacts {
  /** As it is stored now, whatever date it belongs to. */
  readonly stored: {
    readonly feed: string;
    readonly date: string;
    /** Milliseconds. */
    readonly storedAt: number;
    readonly message: MessageFacts;
  } | null;
  /** Why its newest record of this date waits, in one line. */
  readonly parked: string | null;
  /** Why its newest record of this date is given up. */
  readonly dead: {
    readonly messageId: string;
    readonly at: number;
    readonly errors: readonly string[];
  } | null;
  /** True where something of it is not published yet. */
  readonly isUnpublished: boolean;
}

/** Of a table of entities: what is known beside the last publication of the partition. */
export interface WhyEntities extends EntitiesOfDay {
  /** Null where the question is about the whole partition. */
  readonly entity: EntityFacts | null;
}

type Records = Pick<Platform, 'state' | 'lake' | 'clock'> & Partial<Pick<Platform, 'sources'>>;

/** Undefined for a source that is scraped. */
export async function entityFacts(
  { state, lake, clock, sources = [] }: Records,
  source: Source,
  { value, date }: Partition,
  item: string | null,
): Promise<WhyEntities | undefined> {
  const kind = entityKindOf(source);
  if (kind === undefined) return undefined;
  const now = clock.now();
  const query = { start: date, end: date, today: civilDateAt(now, source.timeZone), now, lake, sources };
  const days = await entityDays(state, kind, value, query, completeness);
  const place = { kind, feed: value, date };
  return { ...days.get(date)!, entity: item === null ? null : await factsOf(state, place, item) };
}

async function factsOf(
  state: Records['state'],
  place: { readonly kind: string; readonly feed: string; readonly date: Partition['date'] },
  key: string,
): Promise<EntityFacts> {
  const { kind, feed, date } = place;
  const stored = await new EntityStore(state).get({ kind, key });
  const parked = await parkedRecord(state, { kind, key });
  const isHere = parked?.feed === feed && parked.date === date;
  const changes = await Array.fromAsync(changesOf(state, place));
  return {
    stored: stored
      ? { feed: stored.feed, date: stored.date, storedAt: stored.storedAt, message: stored.message }
      : null,
    parked: isHere ? parkedText(parked) : null,
    dead: await deadOf(state, place, key),
    isUnpublished: changes.some((change) => change.key === key),
  };
}

/** The newest of this date; a person asks, so that all dead letters of the kind may be read. */
async function deadOf(
  state: Records['state'],
  { kind, feed, date }: { readonly kind: string; readonly feed: string; readonly date: string },
  key: string,
): Promise<EntityFacts['dead']> {
  let newest: EntityFacts['dead'] = null;
  for await (const { id, at, errors, about } of deadRecordsOf(state, kind))
    if (about?.key === key && about.feed === feed && about.date === date && at >= (newest?.at ?? 0))
      newest = { messageId: id, at, errors };
  return newest;
}
