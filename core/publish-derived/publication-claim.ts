import * as z from 'zod';
import { civilDate } from '../calendar/civil-date.ts';
import { timeOfId } from '../calendar/run-id.ts';
import type { Platform } from '../platform.ts';
import type { StateWrite } from '../ports/state-store.ts';
import { mergeLogs } from '../run/merge-logs.ts';
import type { Derived } from '../source/derived.ts';
import type { Partition, Source } from '../source/source.ts';
import type { Place } from '../state/collection.ts';
import { PartitionStore } from '../state/partition-store.ts';

/** A publication of one partition takes seconds; who holds it longer is believed dead. */
export const CLAIM_MS = 5 * 60_000;

const claimSchema = z.object({ runId: z.string(), until: z.number() });

/** What one publication claims: a partition of all tables that are made of the same things. */
export interface DerivedPlace {
  readonly from: Derived['from'];
  /** The kind of the entities, or the extraction. */
  readonly owner: string;
  readonly partition: Partition;
}

/** A partition is published by one publication at a time. */
export interface PublicationClaim {
  /** That of the publication which died over the partition, where one did: its commit may be there. */
  readonly runId: string;
  readonly revision: number;
}

type Stores = Pick<Platform, 'state' | 'clock' | 'lake' | 'emit'>;
type OneSource = Pick<Source, 'name' | 'table'>;

/**
 * Claims a partition, and notes that the logs of its tables are to be merged when the publication ends; or
 * says until when another publication has it. `isAlone`: nobody else publishes what is derived from the same,
 * so whoever has a claim is dead.
 */
export async function claimPublication(
  { state, clock }: Stores,
  sources: readonly OneSource[],
  place: DerivedPlace,
  { runId, isAlone }: { readonly runId: string; readonly isAlone: boolean },
): Promise<PublicationClaim | { readonly until: number }> {
  const claimed = claimPlace(place);
  const document = await state.get(claimed.partition, claimed.sort);
  const held = document && claimSchema.parse(document.value);
  const now = clock.now();
  if (held && held.runId !== runId && !isAlone && held.until > now) return { until: held.until };
  const own = (held && (await unrecorded(state, sources, place, held.runId))) ?? runId;
  const value: z.infer<typeof claimSchema> = { runId: own, until: now + CLAIM_MS };
  const expect = document?.revision ?? ('absent' as const);
  const { owner } = place;
  const journal = sources.map(({ name }): StateWrite => {
    return { kind: 'put', ...journalPlace(own, name, place), value: { owner } };
  });
  const written = await state.write([{ kind: 'put', ...claimed, value, expect }, ...journal]);
  if (written === 'conflict') return { until: now + CLAIM_MS };
  return { runId: own, revision: (document?.revision ?? 0) + 1 };
}

/**
 * The id of a publication that died before all its answers were on record: a commit that it made is put on
 * record under it. Undefined where all of that is there.
 */
async function unrecorded(
  state: Stores['state'],
  sources: readonly OneSource[],
  { partition }: DerivedPlace,
  runId: string,
): Promise<string | undefined> {
  const partitions = new PartitionStore(state);
  for (const { table } of sources)
    if ((await partitions.get(table.name, partition))?.runId !== runId) return runId;
  return undefined;
}

/** False where somebody else has taken it meanwhile, because it took too long. */
export async function releasePublication(
  { state }: Stores,
  place: DerivedPlace,
  { revision }: PublicationClaim,
): Promise<boolean> {
  const write: StateWrite = { kind: 'delete', ...claimPlace(place), expect: revision };
  return (await state.write([write])) === 'written';
}

/**
 * Puts into the tables that SQL reads what publications decided: this one, and those that died before they
 * came to it. `from`: of what they were; `ids`: those that it published under. Repeating it changes nothing.
 */
export async function mergePublicationLogs(
  platform: Stores,
  from: Derived['from'],
  ids: ReadonlySet<string>,
  isAlone: boolean,
): Promise<void> {
  const { state, clock } = platform;
  const runs = new Map<string, Map<string, JournalEntry[]>>();
  for await (const { partition: where, sort, value: journalled } of state.query(journalOf(from))) {
    const [id = '', source = '', value = '', date = ''] = sort.split('#');
    const isDead = isAlone || timeOfId(id) < clock.now() - CLAIM_MS;
    if (!ids.has(id) && !isDead) continue;
    const sources = runs.get(id) ?? new Map();
    runs.set(id, sources);
    const { owner } = journalSchema.parse(journalled);
    const partition = { value, date: civilDate(date) };
    const claim = claimPlace({ from, owner, partition });
    const entry = { partition, claim, place: { partition: where, sort } };
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

const journalSchema = z.object({ owner: z.string() });

/** Partitions of publications that have not ended: their commits are in no table of SQL yet. */
function journalOf(from: Derived['from']): string {
  return `publications#${from}`;
}

function journalPlace(runId: string, source: string, { from, partition }: DerivedPlace): Place {
  return { partition: journalOf(from), sort: `${runId}#${source}#${partition.value}#${partition.date}` };
}

function claimPlace({ from, owner, partition }: DerivedPlace): Place {
  return { partition: `publication-claims#${from}#${owner}`, sort: `${partition.value}#${partition.date}` };
}
