import pLimit from 'p-limit';
import type { JudgedLetter } from '../advice/dead-letter.ts';
import { FAILURES_AT_ONCE, FailureStore, keyOf } from '../failures/failure-store.ts';
import type { FailedItemMessage } from '../failures/message.ts';
import { noteRedriven } from '../failures/settle.ts';
import { itemName } from '../lake/layout.ts';
import { type Platform, sourceNamed } from '../platform.ts';
import { inGroups } from './dead-letters.ts';

/** A letter that goes back into the queue. */
export interface LetterMove {
  readonly judged: JudgedLetter;
  /** What it says, as it goes back: due later, and put back once more often than its failure knows of. */
  readonly message: FailedItemMessage;
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
}

/** How long the letters of one source take, at the pace that it is asked at. */
export interface RedrivePace {
  readonly source: string;
  readonly letters: number;
  readonly minDelayMs: number;
  /** At least; an item that needs more than one request takes longer. */
  readonly seconds: number;
}

/** What a redrive does. A plan is a value: it can be printed, and nothing has happened yet. */
export interface RedrivePlan {
  readonly moves: readonly LetterMove[];
  readonly left: readonly { readonly judged: JudgedLetter; readonly why: string }[];
  readonly paces: readonly RedrivePace[];
}

/**
 * Plans to put letters back, one after the other at the pace of their source: however many there are, the site is asked for
 * them no faster than in a run. Of several letters about one item the first goes.
 */
export function planRedrive(
  { sources, clock }: Pick<Platform, 'sources' | 'clock'>,
  letters: readonly JudgedLetter[],
): RedrivePlan {
  const now = clock.now();
  const moves: LetterMove[] = [];
  const left: { judged: JudgedLetter; why: string }[] = [];
  const counts = new Map<string, number>();
  const items = new Set<string>();
  const delayOf = (source: string) => sourceNamed({ sources }, source).politeness.minDelayMs;
  for (const judged of letters) {
    const { message, failure, obstacle } = judged;
    if (!message || !failure || obstacle !== null) {
      left.push({ judged, why: obstacle ?? 'it says nothing' });
      continue;
    }
    const { source } = message;
    const name = itemName(message);
    if (items.has(name)) {
      left.push({ judged, why: 'another letter about its item goes back' });
      continue;
    }
    items.add(name);
    const before = counts.get(source) ?? 0;
    counts.set(source, before + 1);
    const dueAt = now + before * delayOf(source);
    // The failure may have heard of more redrives than the letter: then the letter would be taken for a stale copy.
    const redrives = Math.max(message.redrives, (failure.retry?.redrives ?? 0) + 1);
    moves.push({ judged, message: { ...message, notBefore: dueAt, redrives }, dueAt });
  }
  const paces = [...counts].map(([source, count]) => {
    const minDelayMs = delayOf(source);
    return { source, letters: count, minDelayMs, seconds: Math.ceil((count * minDelayMs) / 1000) };
  });
  return { moves, left, paces };
}

/**
 * Puts letters back and notes it in their failures. A crash between the two is harmless: the message that comes says by
 * itself that it was put back, and when it is due. `onMoved` is told how many are done.
 */
export async function redrive(
  { failedItems, state, clock }: Pick<Platform, 'failedItems' | 'state' | 'clock'>,
  { moves }: Pick<RedrivePlan, 'moves'>,
  by: string,
  onMoved: (letters: number) => void = () => {},
): Promise<void> {
  const register = new FailureStore(state);
  const limit = pLimit(FAILURES_AT_ONCE);
  const note = ({ message, dueAt }: LetterMove) =>
    noteRedriven(
      register,
      keyOf(message),
      { redrives: message.redrives, dueAt },
      { at: clock.now(), by, why: 'its dead letter was put back' },
    );
  let done = 0;
  for (const group of inGroups(moves)) {
    const now = clock.now();
    await failedItems.redrive(
      group.map(({ judged, message, dueAt }) => ({
        letter: judged.letter,
        body: JSON.stringify(message),
        delayMs: Math.max(0, dueAt - now),
      })),
    );
    await Promise.all(group.map((move) => limit(note, move)));
    done += group.length;
    onMoved(done);
  }
}
