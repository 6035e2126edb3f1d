import * as z from 'zod';
import { civilDate } from '../calendar/civil-date.ts';
import { timeOfId } from '../calendar/run-id.ts';
import type { EntityPartition } from '../enrich/entity-changes.ts';
import type { Platform } from '../platform.ts';
import type { StateWrite } from '../ports/state-store.ts';
import { mergeLogs } from '../run/merge-logs.ts';
import type { Partition, Source } from '../source/source.ts';
import type { Place } from '../state/collection.ts';
import { PartitionStore } from '../state/partition-store.ts';

/** A publication of one partition takes seconds; who holds it longer is believed dead. */
export const CLAIM_MS = 5 * 60_000;

const claimSchema = z.object({ runId: z.string(), until: z.number() });

/** A partition is published by one publication at a time. */
export interface PublicationClaim {
  /** That of the publication which died over the partition, where one did: its commit may be there. */
  readonly runId: string;
  readonly revision: number;
}

type Stores = Pick<Platform, 'state' | 'clock' | 'lake' | 'emit'>;

/**
 * Claims a partition, and notes that its logs are to be merged when the publication ends; or says until when
 * another publication has it. `isAlone`: nobody else publishes, so whoever has a claim is dead.
 */
export async function claimPublication(
  { state, clock }: Stores,
  source: Pick<Source, 'name' | 'table'>,
  partition: EntityPartition,
  { runId, isAlone }: { readonly runId: string; readonly isAlone: boolean },
): Promise<PublicationClaim | { readonly until: number }> {
  const place = claimPlace(partition);
  const document = await state.get(place.partition, place.sort);
  const held = document && claimSchema.parse(document.value);
  const now = clock.now();
  if (held && held.runId !== runId && !isAlone && held.until > now) return { until: held.until };
  const own = (held && (await unrecorded(state, source, partition, held.runId))) ?? runId;
  const value: z.infer<typeof claimSchema> = { runId: own, until: now + CLAIM_MS };
  const expect = document?.revision ?? ('absent' as const);
  const { kind } = partition;
  const journal: StateWrite = { kind: 'put', ...journalPlace(own, source.name, partition), value: { kind } };
  const written = await state.write([{ kind: 'put', ...place, value, expect }, journal]);
  if (written === 'conflict') return { until: now + CLAIM_MS };
  return { runId: own, revision: (document?.revision ?? 0) + 1 };
}

/**
 * The id of a publication that died before its answer was on record: a commit that it made is put on record
 * under it. Undefined where all of that is there.
 */
async function unrecorded(
  state: Stores['state'],
  { table }: Pick<Source, 'table'>,
  { feed: value, date }: EntityPartition,
  runId: string,
): Promise<string | undefined> {
  const lastRefresh = await new PartitionStore(state).get(table.name, { value, date });
  return lastRefresh?.runId === runId ? undefined : runId;
}

/** False where somebody else has taken it meanwhile, because it took too long. */
export async function releasePublication(
  { state }: Stores,
  partition: EntityPartition,
  { revision }: PublicationClaim,
): Promise<boolean> {
  const write: StateWrite = { kind: 'delete', ...claimPlace(partition), expect: revision };
  return (await state.write([write])) === 'written';
}

/**
 * Puts into the tables that SQL reads what publications decided: this one, and those that died before they
 * came to it. `ids`: those that it published under. Repeating it changes nothing.
 */
export async function mergePublicationLogs(
  platform: Stores,
  ids: ReadonlySet<string>,
  isAlone: boolean,
): Promise<void> {
  const { state, clock } = platform;
  const runs = new Map<string, Map<string, JournalEntry[]>>();
  for await (const { partition: where, sort, value: said } of state.query(JOURNAL)) {
    const [id = '', source = '', value = '', date = ''] = sort.split('#');
    const isDead = isAlone || timeOfId(id) < clock.now() - CLAIM_MS;
    if (!ids.has(id) && !isDead) continue;
    const sources = runs.get(id) ?? new Map();
    runs.set(id, sources);
    const { kind } = journalSchema.parse(said);
    const entry = {
      partition: { value, date: civilDate(date) },
      claim: claimPlace({ kind, feed: value, date: civilDate(date) }),
      place: { partition: where, sort },
    };
    sources.set(source, [...(sources.get(source) ?? []), entry]);
  }
  for (const [id, sources] of runs)
    for (const [name, entries] of sources) {
      const partitions = entries.map(({ partition }) => partition);
      await mergeLogs(platform, { name }, id, partitions);
      for (const { place, claim } of entries) {
        await dropClaim(state, claim, id);
        await state.write([{ kind: 'delete', ...place }]);
      }
    }
}

/** Of a publication that died behind its last change, where nothing is left that anybody would claim. */
async function dropClaim(state: Stores['state'], { partition, sort }: Place, runId: string): Promise<void> {
  const document = await state.get(partition, sort);
  if (!document || claimSchema.parse(document.value).runId !== runId) return;
  await state.write([{ kind: 'delete', partition, sort, expect: document.revision }]);
}

interface JournalEntry {
  readonly partition: Partition;
  readonly claim: Place;
  readonly place: Place;
}

/** Partitions of publications that have not ended: their commits are in no table of SQL yet. */
const JOURNAL = 'entity-publications';
const journalSchema = z.object({ kind: z.string() });

function journalPlace(runId: string, source: string, { feed, date }: EntityPartition): Place {
  return { partition: JOURNAL, sort: `${runId}#${source}#${feed}#${date}` };
}

function claimPlace({ kind, feed, date }: EntityPartition): Place {
  return { partition: `entity-publication-claims#${kind}`, sort: `${feed}#${date}` };
}
