import type { Failure } from '../failures/failure.ts';
import type { FailedItemMessage } from '../failures/message.ts';
import { isGivenUp } from '../failures/settle.ts';
import { isRetriedLater } from '../outcome/policy.ts';
import type { DeadLetter } from '../ports/work-queue.ts';
import { command, retryCommand, skipRemoveCommand } from './commands.ts';

/**
 * `waiting`: its item is dead, and waits for somebody to put the letter back · `stale`: its failure came to an end without
 * it, so that putting it back does nothing · `queued`: a message about its item is under way already · `poison`: no message
 * that this program can act upon.
 */
export const LETTER_STANDINGS = ['waiting', 'stale', 'queued', 'poison'] as const;
export type LetterStanding = (typeof LETTER_STANDINGS)[number];

/** A dead letter, and what has become of its item. */
export interface JudgedLetter {
  readonly letter: DeadLetter;
  readonly standing: LetterStanding;
  /** What it says; null where nobody can read it. */
  readonly message: FailedItemMessage | null;
  readonly failure: Failure | null;
  /** Why putting it back would do nothing, in one line; null where it does something. */
  readonly obstacle: string | null;
  /** The command that goes on from here. */
  readonly next: string;
}

/** What is known of the item of a letter. */
export interface LetterFacts {
  readonly message: FailedItemMessage;
  readonly failure: Failure | null;
  /** Why its target is skipped; null where it is not. */
  readonly flag: string | null;
}

/** Why a letter was buried. */
export function reasonOf({ reason }: DeadLetter): string {
  return reason ?? 'its deliveries were used up';
}

/** A letter that nobody can act upon. `problem`: why, in one line. */
export function poisonLetter(
  letter: DeadLetter,
  problem: string,
  message: FailedItemMessage | null,
  failure: Failure | null,
): JudgedLetter {
  return { letter, standing: 'poison', message, failure, obstacle: problem, next: purgeCommand(letter) };
}

/** What has become of a letter's item, and what a person does about it. */
export function judgeLetter(letter: DeadLetter, facts: LetterFacts): JudgedLetter {
  const { message, failure, flag } = facts;
  const judged = (standing: LetterStanding, obstacle: string | null, next: string): JudgedLetter => ({
    letter,
    standing,
    message,
    failure,
    obstacle,
    next,
  });
  if (!failure) return judged('stale', 'no failure is on record', purgeCommand(letter));
  const { state, code } = failure;
  if (state === 'recovered' || state === 'dismissed')
    return judged('stale', `it is ${state}`, purgeCommand(letter));
  const { source, target, value, date, item } = message;
  const retry = retryCommand(source, { value, date }, item);
  if (state === 'open') return judged('stale', `it is open (${code}): a person decides`, retry);
  if (state === 'queued' && !isGivenUp(failure, message))
    return judged('queued', 'a message about it is under way', purgeCommand(letter));
  if (flag !== null)
    return judged('waiting', `its target is flagged: ${flag}`, skipRemoveCommand(source, target));
  if (!isRetriedLater(code)) return judged('waiting', `${code} is not tried again by itself`, retry);
  return judged('waiting', null, command('dead-letters', 'redrive', letter.id));
}

function purgeCommand({ id }: DeadLetter): string {
  return command('dead-letters', 'purge', id, '--confirm');
}
