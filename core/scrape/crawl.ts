import { civilDate } from '../calendar/civil-date.ts';
import type { Crawl } from '../job.ts';
import { type PartitionWork, type Platform, StageError } from '../platform.ts';
import { partitionValueOf } from '../source/partition.ts';
import type { Item, Source } from '../source/source.ts';
import { targetsOf } from '../state/target-register.ts';
import { wrongItem } from './read-page.ts';

/**
 * The items of a partition that has no index, by its targets; undefined where it has one. `work.targets` left
 * out: all that the partition's value stands for. Throws a StageError `BadInput` where the source's own code
 * gives items that are none.
 */
export async function crawlOf(
  { state }: Pick<Platform, 'state'>,
  source: Source,
  work: Pick<PartitionWork, 'value' | 'date' | 'targets'>,
): Promise<Crawl | undefined> {
  if (source.discover) return undefined;
  const all = await targetsOf(state, source);
  const targets = all.filter((target) =>
    work.targets ? work.targets.includes(target.id) : partitionValueOf(source, target) === work.value,
  );
  const items = targets.flatMap((target) =>
    source
      .items(target, civilDate(work.date))
      .map((item): Item => ({ ...item, ...ofTarget(target.id, work.value) })),
  );
  const wrong = wrongItem(source, new Set(), items);
  if (wrong !== undefined) throw new StageError('BadInput', `${source.name}: ${wrong}`);
  return { targets: targets.map(({ id }) => id), items };
}

function ofTarget(id: string, value: string): Pick<Item, 'target'> {
  return id === value ? {} : { target: id };
}
