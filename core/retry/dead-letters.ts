import pLimit from 'p-limit';
import { type JudgedLetter, judgeLetter, poisonLetter } from '../advice/dead-letter.ts';
import { FAILURES_AT_ONCE, FailureStore, keyOf } from '../failures/failure-store.ts';
import { decodeFailedItem } from '../failures/message.ts';
import { dismiss, isGivenUp, leaveToPerson } from '../failures/settle.ts';
import { type Platform, unknownPlace } from '../platform.ts';
import type { DeadLetter } from '../ports/work-queue.ts';
import { flagLookup } from '../state/target-store.ts';

/** Letters that are handled together: what a crash in between leaves half done. */
const TOGETHER = 100;

type Stores = Pick<Platform, 'failedItems' | 'state' | 'sources'>;

/** All dead letters, oldest first, each with what has become of its item. Changes nothing. */
export async function readDeadLetters(platform: Stores): Promise<JudgedLetter[]> {
  const letters = await Array.fromAsync(platform.failedItems.deadLetters());
  const register = new FailureStore(platform.state);
  const flagOf = flagLookup(platform.state);
  const judge = async (letter: DeadLetter): Promise<JudgedLetter> => {
    const decoded = decodeFailedItem(letter.body);
    if (decoded.kind === 'poison') return poisonLetter(letter, decoded.reason, null, null);
    const { message } = decoded;
    const failure = (await register.get(keyOf(message))) ?? null;
    const problem = unknownPlace(platform, message);
    if (problem !== undefined) return poisonLetter(letter, problem, message, failure);
    return judgeLetter(letter, { message, failure, flag: await flagOf(message) });
  };
  const limit = pLimit(FAILURES_AT_ONCE);
  return Promise.all(letters.map((letter) => limit(judge, letter)));
}

export interface Purged {
  readonly letters: number;
  /** Failures that were dead, and are dismissed now. */
  readonly dismissed: number;
}

/**
 * Removes letters for good, and closes their failures first: nobody wants those items any more. What is not dead by then is
 * left as it is, and what only looked queued is left to a person. A crash in between leaves stale letters.
 */
export async function purgeLetters(
  { failedItems, state, clock }: Pick<Platform, 'failedItems' | 'state' | 'clock'>,
  letters: readonly JudgedLetter[],
  by: string,
  onDone: (letters: number) => void = () => {},
): Promise<Purged> {
  const register = new FailureStore(state);
  const limit = pLimit(FAILURES_AT_ONCE);
  let dismissed = 0;
  const close = async ({ message, failure }: JudgedLetter): Promise<void> => {
    if (!message || !failure) return;
    const key = keyOf(message);
    const move = { at: clock.now(), by, why: 'its dead letter was purged' };
    if (isGivenUp(failure, message)) await leaveToPerson(register, key, move);
    if (failure.state !== 'dead') return;
    const after = await dismiss(register, key, move, (now) => now.state === 'dead');
    if (after?.state === 'dismissed' && after.closedAt === move.at) dismissed++;
  };
  let done = 0;
  for (const group of inGroups(letters)) {
    await Promise.all(group.map((judged) => limit(close, judged)));
    await failedItems.purge(group.map(({ letter }) => letter));
    done += group.length;
    onDone(done);
  }
  return { letters: done, dismissed };
}

/** In their order, groups of as many as are handled together. */
export function inGroups<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / TOGETHER) }, (_, n) =>
    all.slice(n * TOGETHER, (n + 1) * TOGETHER),
  );
}
