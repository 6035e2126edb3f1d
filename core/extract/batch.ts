import * as z from 'zod';
import { lazily } from '../schema/lazily.ts';
import { isoTime } from '../wording/times.ts';

/**
 * Where a batch is. While it is active, its pages are in flight; when it ends, all of them are free by that
 * one write.
 *
 * | state | what it means | active |
 * |---|---|---|
 * | `claiming` | its pages are claimed and uploaded; nothing was sent | yes |
 * | `submitting` | the intent is on record: the provider may have the job, by the batch's name | yes |
 * | `submitted` | the provider has the job | yes |
 * | `without-results` | the job succeeded and there is nothing to read: an operator's case | yes |
 * | `processing` | its results are being read | yes |
 * | `done` | every page of it has ended, with a result or a failure | no |
 * | `failed`, `cancelled`, `expired` | as a whole, at the provider; nothing is counted | no |
 * | `refused` | the provider will not take it as it is: an operator's case | no |
 * | `cleared` | a person gave it up | no |
 * | `abandoned` | its orchestrator died before anything was sent | no |
 * | `empty` | no page was left to send | no |
 */
export const BATCH_STATES = {
  claiming: { isActive: true },
  submitting: { isActive: true },
  submitted: { isActive: true },
  'without-results': { isActive: true },
  processing: { isActive: true },
  done: { isActive: false },
  failed: { isActive: false },
  cancelled: { isActive: false },
  expired: { isActive: false },
  refused: { isActive: false },
  cleared: { isActive: false },
  abandoned: { isActive: false },
  empty: { isActive: false },
} as const satisfies Readonly<Record<string, { isActive: boolean }>>;

export type BatchStateName = keyof typeof BATCH_STATES;
const STATE_NAMES = Object.keys(BATCH_STATES) as [BatchStateName, ...BatchStateName[]];

/** Enough for whoever asks what happened; a batch whose results break off again and again has more. */
const MOST_TRANSITIONS = 50;
/** Milliseconds. Longer than a call to the provider can take, uploads renew it. */
export const BATCH_LEASE_MS = 5 * 60_000;

const tokensSchema = lazily(() => z.object({ input: z.number(), output: z.number() }));

export const batchSchema = lazily(() =>
  z.object({
    /** UUIDv7. */
    id: z.string(),
    state: z.enum(STATE_NAMES),
    /** Under which the provider has its job; of this batch alone. */
    name: z.string(),
    /** `single`: fewer pages than the provider takes in a job, and asked one by one. */
    route: z.enum(['batch', 'single']),
    provider: z.string(),
    model: z.string(),
    promptVersion: z.string(),
    /** The provider's name of the job; null until it is known. */
    job: z.string().nullable(),
    /** Pages that it has; those that were left out are not among them. */
    pages: z.int(),
    /** How often an intent to submit was recorded; after the second, there may be two jobs of one name. */
    submissions: z.int(),
    /** Who works on it now, and until when others keep away. Milliseconds. */
    lease: z.object({ owner: z.string(), until: z.number() }).nullable(),
    /** Milliseconds. */
    createdAt: z.number(),
    /** When its results were first read; what they say is dated with it, however often they are read. */
    readAt: z.number().nullable(),
    cancelAskedAt: z.number().nullable(),
    /** As its provider spelled it when it was asked last. */
    seen: z
      .object({
        at: z.number(),
        providerState: z.string(),
        counts: z.object({ total: z.int(), succeeded: z.int(), failed: z.int() }).nullable(),
      })
      .nullable(),
    /** Of pages, and of lines that belong to none; null until its results are read. */
    counts: z
      .object({
        succeeded: z.int(),
        failed: z.int(),
        /** Of the failed ones: those that the results do not mention. */
        missing: z.int(),
        repeated: z.int(),
        unknownKeys: z.int(),
        invalidLines: z.int(),
      })
      .nullable(),
    /** Of all lines of its results. */
    tokens: tokensSchema().nullable(),
    /** US dollars; null where prices or tokens are not known. */
    costUsd: z.number().nullable(),
    transitions: z.array(z.object({ state: z.enum(STATE_NAMES), at: z.number(), reason: z.string() })),
  }),
);

/** A batch of pages, from the first claim to its end. */
export type Batch = Readonly<z.infer<ReturnType<typeof batchSchema>>>;
export type BatchCounts = NonNullable<Batch['counts']>;
export type Tokens = z.infer<ReturnType<typeof tokensSchema>>;

/** Lines of its results that belong to no page of it; 0 until they are read. */
export function strayLines({ counts }: Pick<Batch, 'counts'>): number {
  return counts ? counts.unknownKeys + counts.invalidLines : 0;
}

/** In flight is exactly what such a batch has. */
export function isActive({ state }: Pick<Batch, 'state'>): boolean {
  return BATCH_STATES[state].isActive;
}

/** Milliseconds. Jobs take some hours, and providers end them after two days. */
const STUCK_AFTER_MS = 24 * 3_600_000;

/** True of one that has been active for longer than a job takes. `now`: milliseconds. */
export function isStuck(batch: Pick<Batch, 'state' | 'createdAt'>, now: number): boolean {
  return isActive(batch) && now - batch.createdAt > STUCK_AFTER_MS;
}

/** True while somebody else works on it. `now`: milliseconds. */
export function isHeldByOther({ lease }: Batch, owner: string, now: number): boolean {
  return lease !== null && lease.owner !== owner && lease.until > now;
}

/** Who works on a batch, for a person; undefined where nobody does. `now`: milliseconds. */
export function leaseText({ lease }: Pick<Batch, 'lease'>, now: number): string | undefined {
  if (lease === null) return undefined;
  const { owner, until } = lease;
  return until > now
    ? `${owner} works on it, until ${isoTime(until)} at the latest; if that has died, it is free then`
    : `${owner} was at it until ${isoTime(until)}; it is free for the next run`;
}

/** The same batch in another state, with its reason. Leases end with the state that they were for. */
export function moved(
  batch: Batch,
  state: BatchStateName,
  {
    at,
    reason,
    lease = null,
  }: { readonly at: number; readonly reason: string; readonly lease?: Batch['lease'] },
): Batch {
  const transitions = [...batch.transitions, { state, at, reason }].slice(-MOST_TRANSITIONS);
  return { ...batch, state, lease, transitions };
}

/** What a provider knows it by: `catalogs-019…`, at most 63 of `a-z`, `0-9` and `-`. */
export function batchName(extraction: string, id: string): string {
  const readable = extraction
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 26);
  return `${readable}-${id.toLowerCase()}`;
}
