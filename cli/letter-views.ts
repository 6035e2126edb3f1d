import { type JudgedLetter, type LetterStanding, reasonOf } from '../core/advice/dead-letter.ts';
import { itemName } from '../core/lake/layout.ts';
import { type List, timeText } from './list.ts';

/** A dead letter for programs. Times in milliseconds. */
export interface LetterView {
  readonly id: string;
  readonly standing: LetterStanding;
  /** `racing/gb/2026-11-17/4711`; null where nobody can read the letter. */
  readonly item: string | null;
  /** Why it was buried. */
  readonly reason: string;
  /** Why putting it back would do nothing; null where it does something. */
  readonly obstacle: string | null;
  /** Of the failure, as are `message`, `state` and `deadAt`; null where none is on record. */
  readonly code: string | null;
  readonly message: string | null;
  readonly state: string | null;
  readonly deadAt: number | null;
  /** The command that goes on from here. */
  readonly next: string;
}

export function itemNameOf({ message }: JudgedLetter): string | null {
  return message && itemName(message);
}

export function viewOf(judged: JudgedLetter): LetterView {
  const { letter, standing, failure, obstacle, next } = judged;
  return {
    id: letter.id,
    standing,
    item: itemNameOf(judged),
    reason: reasonOf(letter),
    obstacle,
    code: failure?.code ?? null,
    message: failure?.message ?? null,
    state: failure?.state ?? null,
    deadAt: failure?.retry?.deadAt ?? null,
    next,
  };
}

/** As `--json` prints it: errors have the names that they have in the tables. */
export function letterRecord({ code, message, ...view }: LetterView): Record<string, unknown> {
  return { ...view, error_code: code, error_message: message };
}

export function listOf(letters: readonly JudgedLetter[]): Omit<List, 'none'> {
  const views = letters.map(viewOf);
  return {
    columns: [
      { name: 'id', title: 'letter' },
      { name: 'item' },
      { name: 'code' },
      { name: 'standing' },
      { name: 'deadSince', title: 'dead since' },
      { name: 'reason' },
      { name: 'obstacle', title: 'in the way of a redrive' },
    ],
    rows: views.map((view) => ({ ...view, deadSince: timeText(view.deadAt) })),
    values: views.map(letterRecord),
  };
}
