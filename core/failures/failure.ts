import type * as z from 'zod';
import type { OutcomeCode } from '../outcome/outcome.ts';
import { isRetriedLater } from '../outcome/policy.ts';
import type { PageRequest } from '../source/source.ts';
import { counted } from '../wording/figures.ts';
import type { FAILURE_STATES, failureSchema } from './failure-schema.ts';

export type FailureState = (typeof FAILURE_STATES)[number];

/** An item that used up its attempts in a run. One failure per item, however many runs hit it. */
export type Failure = z.infer<ReturnType<typeof failureSchema>>;

/** How one try at the item ended. */
export type FailedTry = Failure['outcomes'][number];

/** The longest that a Lambda lives: a try that is still claimed after that has died. Milliseconds. */
export const CLAIM_MS = 15 * 60_000;

/** What is kept of a failure's past: a document of the state has room for it, and a person reads no more. */
export const HISTORY = 50;

/** The states in which it still matters to somebody: the others are closed. */
export const UNRESOLVED = ['open', 'queued', 'dead'] as const satisfies readonly FailureState[];

export function isUnresolved(
  failure: Failure | undefined,
): failure is Failure & { readonly state: (typeof UNRESOLVED)[number] } {
  return failure !== undefined && (UNRESOLVED as readonly FailureState[]).includes(failure.state);
}

export interface Move {
  /** Milliseconds. */
  readonly at: number;
  readonly by: string;
  readonly why?: string | null;
}

/** The failure in another state, with the change on record; as it is where it is in that state already. */
export function moved(failure: Failure, state: FailureState, move: Move): Failure {
  return failure.state === state ? failure : entered(failure, state, move);
}

function entered(failure: Failure, state: FailureState, { at, by, why = null }: Move): Failure {
  const transitions = [...failure.transitions, { state, at, by, why }].slice(-HISTORY);
  return { ...failure, state, transitions };
}

export interface FailedItem {
  readonly item: string;
  readonly target: string;
  readonly url: string;
  readonly request?: PageRequest;
  /** At least one; the newest last. */
  readonly tries: readonly FailedTry[];
  readonly capture: string | null;
}

type Identity = Pick<Failure, 'source' | 'value' | 'date'>;

/**
 * The failure after a run in which the item failed; undefined where that says nothing new. A failure that was
 * closed begins anew. One that is queued leaves the queue where its outcome is none that heals by itself; one
 * that is dead stays dead: somebody decides, or a run brings it.
 */
export function failedAgain(
  before: Failure | undefined,
  identity: Identity,
  { item, target, url, request, tries, capture }: FailedItem,
  runId: string,
): Failure | undefined {
  const last = tries.at(-1)!;
  // Times tell what is past, ids do not: a run that was interrupted and taken up again fails an item later
  // than the retry that had a newer id.
  if (before && knownUntil(before) >= orderOf(last)) return undefined;
  const again = isUnresolved(before) ? before : undefined;
  const failure: Failure = {
    source: identity.source,
    target,
    value: identity.value,
    date: identity.date,
    item,
    url,
    ...(request && { request }),
    state: again?.state ?? 'open',
    code: last.code,
    message: shortened(last.message, MESSAGE_LENGTH),
    runs: (again?.runs ?? 0) + 1,
    attempts: (again?.attempts ?? 0) + tries.length,
    counts: addedUp(again?.counts ?? {}, tries),
    capture,
    firstRunId: again?.firstRunId ?? runId,
    lastRunId: runId,
    openedAt: again?.openedAt ?? last.at,
    lastFailedAt: last.at,
    ...(orderOf(last) !== last.at && { lastLookAt: orderOf(last) }),
    closedAt: null,
    closedBy: null,
    seenAt: null,
    outcomes: [...(again?.outcomes ?? []), ...tries.map(withShortMessage)].slice(-HISTORY),
    transitions: before?.transitions ?? [],
    ...(again?.retry && { retry: again.retry }),
    claim: before?.claim ?? null,
  };
  const move = { at: last.at, by: runId, why: last.code };
  if (!again) return entered(failure, 'open', move);
  return failure.state === 'queued' && !isRetriedLater(last.code) ? offQueue(failure, move) : failure;
}

