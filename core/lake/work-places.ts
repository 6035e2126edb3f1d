import type { ObjectStore } from '../ports/object-store.ts';
import type { Partition } from '../source/source.ts';
import { workPartitionOf, workRoot } from './layout.ts';

/** A partition that a run keeps something of under `work/`. */
export interface WorkPlace {
  readonly runId: string;
  readonly source: string;
  readonly partition: Partition;
}

/** Those of one run, or of all. A run clears its work only once its rows are in the tables. */
export async function workPlaces(lake: Pick<ObjectStore, 'list'>, runId?: string): Promise<WorkPlace[]> {
  const places = new Map<string, WorkPlace>();
  for await (const { key } of lake.list(workRoot(runId))) {
    const place = workPartitionOf(key);
    if (place) places.set(key.split('/', 5).join('/'), place);
  }
  return [...places.values()];
}
