import pLimit from 'p-limit';
import type { DeadLetter } from '../ports/work-queue.ts';
import { TargetRegister } from '../target/target.ts';
import { type JudgedLetter, judgeLetter, poisonLetter } from '../work/dead-letter.ts';
import { decodeFailedItem, type FailedItemMessage } from '../work/failed-item.ts';
import { FailureRegister, keyOf } from '../work/failure-register.ts';
import { dismiss, isGivenUp, leaveToPerson } from '../work/retry-settle.ts';
import type { Platform } from './platform.ts';

/** Requests under way to a store that may be far away. */
export const STORE_REQUESTS = 16;
/** Letters that are handled together: what a crash in between leaves half done. */
const TOGETHER = 100;

type Stores = Pick<Platform, 'failedItems' | 'state' | 'sources'>;

/** All dead letters, oldest first, each with what has become of its item. Changes nothing. */
export async function readDeadLetters(platform: Stores): Promise<JudgedLetter[]> {
  const letters = await Array.fromAsync(platform.failedItems.deadLetters());
  const register = new FailureRegister(platform.state);
  const flagOf = flags(platform);
  const judge = async (letter: DeadLetter): Promise<JudgedLetter> => {
    const decoded = decodeFailedItem(letter.body);
    if (decoded.kind === 'poison') return poisonLetter(letter, decoded.reason, null, null);
    const { message } = decoded;
    const failure = (await register.get(keyOf(message))) ?? null;
    const problem = unknownPlace(platform, message);
    if (problem !== undefined) return poisonLetter(letter, problem, message, failure);
    return judgeLetter(letter, { message, failure, flag: await flagOf(message) });
  };
  const limit = pLimit(STORE_REQUESTS);
  return Promise.all(letters.map((letter) => limit(judge, letter)));
}

function unknownPlace({ sources }: Stores, message: FailedItemMessage): string | undefined {
  const source = sources.find(({ name }) => name === message.source);
  if (!source) return `there is no source ${message.source}`;
  if (source.targets.some(({ id }) => id === message.target)) return undefined;
  return `source ${source.name} has no target ${message.target}`;
}

/** Why a target is skipped; each is looked up once. */
function flags({ state }: Stores): (message: FailedItemMessage) => Promise<string | null> {
  const register = new TargetRegister(state);
  const known = new Map<string, Promise<string | null>>();
  return ({ source, target }) => {
    const name = `${source}/${target}`;
    const flag = known.get(name) ?? register.get(source, target).then(({ skip }) => skip?.reason ?? null);
    known.set(name, flag);
    return flag;
  };
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
  const register = new FailureRegister(state);
  const limit = pLimit(STORE_REQUESTS);
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

export function inGroups<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / TOGETHER) }, (_, n) =>
    all.slice(n * TOGETHER, (n + 1) * TOGETHER),
  );
}
