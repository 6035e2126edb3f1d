import type { Failure } from '../failures/failure.ts';
import type { FailureKey } from '../failures/failure-store.ts';
import { type Platform, problemWith } from '../platform.ts';
import { isDayOver, targetsNamed } from '../source/partition.ts';
import type { Source } from '../source/source.ts';
import { targetsOf, targetsWithRecords } from '../targets/register.ts';

/** The target whose item failed; that of which the partition has its name where no failure is on record. */
export function targetOfFailed({ partition }: FailureKey, failure: Failure | null | undefined): string {
  return failure?.target ?? partition.value;
}

/** Why nothing can be done about an item that failed, in one line; undefined where its target exists. */
export async function unknownPlace(
  platform: Pick<Platform, 'sources' | 'invalidSources' | 'state'>,
  key: FailureKey,
  failure: Failure | null | undefined,
): Promise<string | undefined> {
  const { sources, state } = platform;
  const source = sources.find(({ name }) => name === key.source);
  if (!source) return problemWith(platform, key.source) ?? `there is no source ${key.source}`;
  const target = targetOfFailed(key, failure);
  // Most are ids: one record is read, and not all of the source.
  if ((await targetsWithRecords(state, source, [target])).length > 0) return undefined;
  const named = targetsNamed(source, await targetsOf(state, source), [target]);
  return 'unknown' in named ? `source ${source.name} has no target ${target}` : undefined;
}

/** Why a failure of this date is dismissed and not tried, in one line; undefined where it may be tried. */
export function dayOver(source: Source, date: string, now: number): string | undefined {
  return isDayOver(source, date, now) ? 'its day is over; the next crawl finds what is there now' : undefined;
}
