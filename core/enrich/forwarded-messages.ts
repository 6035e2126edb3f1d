import type { CivilDate } from '../calendar/civil-date.ts';
import type { DateRange } from '../calendar/window.ts';
import type { StateStore, StateWrite } from '../ports/state-store.ts';
import { writeEach } from '../state/write-each.ts';
import { countByDate } from './count-by-date.ts';
import type { IncomingMessage } from './message.ts';

/**
 * Messages that were forwarded from a scraped partition and that nobody has handled yet: written before they
 * are sent, removed when they are handled. As long as one is there, its date is not complete, however empty
 * the queue looks.
 */

type Forwarded = Pick<IncomingMessage, 'id' | 'kind' | 'feed' | 'date'>;

/** `<version>.<row>`: a row of a version has one message, however often it is sent. */
export function forwardedId(version: string, row: number): string {
  return `${version}.${row}`;
}

const FORWARDED_ID = /^[0-9a-f]{8}-[0-9a-f-]{27}\.\d+$/;

/** True of a message that was sent from a scraped partition. */
export function isForwarded({ id }: Pick<Forwarded, 'id'>): boolean {
  return FORWARDED_ID.test(id);
}

function placeOf({ kind, feed, date, id }: Forwarded): { partition: string; sort: string } {
  return { partition: `forwarded-messages#${kind}`, sort: `${feed}#${date}#${id}` };
}

/** Puts on record that these are about to be sent. Repeating it changes nothing. */
export function recordForwarded(
  state: StateStore,
  messages: readonly Forwarded[],
  sentAt: number,
): Promise<void> {
  return writeOnce(
    state,
    messages.map((message) => ({ kind: 'put', ...placeOf(message), value: { sentAt } })),
  );
}

/**
 * These are handled, however that ended: stored, parked, dead or older than what is there. To be called
 * before they are acknowledged.
 */
export function settleForwarded(state: StateStore, messages: readonly Forwarded[]): Promise<void> {
  const own = messages.filter(isForwarded);
  return writeOnce(
    state,
    own.map((message) => ({ kind: 'delete', ...placeOf(message) })),
  );
}

/** How many are on their way, by the date that they were forwarded for; dates without one are left out. */
export function forwardedDays(
  state: StateStore,
  kind: string,
  feed: string,
  range: DateRange,
): Promise<Map<CivilDate, number>> {
  const { partition } = placeOf({ kind, feed, date: range.start, id: '' });
  return countByDate(state, partition, feed, range);
}

async function writeOnce(state: StateStore, writes: readonly StateWrite[]): Promise<void> {
  const byPlace = new Map(writes.map((write) => [`${write.partition}/${write.sort}`, write]));
  await writeEach(
    state,
    [...byPlace.values()].map((write) => [write]),
  );
}
