import * as z from 'zod';
import { OUTCOME_CODES } from '../outcome/outcome.ts';
import type { Json } from '../ports/state-store.ts';
import { lazily } from '../schema/lazily.ts';

/** `paused` only by a person; `degraded` and `failed` after so many failed crawls in a row. */
export const TARGET_STATUSES = ['active', 'degraded', 'paused', 'failed'] as const;

/** Retries that a target may have in one run, where it has a number of its own. */
export const MAX_TARGET_RETRIES = 10;

const skipSchema = lazily(() =>
  z.object({
    /**
     * `security_block_one_attempt`, `auto_flag_3_blocks`, `auto_flag_4_not_found`, or what an operator
     * wrote.
     */
    reason: z.string(),
    actor: z.string(),
    /** Milliseconds. */
    since: z.number(),
    /** When one probe may go; null for a flag that only a person lifts. Milliseconds. */
    expiresAt: z.number().nullable().default(null),
    /** For how long it was set the last time; a probe that meets a wall doubles it. Milliseconds. */
    lastsMs: z.number().nullable().default(null),
  }),
);
export type SkipFlag = z.infer<ReturnType<typeof skipSchema>>;
/** A flag and whose it is. */
export type TargetFlag = SkipFlag & { readonly target: string };

const claimSchema = lazily(() =>
  z.object({
    /** A UUID: tells a write that was sent twice from a claim that was lost. */
    id: z.string(),
    runId: z.string(),
    /** Milliseconds. */
    at: z.number(),
    /** When it is taken for lost, unless its run has renewed it. */
    until: z.number(),
    /** It is the one crawl that may go behind a flag which has expired. */
    isProbe: z.boolean().default(false),
    /** When the target was due that it claims, and when its crawl before began; null where there was none. */
    dueAt: z.number().nullable().default(null),
    previousAt: z.number().nullable().default(null),
  }),
);
export type TargetClaim = z.infer<ReturnType<typeof claimSchema>>;

const attributesSchema = lazily(() => z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])));
const time = () => z.number().nullable().default(null);
const count = () => z.int().default(0);

export const targetSchema = lazily(() =>
  z.object({
    source: z.string(),
    target: z.string(),
    name: z.string().nullable().default(null),
    status: z.enum(TARGET_STATUSES).default('active'),
    skip: skipSchema().nullable(),
    /** Null: as its source says. */
    crawlFrequencyMinutes: z.number().nullable().default(null),
    /** Retries in one run after the first try; null: as its source says. */
    maxRetries: z.int().min(0).max(MAX_TARGET_RETRIES).nullable().default(null),
    /** Doubled by a failed crawl, at most 16; 1 after a success. */
    backoffMultiplier: z.number().default(1),
    /** Set when it is claimed and when the crawl ends: one that is lost strands nobody. Null: at once. */
    nextCrawlAt: time(),
    /** When the last crawl began. */
    lastCrawlAt: time(),
    /** When the last crawl ended. */
    releasedAt: time(),
    /**
     * The last crawl that asked for something: the date of its partition, its worst outcome, when it was due,
     * and when the one before it began.
     */
    lastCrawl: z
      .object({ date: z.string(), code: z.enum(OUTCOME_CODES), dueAt: time(), previousAt: time() })
      .nullable()
      .default(null),
    lastAttemptAt: time(),
    lastSuccessAt: time(),
    lastFailureAt: time(),
    lastErrorCode: z.string().nullable().default(null),
    /** Failed crawls in a row. */
    consecutiveFailures: count(),
    consecutiveBlocks: count(),
    /** Pages in a row that were not there, as `countsAsNotFound` counts them. */
    consecutiveNotFound: count(),
    /** When the last of those was met. */
    lastNotFoundAt: time(),
    totalAttempts: count(),
    totalSuccesses: count(),
    /** Records of its last whole crawl; null where none is known. */
    recordCount: z.int().nullable().default(null),
    /** Id of the proxy that its requests go through. */
    currentProxyId: z.string().nullable().default(null),
    /** The one of the source's `userAgents` that it has. */
    currentUserAgent: z.string().nullable().default(null),
    /** Proxies that a wall was met through in that run: they are used up in it. */
    proxyWalls: z
      .object({ runId: z.string(), proxies: z.array(z.string()) })
      .nullable()
      .default(null),
    failedAt: time(),
    failureNotes: z.string().nullable().default(null),
    /** When a flag of it was lifted last: attempts before that count towards no other. */
    unflaggedAt: time(),
    /** The latest look at a page of it, as looks are ordered (`LookClock`): no time for people. 0: none. */
    lastLookAt: z.number().default(0),
    /** When it was registered; null of one in the code. */
    registeredAt: time(),
    /** Of a target that was registered; null of one in the code. */
    attributes: attributesSchema().nullable().default(null),
    /** The last look-up of what it lacks, where the site does not know it, and what was known of it then. */
    unknownLookUp: z
      .object({ at: z.number(), message: z.string(), attributes: attributesSchema() })
      .nullable()
      .default(null),
    claim: claimSchema().nullable().default(null),
  }),
);

/** The reliability record of a target. Times in milliseconds. */
export type TargetRecord = z.infer<ReturnType<typeof targetSchema>>;

/** The record of a target to which nothing has happened yet. */
export function newTarget(source: string, target: string): TargetRecord {
  return targetSchema().parse(newDocument(source, target));
}

/** What `targetSchema` makes that record of. */
export function newDocument(source: string, target: string): Json {
  return { source, target, skip: null };
}

/** True while a flag keeps everybody away: it has not expired. `now`: milliseconds. */
export function isSkipped({ skip }: Pick<TargetRecord, 'skip'>, now: number): boolean {
  return skip !== null && !isExpired(skip, now);
}

/** True where a flag lets one probe go. `now`: milliseconds. */
export function isExpired({ expiresAt }: SkipFlag, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** Minutes between two crawls of a target, its backoff included; `every`: those of its source. */
export function minutesBetween(record: TargetRecord, every: number): number {
  return (record.crawlFrequencyMinutes ?? every) * record.backoffMultiplier;
}

/** What people call a target; null where nobody has said. */
export function nameOf({ name, attributes }: Pick<TargetRecord, 'name' | 'attributes'>): string | null {
  return attributes?.name === undefined ? name : String(attributes.name);
}

/** Of 100 attempts those that succeeded, to one decimal; 0 without attempts. */
export function successRate({
  totalAttempts,
  totalSuccesses,
}: Pick<TargetRecord, 'totalAttempts' | 'totalSuccesses'>): number {
  return totalAttempts === 0 ? 0 : Math.round((totalSuccesses / totalAttempts) * 1000) / 10;
}
