import * as z from 'zod';
import { OUTCOME_CODES } from '../outcome/outcome.ts';
import { lazily } from '../schema/lazily.ts';
import { withPartitionValue } from '../source/partition.ts';

/**
 * The state of a failure. Unresolved: `open`, nothing tries it again by itself, so a person decides;
 * `queued`, it is tried again by itself; `dead`, its tries are used up: it is a dead letter until a person
 * decides. Closed: `recovered`, a run, a retry or a reparse brought the item; `dismissed`, nobody wants it
 * any more.
 */
export const FAILURE_STATES = ['open', 'queued', 'dead', 'recovered', 'dismissed'] as const;

/** How the failure is being tried again by itself; times in milliseconds. */
const retrySchema = () =>
  z.object({
    /** When its message was sent the last time. */
    sentAt: z.number(),
    /** It is not tried before that, whenever a message about it comes. */
    dueAt: z.number(),
    /**
     * Tries since it was queued, or put back. Waiting costs none, nor does being taken up again after a
     * crash.
     */
    tries: z.int(),
    /** When its tries were used up; null while it is queued. */
    deadAt: z.number().nullable(),
    /**
     * The retry of another item of its partition that asked for this one as well, and counted as one of its
     * tries.
     */
    countedBy: z.string().optional(),
  });

const claimSchema = () =>
  z.object({
    /** The run that its requests and its commit are recorded under. */
    runId: z.string(),
    /** Milliseconds; until then nobody else may take it up. */
    until: z.number(),
    /** True where a person asked for the try: it counts as none of those that the queue has. */
    asked: z.boolean().default(false),
    /** How many workers have taken it up; those that gave it back in order are not counted. */
    takes: z.int().default(1),
  });

const outcomeSchema = () =>
  z.object({
    /** Milliseconds. */
    at: z.number(),
    /** What orders it among all looks at the page; milliseconds. `at` where it is left out. */
    lookedAt: z.number().optional(),
    runId: z.string(),
    code: z.enum(OUTCOME_CODES),
    message: z.string().nullable(),
  });

const transitionSchema = () =>
  z.object({
    state: z.enum(FAILURE_STATES),
    /** Milliseconds. */
    at: z.number(),
    /** A run, or the name of a person. */
    by: z.string(),
    why: z.string().nullable(),
  });

const requestSchema = () =>
  z.object({
    url: z.string(),
    method: z.enum(['GET', 'POST']).exactOptional(),
    headers: z.record(z.string(), z.string()).exactOptional(),
    body: z.string().exactOptional(),
  });

const recordSchema = () =>
  z.object({
    source: z.string(),
    /** Whose item it is. */
    target: z.string(),
    /** Of its partition, as is `date`. */
    value: z.string(),
    date: z.string(),
    /** `index` where the index of the day itself failed. */
    item: z.string(),
    url: z.string(),
    /** How the item is asked for, where that is more than a GET of `url`: its first request. */
    request: requestSchema().optional(),
    state: z.enum(FAILURE_STATES),
    /** Of the last try, as are `message` and `capture`. */
    code: z.enum(OUTCOME_CODES),
    message: z.string().nullable(),
    /** Runs and retries that ended with this item failed. */
    runs: z.int(),
    attempts: z.int(),
    /** Tries by their outcome. A success clears it, and the two above. */
    counts: z.partialRecord(z.enum(OUTCOME_CODES), z.int()).default({}),
    capture: z.string().nullable(),
    firstRunId: z.string(),
    lastRunId: z.string(),
    /** Milliseconds. */
    openedAt: z.number(),
    lastFailedAt: z.number(),
    /** What orders the last try among all looks at the page; `lastFailedAt` where it is left out. */
    lastLookAt: z.number().optional(),
    closedAt: z.number().nullable(),
    closedBy: z.string().nullable(),
    /**
     * The look at the page that recovered it; null where none did. A failure later than that is a new one.
     */
    seenAt: z.number().nullable().default(null),
    /** The newest last; no more than `HISTORY`: every attempt is in the table `attempts`. */
    outcomes: z.array(outcomeSchema()).default([]),
    /** Every change of state with who and when, the newest last; no more than `HISTORY`. */
    transitions: z.array(transitionSchema()).default([]),
    /** Absent where nothing tries it again by itself. */
    retry: retrySchema().optional(),
    /**
     * When a person asked for another try through the queue: neither the cool-down nor the outcome holds that
     * one back. Gone once the item is tried, whoever does it. Milliseconds.
     */
    askedAt: z.number().optional(),
    /**
     * The try under way. It outlives the failure's end where a worker died in it: what it left is put on
     * record then.
     */
    claim: claimSchema().nullable().default(null),
  });

/**
 * A failure as the state keeps it; one that was written before partitions had values reads on. Made by the
 * first who reads one: most runs do not.
 */
export const failureSchema = lazily(() => withPartitionValue(recordSchema()));
