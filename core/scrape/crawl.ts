import { civilDate } from '../calendar/civil-date.ts';
import type { Crawl } from '../job.ts';
import { type PartitionWork, type Platform, StageError } from '../platform.ts';
import { partitionValueOf } from '../source/partition.ts';
import type { Item, Source } from '../source/source.ts';
import { targetsOf, targetsWithRecords } from '../targets/register.ts';
import { wrongItem } from './listed-items.ts';

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
  const known = await targetsWithRecords(state, source, await idsOf(state, source, work));
  const targets = known.map(({ target }) => target);
  const items = targets.flatMap((target) =>
    source
      .items(target, civilDate(work.date), source.ownSettings)
      .map((item): Item => ({ ...item, ...ofTarget(target.id, work.value) })),
  );
  const wrong = wrongItem(source, new Set(), items, 'the source');
  if (wrong !== undefined) throw new StageError('BadInput', `${source.name}: ${wrong}`);
  const maxRetries = new Map(
    known.flatMap(({ target, record }) =>
      record.maxRetries === null ? [] : [[target.id, record.maxRetries] as const],
    ),
  );
  return { targets: targets.map(({ id }) => id), items, ...(maxRetries.size > 0 && { maxRetries }) };
}

async function idsOf(
  state: Platform['state'],
  source: Source,
  { value, targets }: Pick<PartitionWork, 'value' | 'targets'>,
): Promise<readonly string[]> {
  if (targets) return targets;
  const all = await targetsOf(state, source);
  return all.filter((target) => partitionValueOf(source, target) === value).map(({ id }) => id);
}

function ofTarget(id: string, value: string): Pick<Item, 'target'> {
  return id === value ? {} : { target: id };
}
