import { deadRecordsOf } from '../../../core/enrich/dead-records.ts';
import { readCounts } from '../../../core/enrich/enrichment-stats.ts';
import { changedPartitions } from '../../../core/enrich/entity-changes.ts';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import { parkedRecordsOf } from '../../../core/enrich/parked-records.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';
import { PartitionStore } from '../../../core/state/partition-store.ts';
import { ENRICHERS } from '../../../sources/enrichers.ts';
import { currentRows } from '../../e2e/support/lake-reading.ts';

/** What differs between two that were brought the same: times, and what names runs and versions. */
const OF_THE_MOMENT: ReadonlySet<string> = new Set([
  ...['revision', 'storedAt', 'firstStoredAt', 'parkedAt', 'sentAt', 'at', 'scraped_at'],
  ...['enriched_at', '_scraped_at', '_committed_at', 'since', 'freshAt'],
  ...['lastAttemptAt', 'lastLookAt', 'lastSuccessAt', 'lastFailureAt'],
]);
/** The same within texts: ids of runs and versions, times of messages, places of responses in files. */
const OF_THE_MOMENT_IN_TEXTS = [
  /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g,
  /(?<=(sent|scraped)_at\\":\\")[^\\]+/g,
  /(?<=\.warc\.gz#)\d+/g,
];

/** What is kept of records: entities, what waits, what is dead, how many; by kind. */
export async function enrichmentPicture(state: StateStore) {
  const counts = await readCounts(state);
  const kinds = ENRICHERS.map(async ({ kind }) => {
    const counted = counts.filter((day) => day.kind === kind);
    const sum = (name: 'inserted' | 'dead') => counted.reduce((total, day) => total + day.counts[name], 0);
    const parked = await Array.fromAsync(parkedRecordsOf(state, kind));
    const dead = await Array.fromAsync(deadRecordsOf(state, kind));
    return {
      kind,
      entities: lasting(await Array.fromAsync(new EntityStore(state).list(kind))),
      // What it waits for; what else was missing when it was parked depends on who came first.
      parked: lasting(parked.map(({ missing: [first], ...said }) => ({ ...said, waitsFor: first }))),
      // What nobody can read has the id that its queue gave it, and stands where that comes.
      dead: lasting(
        dead.map(({ id, reason, ...said }) => ({ ...said, reason, id: reason === 'poison' || id })),
      ).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      counts: { inserted: sum('inserted'), dead: sum('dead') },
      marked: await Array.fromAsync(changedPartitions(state, kind)),
    };
  });
  return Promise.all(kinds);
}

/** What is in the tables, and how their partitions stand. */
export async function tablesPicture({
  state,
  directory,
}: {
  readonly state: StateStore;
  readonly directory: string;
}) {
  const tables = ENRICHERS.map(async ({ table, key }) => {
    const rows = [...(await currentRows(directory, table))].map(([name, found]) => {
      const sorted = found.toSorted((a, b) => (String(a[key]) < String(b[key]) ? -1 : 1));
      return [name, lasting(sorted)] as const;
    });
    // How often a partition was published depends on when, and so does whether the last time found all of it
    // there already.
    const records = await Array.fromAsync(new PartitionStore(state).all(table));
    const settled = records.map(({ order: _, status, ...said }) => ({
      ...said,
      status: status === 'unchanged' ? 'committed' : status,
    }));
    return {
      table,
      rows: Object.fromEntries(rows),
      records: lasting(settled),
    };
  });
  return Promise.all(tables);
}

function lasting<T>(value: T): T {
  const text = JSON.stringify(value, (name, inner) => (OF_THE_MOMENT.has(name) ? undefined : inner));
  return JSON.parse(OF_THE_MOMENT_IN_TEXTS.reduce((left, what) => left.replaceAll(what, '…'), text));
}
