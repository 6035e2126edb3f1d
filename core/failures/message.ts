import * as z from 'zod';
import { civilDateSchema } from '../calendar/civil-date.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { isIdentifier } from '../source/identifier.ts';
import { withPartitionValue } from '../source/partition.ts';
import type { RetryPolicy } from '../source/source.ts';
import type { Failure } from './failure.ts';

/** The last time that a Date can say; milliseconds. */
const LAST_TIME = 8.64e15;

/**
 * The message about a failed item. It says which item, no more: what is known of it (whether it is still open, when it
 * is due, how often it was tried) stands in its failure, so that a message that comes twice, late or out of order
 * cannot do anything that the failure does not ask for.
 */
const messageSchema = z.object({
  version: z.literal(1),
  source: z.string().refine(isIdentifier, { error: 'not an identifier' }),
  /** Whose item it is. */
  target: z.string().refine(isIdentifier, { error: 'not an identifier' }),
  /** Of its partition, as is `date`. */
  value: z.string().refine(isIdentifier, { error: 'not an identifier' }),
  date: civilDateSchema,
  /** `index` where the index of the day itself failed. */
  item: z.string().refine(isIdentifier, { error: 'not an identifier' }),
  /** For whoever reads the queue; the address that is asked is the one in the failure. */
  url: z.string(),
  /** The run in which it failed. */
  runId: z.string(),
  /** Milliseconds since the epoch: it is not tried again before that. Longer than a queue can delay a message. */
  notBefore: z.int().nonnegative().max(LAST_TIME),
  /** Milliseconds; when it was sent the first time. A message older than the decision to take the item off the queue is void. */
  sentAt: z.int().nonnegative().default(0),
  /** How often it was put back from the dead letters once this message is delivered: a letter says one more than it died with. */
  redrives: z.int().nonnegative().max(1_000_000).default(0),
  /**
   * A person asked for another try when the last one was then (milliseconds): until that is made, neither the cool-down nor
   * the outcome holds it back. Tried since, this is a message like any other.
   */
  askedAfter: z.number().optional(),
});
export type FailedItemMessage = z.infer<typeof messageSchema>;

const anyMessageSchema = withPartitionValue(messageSchema);

/** The message about a failure. */
export function encodeFailedItem(
  failure: Failure,
  says: Pick<FailedItemMessage, 'notBefore' | 'sentAt' | 'redrives' | 'askedAfter'>,
): string {
  const { source, target, value, date, item, url, lastRunId: runId } = failure;
  return JSON.stringify({ version: 1, source, target, value, date, item, url, runId, ...says });
}

/** `poison`: no program of this version can do anything with it, and `reason` says why in one line. */
export type DecodedFailedItem =
  | { readonly kind: 'message'; readonly message: FailedItemMessage }
  | { readonly kind: 'poison'; readonly reason: string };

export function decodeFailedItem(body: string): DecodedFailedItem {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { kind: 'poison', reason: 'the message is no JSON' };
  }
  const checked = anyMessageSchema.safeParse(value);
  if (checked.success) return { kind: 'message', message: checked.data };
  const problems = checked.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'message'}: ${message}`,
  );
  return { kind: 'poison', reason: `no failed item of version 1: ${problems.join('; ')}` };
}

/** Tries after the run in which an item failed; then it is a dead letter. */
export const MAX_RETRIES = 3;

/** Deliveries are spent by waiting as well (a queue delays by 15 minutes at most), and by crashes: far more than tries. */
export const MAX_DELIVERIES = 100;

const MINUTE_MS = 60_000;
const COOL_DOWN_MINUTES = 45;
/** A site that says "in two seconds" after all retries of a run failed is not taken at its word: three tries would be gone at once. */
const MIN_WAIT_MS = MINUTE_MS;
/** A message cannot be hidden for longer than this (SQS), and a day later the next run asks anyway. */
const MAX_WAIT_MS = 12 * 60 * MINUTE_MS;

/**
 * When an item is due: a time further ahead than any cool-down was written by a clock that ran ahead, and is not believed.
 * Left out rather than cut: what is cut at every reading moves on with the clock and never comes. Milliseconds.
 */
export function believedDue(dueAt: number, now: number): number {
  return dueAt > now + MAX_WAIT_MS ? now : dueAt;
}

/** Milliseconds to stay away from an item after this outcome: the source's cool-down, or what Retry-After asked for. */
export function coolDownMs(outcome: Outcome, policy: Pick<RetryPolicy, 'coolDownMinutes'>): number {
  const usual = (policy.coolDownMinutes ?? COOL_DOWN_MINUTES) * MINUTE_MS;
  if (outcome.retryAfterMs === undefined) return usual;
  return Math.min(Math.max(outcome.retryAfterMs, MIN_WAIT_MS), MAX_WAIT_MS);
}
