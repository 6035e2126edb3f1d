import type { Failure } from '../failures/failure.ts';
import { type FailureKey, keyOf } from '../failures/failure-store.ts';
import { itemName } from '../lake/layout.ts';
import { isRetriedLater } from '../outcome/policy.ts';
import type { DeadLetter } from '../ports/work-queue.ts';
import { command, retryCommand, skipRemoveCommand } from './commands.ts';

/**
 * `dead`: a failure whose tries are used up, which waits for a person · `stale`: a message in the dead-letter
 * queue whose failure is not dead, or no more · `poison`: a message there that this program cannot act upon.
 */
export const DEAD_LETTER_STATUSES = ['dead', 'stale', 'poison'] as const;
export type DeadLetterStatus = (typeof DEAD_LETTER_STATUSES)[number];

/** A dead letter, as a person sees it. */
export interface DeadLetterEntry {
  /** `racing/gb/2026-11-17/4711` of a dead failure, else the id of the message. */
  readonly id: string;
  readonly status: DeadLetterStatus;
  /** Null where nobody can read the message. */
  readonly key: FailureKey | null;
  readonly failure: Failure | null;
  readonly reason: string;
  /** Why a redrive would do nothing, in one line; null where it does something. */
  readonly obstacle: string | null;
  /** The command that goes on from here. */
  readonly next: string;
  /** What the dead-letter queue holds of it: alarms, which go with it. */
  readonly messages: readonly DeadLetter[];
}

/** What is known of a dead failure. */
export interface DeadFacts {
  readonly failure: Failure;
  readonly reason: string;
  /** Why its target is skipped; null where it is not. */
  readonly flag: string | null;
  /** Why no program can act upon it; undefined where one can. */
  readonly problem: string | undefined;
  readonly messages: readonly DeadLetter[];
}

/** A dead failure, and what a person does about it. */
export function deadFailureEntry({ failure, reason, flag, problem, messages }: DeadFacts): DeadLetterEntry {
  const { source, target, item, code } = failure;
  const key = keyOf(failure);
  const id = itemName(failure);
  const entry = (obstacle: string | null, next: string): DeadLetterEntry => ({
    ...{ id, status: 'dead', key, failure, reason, obstacle, next, messages },
  });
  if (problem !== undefined) return entry(problem, purgeCommand(id));
  if (flag !== null) return entry(`its target is flagged: ${flag}`, skipRemoveCommand(source, target));
  if (!isRetriedLater(code))
    return entry(`${code} is not tried again by itself`, retryCommand(source, key.partition, item));
  return entry(null, command('dead-letters', 'redrive', id));
}

/** A message in the dead-letter queue whose failure is not dead. */
export function staleEntry(message: DeadLetter, key: FailureKey, failure: Failure | null): DeadLetterEntry {
  const obstacle = failure ? `it is ${failure.state}` : 'no failure is on record';
  return messageEntry(message, { status: 'stale', key, failure, obstacle });
}

/** A message that nobody can act upon. `problem`: why, in one line. */
export function poisonEntry(message: DeadLetter, problem: string, key: FailureKey | null): DeadLetterEntry {
  return messageEntry(message, { status: 'poison', key, failure: null, obstacle: problem });
}

function messageEntry(
  message: DeadLetter,
  facts: Pick<DeadLetterEntry, 'status' | 'key' | 'failure' | 'obstacle'>,
): DeadLetterEntry {
  const { id, reason = 'its deliveries were used up' } = message;
  return { ...facts, id, reason, next: purgeCommand(id), messages: [message] };
}

function purgeCommand(id: string): string {
  return command('dead-letters', 'purge', id, '--confirm');
}
