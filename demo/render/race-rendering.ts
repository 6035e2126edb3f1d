import type { Race } from '../model/racing-day.ts';
import type { Furniture } from './furniture.ts';

/** How a race page is made, in either markup. */
export interface RaceRendering {
  /** Bytes of a page with 12 runners. */
  readonly pageBytes: number;
  readonly furniture: Furniture;
  readonly damage?: PageDamage;
}

/** What a fault does to the page; all of it absent on an honest one. */
export interface PageDamage {
  /** A table without rows. */
  readonly noRows?: boolean;
  /** Row that lacks a cell (a key), so that a reader of columns shifts its neighbours up. */
  readonly shiftedRow?: number;
  /** Row with an age that is none. */
  readonly invalidRow?: number;
}

/** A runner less than 12 takes 2 % off, down to 7 %; a runner more adds 7.5 %: 165 to 350 KB for 178 KB. */
export function raceBytes({ runners }: Race, pageBytes: number): number {
  const more = runners.length - 12;
  return Math.round(pageBytes * (more < 0 ? Math.max(0.93, 1 + 0.02 * more) : 1 + 0.075 * more));
}
