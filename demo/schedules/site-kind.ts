import type { Random } from '../model/random.ts';
import type { Level } from './day.ts';

/** What goes wrong at a district's own address. Each request of it meets it, `once` the first alone. */
export type Trouble =
  | 'cloudflare'
  | 'incapsula'
  | 'captcha'
  | 'not-found'
  | 'hang'
  | 'queue-full'
  | 'busy-once';

/** What a reader should find of one level. */
export interface PrintedLevel {
  readonly level: Level;
  readonly start: number;
  readonly end: number;
  /** Minutes that are printed; absent where the page says nothing of them. */
  readonly lunch?: number;
  readonly passing?: number;
  readonly recess?: number;
  readonly schools?: readonly string[];
  /** Addresses of the pages: paths, behind a subdomain and `:` where they have one. */
  readonly pages: readonly string[];
  /** What keeps it from being sure: the page says no year, or a row cannot be. */
  readonly doubt?: 'no-year' | 'ignored-row';
}

/** The site of a district. */
export interface DistrictSite {
  /** Path of its own address; undefined where it has none. */
  readonly address?: string;
  readonly pages: Readonly<Record<string, string>>;
  readonly levels: readonly PrintedLevel[];
  readonly trouble?: Trouble;
}

export interface Draw {
  readonly random: Random;
  /** Name of the place, for names of its schools. */
  readonly place: string;
  /** School year that it is, and the one three years before: `2026-27`. */
  readonly year: string;
  readonly past: string;
}

export type Make = (draw: Draw) => DistrictSite;
