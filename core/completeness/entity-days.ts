import type { CivilDate } from '../calendar/civil-date.ts';
import { datesBetween } from '../calendar/civil-date.ts';
import { civilDateAt } from '../calendar/window.ts';
import { changedDays } from '../enrich/entity-changes.ts';
import { forwardedDays } from '../enrich/forwarded-messages.ts';
import { partitionName } from '../lake/layout.ts';
import type { StateStore } from '../ports/state-store.ts';
import { byValue } from '../source/partition.ts';
import type { Source } from '../source/source.ts';
import { targetsOf } from '../targets/register.ts';
import type { PartitionJudgement } from './date-status.ts';
import type { EntitiesOfDay, FeedingPartition } from './entities-of-day.ts';
import { feedingSources } from './feeding-sources.ts';
import type { CompletenessQuery } from './query.ts';

/** Of a report on completeness: how the dates of each value stand. */
interface Judged {
  readonly targets: readonly { readonly target: string; readonly dates: readonly PartitionJudgement[] }[];
}

/** What is known of each date of a feed beside what was published. `judge`: how a scraped source stands. */
export async function entityDays(
  state: StateStore,
  kind: string,
  feed: string,
  query: CompletenessQuery,
  judge: (state: StateStore, source: Source, query: CompletenessQuery) => Promise<Judged>,
): Promise<ReadonlyMap<CivilDate, EntitiesOfDay>> {
  const { start, end, today, now, lake, sources = [] } = query;
  const range = { start, end };
  const unpublished = await changedDays(state, kind, feed, range);
  const onTheirWay = await forwardedDays(state, kind, feed, range);
  const feeding = new Map<CivilDate, FeedingPartition[]>();
  for (const source of feedingSources(kind, sources)) {
    if (!byValue(source, await targetsOf(state, source)).has(feed)) continue;
    const { targets } = await judge(state, source, {
      ...range,
      targets: [feed],
      today: now === undefined ? today : civilDateAt(now, source.timeZone),
      ...(now !== undefined && { now }),
      ...(lake && { lake }),
    });
    for (const { target, dates } of targets)
      for (const { date, status, reason } of dates) {
        const partition = { value: target, date };
        const name = partitionName(source.name, partition);
        const fed = { source: source.name, partition, name, status, reason };
        feeding.set(date, [...(feeding.get(date) ?? []), fed]);
      }
  }
  return new Map(
    [...datesBetween(start, end)].map((date) => [
      date,
      {
        unpublished: unpublished.get(date) ?? 0,
        onTheirWay: onTheirWay.get(date) ?? 0,
        feeding: feeding.get(date) ?? [],
      },
    ]),
  );
}
