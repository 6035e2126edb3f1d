import { type DateStatus, INCOMPLETE_STATUSES } from '../lake/date-statuses.ts';
import type { Partition } from '../source/source.ts';
import type { PartitionRecord } from '../state/partition-store.ts';
import { counted } from '../wording/figures.ts';

/** A partition of a scraped source whose records feed a table of entities. */
export interface FeedingPartition {
  readonly status: DateStatus;
  readonly reason: string | null;
  readonly source: string;
  readonly partition: Partition;
  /** `tutoring/north/2026-11-17` */
  readonly name: string;
}

/** What is known of a date of a table of entities beside its last publication. */
export interface EntitiesOfDay {
  /** Entities that changed and are not published yet. */
  readonly unpublished: number;
  /** Records that were forwarded and that nobody has enriched yet. */
  readonly onTheirWay: number;
  /** Of the same feed and date; none where its records come as messages alone. */
  readonly feeding: readonly FeedingPartition[];
}

/** Statuses of a feeding partition by which its entities cannot be complete. */
const LACKING: ReadonlySet<DateStatus> = new Set(INCOMPLETE_STATUSES);

/** What keeps a date from being complete, a text each. */
export function entityTexts({ unpublished, onTheirWay, feeding }: EntitiesOfDay): string[] {
  return [
    ...(unpublished > 0 ? [`${counted(unpublished, 'change')} not published yet`] : []),
    ...(onTheirWay > 0 ? [`${counted(onTheirWay, 'record')} forwarded and not enriched yet`] : []),
    ...feeding.filter(({ status }) => LACKING.has(status)).map(feedingText),
  ];
}

/** Why nothing was ever published. */
export function whyNotThere(entities: EntitiesOfDay): string {
  const texts = entityTexts(entities);
  if (texts.length > 0) return texts.join('; ');
  return entities.feeding.length > 0
    ? `${entities.feeding.map(feedingText).join('; ')}, and was never forwarded`
    : 'no record of it has ever come';
}

/** A source whose own date is not over may still bring records, whatever the date is elsewhere. */
export function openTexts({ feeding }: EntitiesOfDay): string[] {
  return feeding.filter(({ status }) => status === 'open' || status === 'upcoming').map(feedingText);
}

export function emptyText({ feeding }: EntitiesOfDay, { empty }: PartitionRecord): string {
  if (empty > 0)
    return `${counted(empty, 'entity', 'entities')} moved to other dates or deleted, and no other`;
  const names = feeding.map(({ name }) => name).join(' and ');
  return names === '' ? 'no entity belongs to it' : `${names} lists none`;
}

function feedingText({ name, status, reason }: FeedingPartition): string {
  return `${name} is ${status}${reason === null ? '' : ` (${reason})`}`;
}
