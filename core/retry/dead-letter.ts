import { advise } from '../advice/advise.ts';
import type { Step } from '../advice/step.ts';
import type { Obstacle } from '../advice/subject.ts';
import { bodyOf, type DeadEntry } from '../enrich/dead-records.ts';
import type { Failure } from '../failures/failure.ts';
import { type FailureKey, keyOf } from '../failures/failure-store.ts';
import { itemName } from '../lake/layout.ts';
import { isRetriedLater } from '../outcome/policy.ts';
import type { DeadLetter } from '../ports/work-queue.ts';

/**
 * `dead`: a failure whose tries are used up, or a record that is not stored, which waits for a person ·
 * `stale`: a message in the dead-letter queue whose failure is not dead, or no more · `poison`: a message
 * there that this program cannot act upon.
 */
export const DEAD_LETTER_STATUSES = ['dead', 'stale', 'poison'] as const;
export type DeadLetterStatus = (typeof DEAD_LETTER_STATUSES)[number];

/** What every dead letter has, as a person sees it. */
interface DeadLetterFacts {
  readonly status: DeadLetterStatus;
  readonly reason: string;
  /** Why a redrive would do nothing, in one line; null where it does something. */
  readonly obstacle: string | null;
  /** What goes on from here. */
  readonly next: readonly Step[];
}

/** A record that is not stored (`core/enrich/dead-records.ts`). */
export interface DeadRecordEntry extends DeadLetterFacts {
  readonly of: 'record';
  /** `tutor/` and the id of its message. */
  readonly id: string;
  readonly entry: DeadEntry;
}

/** A failed item. */
export interface DeadLetterEntry extends DeadLetterFacts {
  readonly of: 'item';
  /** `racing/gb/2026-11-17/4711` of a dead failure, else the id of the message. */
  readonly id: string;
  /** Null where nobody can read the message. */
  readonly key: FailureKey | null;
  readonly failure: Failure | null;
  /** What the dead-letter queue holds of it: alarms, which go with it. */
  readonly messages: readonly DeadLetter[];
}

export type AnyDeadLetter = DeadLetterEntry | DeadRecordEntry;

/** What is known of a dead failure. */
export interface DeadFacts {
  readonly failure: Failure;
  readonly reason: string;
  /** Why its target is skipped; null where it is not. */
  readonly flag: string | null;
  /** Why no program can act upon it; undefined where one can. */
  readonly problem: string | undefined;
  /** Why a try would only dismiss it; undefined where it may be tried. */
  readonly over: string | undefined;
  readonly messages: readonly DeadLetter[];
}

/** A dead failure, and what a person does about it. */
export function deadFailureEntry(facts: DeadFacts): DeadLetterEntry {
  const { failure, reason, messages } = facts;
  const id = itemName(failure);
  return {
    of: 'item',
    status: 'dead',
    key: keyOf(failure),
    failure,
    reason,
    messages,
    ...adviceOn(id, obstacleOf(facts)),
  };
}

/** A dead record, or a message of its queue that came too often. */
export function deadRecordEntry(entry: DeadEntry): DeadRecordEntry {
  const { kind, record, messages } = entry;
  const id = `${kind}/${record?.id ?? messages[0]?.id ?? ''}`;
  const isWhole = bodyOf(entry) !== undefined;
  const reason = record?.reason ?? 'undelivered';
  return {
    of: 'record',
    id,
    entry,
    status: reason === 'poison' ? 'poison' : 'dead',
    reason: record?.errors.join('; ') ?? messages[0]?.reason ?? 'its deliveries were used up',
    obstacle: isWhole ? null : 'only the beginning of its message is kept',
    next: advise({ kind: 'dead-record', id, recordKind: kind, reason, isWhole }),
  };
}

function obstacleOf({ failure, flag, problem, over }: DeadFacts): Obstacle | null {
  const { source, target, code } = failure;
  if (problem !== undefined) return { kind: 'unusable', problem };
  if (over !== undefined) return { kind: 'closed', problem: over };
  if (flag !== null) return { kind: 'flagged', source, target, reason: flag };
  return isRetriedLater(code) ? null : { kind: 'not-retried', key: keyOf(failure), code };
}

/** A message in the dead-letter queue whose failure is not dead. */
export function staleEntry(message: DeadLetter, key: FailureKey, failure: Failure | null): DeadLetterEntry {
  const problem = failure ? `it is ${failure.state}` : 'no failure is on record';
  return messageEntry(message, { status: 'stale', key, failure }, { kind: 'closed', problem });
}

/** A message that nobody can act upon. `problem`: why, in one line. */
export function poisonEntry(message: DeadLetter, problem: string, key: FailureKey | null): DeadLetterEntry {
  return messageEntry(message, { status: 'poison', key, failure: null }, { kind: 'unusable', problem });
}

function messageEntry(
  message: DeadLetter,
  facts: Pick<DeadLetterEntry, 'status' | 'key' | 'failure'>,
  obstacle: Obstacle,
): DeadLetterEntry {
  const { id, reason = 'its deliveries were used up' } = message;
  return { of: 'item', ...facts, reason, messages: [message], ...adviceOn(id, obstacle) };
}

function adviceOn(id: string, obstacle: Obstacle | null): Pick<DeadLetterEntry, 'id' | 'obstacle' | 'next'> {
  const next = advise({ kind: 'dead-letter', id, obstacle });
  return { id, obstacle: obstacle && obstacleText(obstacle), next };
}

function obstacleText(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'flagged':
      return `its target is flagged: ${obstacle.reason}`;
    case 'not-retried':
      return `${obstacle.code} is not tried again by itself`;
    case 'closed':
    case 'unusable':
      return obstacle.problem;
  }
}
