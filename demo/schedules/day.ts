import type { Random } from '../model/random.ts';

export type Level = 'elementary' | 'middle' | 'high';

/** The regular day of a level; times in minutes since midnight. */
export interface Hours {
  readonly level: Level;
  readonly start: number;
  readonly end: number;
}

/** A part of a day. */
export interface Part {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** A day of periods with a lunch among them; lengths in minutes. */
export interface PeriodDay {
  readonly parts: readonly Part[];
  readonly start: number;
  readonly end: number;
  readonly lunch: number;
  /** All gaps between the parts together. */
  readonly passing: number;
}

const EARLIEST: Readonly<Record<Level, number>> = { elementary: 480, middle: 465, high: 440 };

export function drawHours(level: Level, random: Random): Hours {
  const start = EARLIEST[level] + 5 * random.int(0, 10);
  return { level, start, end: start + 5 * random.int(74, 83) };
}

export function drawPeriods(random: Random, word: string): PeriodDay {
  const start = 450 + 5 * random.int(0, 10);
  const count = random.int(6, 7);
  const [length, gap, lunch] = [random.int(46, 50), random.int(4, 5), random.int(28, 34)];
  const parts: Part[] = [];
  let at = start;
  for (let nth = 1; nth <= count; nth++) {
    parts.push({ name: `${word} ${nth}`, start: at, end: at + length });
    at += length;
    if (nth === 4) {
      parts.push({ name: 'Lunch', start: at, end: at + lunch });
      at += lunch;
    }
    if (nth < count) at += gap;
  }
  return { parts, start, end: at, lunch, passing: gap * (count - 1) };
}
