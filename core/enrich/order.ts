import * as z from 'zod';
import { readWrittenTime } from '../calendar/written-time.ts';
import type { EntityData } from './enricher.ts';
import type { IncomingMessage } from './message.ts';

const NS_OF_MS = 1_000_000n;

/** What decides which of two records of one key stays. */
export const orderSchema = z.object({
  /** `updated_at` of the record; null where it has none. Milliseconds. */
  updatedAt: z.number().nullable(),
  /** Nanoseconds behind its last whole millisecond; left out where there are none. */
  updatedNs: z.number().optional(),
  /** Milliseconds. */
  sentAt: z.number(),
  /** Of the message. */
  id: z.string(),
});
export type Order = Readonly<z.infer<typeof orderSchema>>;

export function orderOf({ id, sentAt }: IncomingMessage, record: EntityData): Order {
  const { updated_at: written } = record;
  const updated = typeof written === 'string' ? readWrittenTime(written) : undefined;
  const updatedNs = updated ? Number(updated.ns - BigInt(updated.ms) * NS_OF_MS) : 0;
  return { updatedAt: updated?.ms ?? null, ...(updatedNs > 0 && { updatedNs }), sentAt, id };
}

/**
 * Above 0 where `a` is newer, 0 where both are of one message. By `updated_at`, in its absence by when it was
 * sent; then by when it was sent; then by the id of the message. A total order: whatever the order in which
 * records arrive, the same one stays.
 */
export function compareOrders(a: Order, b: Order): number {
  const byUpdate = (a.updatedAt ?? a.sentAt) - (b.updatedAt ?? b.sentAt);
  if (byUpdate !== 0) return byUpdate;
  const byFraction = (a.updatedNs ?? 0) - (b.updatedNs ?? 0);
  if (byFraction !== 0) return byFraction;
  if (a.sentAt !== b.sentAt) return a.sentAt - b.sentAt;
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}

export function isNewer(a: Order, b: Order): boolean {
  return compareOrders(a, b) > 0;
}