/** What orders a try among all looks at its page; milliseconds. */
export function orderOf({ lookedAt, at }: FailedTry): number {
  return lookedAt ?? at;
}

/** What orders the last failure of an item among all looks at its page; milliseconds. */
export function lastFailedLookOf({ lastLookAt, lastFailedAt }: Failure): number {
  return lastLookAt ?? lastFailedAt;
}

/** The last that is known of the item; milliseconds. */
function knownUntil(failure: Failure): number {
  if (isUnresolved(failure)) return lastFailedLookOf(failure);
  return failure.seenAt ?? failure.closedAt ?? 0;
}

/** Characters of a message that are kept: fifty of them must fit into a document. */
const MESSAGE_LENGTH = 1000;

/**
 * The first `length` characters of a message; a cut in the midst of a surrogate pair leaves no half of it.
 */
export function shortened(message: string | null, length: number): string | null {
  return message === null ? null : message.slice(0, length).toWellFormed();
}

function withShortMessage(failed: FailedTry): FailedTry {
  return { ...failed, message: shortened(failed.message, MESSAGE_LENGTH) };
}

/**
 * True while a worker may be at it. A claim from a clock that ran ahead is not believed for longer than one
 * can last.
 */
export function isClaimed(
  { claim }: { readonly claim: Pick<NonNullable<Failure['claim']>, 'until'> | null },
  now: number,
): boolean {
  return claim !== null && claim.until > now && claim.until <= now + 2 * CLAIM_MS;
}

/** Queued, with all its tries before it. `dueAt`: milliseconds. */
export function queued(failure: Failure, dueAt: number, move: Move): Failure {
  return moved({ ...failure, retry: { sentAt: move.at, dueAt, tries: 0, deadAt: null } }, 'queued', move);
}

/** Dead, where it was queued: a person decides. */
export function dead(failure: Failure, move: Move): Failure {
  const { retry, state } = failure;
  if (state !== 'queued' || !retry) return failure;
  return moved({ ...failure, claim: null, retry: { ...retry, deadAt: move.at } }, 'dead', move);
}

/** Open: its messages find nothing to do any more. */
export function offQueue({ retry: _, ...failure }: Failure, move: Move): Failure {
  return moved(failure, 'open', move);
}

/** How often a person has put it back from the dead letters, as far as its history goes. */
export function timesRedriven({ transitions }: Pick<Failure, 'transitions'>): number {
  return transitions.filter(({ state }, n) => state === 'queued' && transitions[n - 1]?.state === 'dead')
    .length;
}

/** Closed. A success clears the counts: the next failure of this item begins at nothing. */
export function closed(
  failure: Failure,
  state: 'recovered' | 'dismissed',
  move: Move,
  seenAt: number | null = null,
): Failure {
  const {
    retry: _,
    askedAt: __,
    ...rest
  } = moved(failure, state, {
    why: `after ${counted(failure.attempts, 'try', 'tries')} in ${counted(failure.runs, 'run')}`,
    ...move,
  });
  return { ...rest, runs: 0, attempts: 0, counts: {}, closedAt: move.at, closedBy: move.by, seenAt };
}

function addedUp(counts: Failure['counts'], tries: readonly FailedTry[]): Failure['counts'] {
  const sums: Partial<Record<OutcomeCode, number>> = { ...counts };
  for (const { code } of tries) sums[code] = (sums[code] ?? 0) + 1;
  return sums;
}

/** A queued item that is due for longer than this waits for a worker that is not there. Milliseconds. */
export const OVERDUE_MS = 3_600_000;

/** True where it should have been tried long ago and nobody is at it. `now`: milliseconds. */
export function isOverdue(failure: Failure, now: number): boolean {
  const { state, retry } = failure;
  return (
    state === 'queued' && !isClaimed(failure, now) && retry !== undefined && now - retry.dueAt > OVERDUE_MS
  );
}
