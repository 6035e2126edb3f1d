import * as z from 'zod';
import type { StateStore, StateWrite } from '../ports/state-store.ts';
import { lazily } from '../schema/lazily.ts';
import { eventsPartition } from './keys.ts';
import type { SkipFlag, TargetRecord } from './target.ts';

const eventSchema = lazily(() =>
  z.object({
    source: z.string(),
    target: z.string(),
    /** Milliseconds. */
    at: z.number(),
    kind: z.enum(['status', 'pause', 'resume', 'flag', 'renew', 'unflag', 'probe', 'import', 'set']),
    /** What it was and what it is: a status, the reason of a flag, settings as JSON; null for none. */
    from: z.string().nullable(),
    to: z.string().nullable(),
    reason: z.string().nullable(),
    /** Who: `rescrape`, or a person. */
    actor: z.string(),
  }),
);
/** One transition of a target's record. */
export type TargetEvent = z.infer<ReturnType<typeof eventSchema>>;

/** Who changes a record, when and why. */
export interface ChangedBy {
  readonly actor: string;
  /** Milliseconds. */
  readonly at: number;
  readonly reason?: string;
  /** Settings that come with an import, and not one by one. */
  readonly isImport?: boolean;
}

/** What the platform does by itself is done by this actor. */
export const BY_ITSELF = 'rescrape';

type Bare = Pick<TargetEvent, 'kind' | 'from' | 'to'> & Partial<TargetEvent>;

/** The transitions between two states of a record, in the order in which they are told. */
export function eventsBetween(before: TargetRecord, after: TargetRecord, by: ChangedBy): TargetEvent[] {
  const { source, target } = after;
  const found = [
    ...settingsEvents(before, after, by),
    ...statusEvents(before, after),
    ...flagEvents(before.skip, after.skip),
  ];
  if (after.claim?.isProbe && before.claim?.id !== after.claim.id)
    found.push({ kind: 'probe', from: null, to: after.claim.runId, reason: after.skip?.reason ?? null });
  return found.map((event) => ({
    source,
    target,
    at: by.at,
    reason: by.reason ?? null,
    actor: by.actor,
    ...event,
  }));
}

function statusEvents({ status: from }: TargetRecord, { status: to, ...after }: TargetRecord): Bare[] {
  if (from === to) return [];
  const kind = to === 'paused' ? 'pause' : from === 'paused' ? 'resume' : 'status';
  if (to === 'degraded')
    return [{ kind, from, to, reason: `${after.consecutiveFailures} failed crawls in a row` }];
  if (to === 'failed') return [{ kind, from, to, reason: after.failureNotes }];
  return [{ kind, from, to }];
}

function flagEvents(before: SkipFlag | null, after: SkipFlag | null): Bare[] {
  const [from, to] = [before?.reason ?? null, after?.reason ?? null];
  if (!after) return before ? [{ kind: 'unflag', from, to }] : [];
  if (before && before.since === after.since && before.actor === after.actor && from === to)
    return before.expiresAt === after.expiresAt
      ? []
      : [{ kind: 'renew', from, to, reason: `until ${timeText(after.expiresAt)}` }];
  return [{ kind: 'flag', from, to, at: after.since, reason: after.reason, actor: after.actor }];
}

const SETTINGS = ['name', 'crawlFrequencyMinutes', 'maxRetries', 'attributes'] as const;

function settingsEvents(before: TargetRecord, after: TargetRecord, { isImport }: ChangedBy): Bare[] {
  const changed = SETTINGS.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  if (changed.length === 0) return [];
  const text = (record: TargetRecord) =>
    JSON.stringify(Object.fromEntries(changed.map((name) => [name, record[name]])));
  return [{ kind: isImport ? 'import' : 'set', from: text(before), to: text(after) }];
}

function timeText(at: number | null): string {
  return at === null ? 'a person lifts it' : new Date(at).toISOString();
}

/** The writes of events, in the order of the revisions of their record: no clock can mix them up. */
export function eventWrites(events: readonly TargetEvent[], revision: number): StateWrite[] {
  return events.map((value, index) => ({
    kind: 'put',
    partition: eventsPartition(value.source, value.target),
    sort: `${String(revision).padStart(10, '0')}#${index}`,
    value,
  }));
}

/** The transitions of a target, newest first. */
export async function* targetEvents(
  state: StateStore,
  source: string,
  target: string,
): AsyncGenerator<TargetEvent> {
  const partition = eventsPartition(source, target);
  for await (const { value } of state.query(partition, { descending: true }))
    yield eventSchema().parse(value);
}
