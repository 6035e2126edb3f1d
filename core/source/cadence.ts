/**
 * Scrape the last `windowDays` dates, today included, every day at `at` (HH:MM) in the source's time zone.
 */
export interface DailyCadence {
  readonly kind: 'daily';
  readonly at: string;
  readonly windowDays: number;
}

/**
 * Scrape each target again so many minutes after the last time; what is found belongs to the date on which it
 * is found.
 */
export interface EveryCadence {
  readonly kind: 'every';
  /** From 2 to 525,600, a year. */
  readonly minutes: number;
  /**
   * How often the schedule looks what is due; at most `minutes`.
   * @default 15, or `minutes` where that is less
   */
  readonly checkMinutes?: number;
}

export type Cadence = DailyCadence | EveryCadence;

/** `daily({ at: '01:30', windowDays: 7 })`: every day at that time of the source's zone, the last 7 dates. */
export function daily(options: { at: string; windowDays: number }): DailyCadence {
  return { kind: 'daily', ...options };
}

/** `every({ minutes: 240 })`: each target by itself, four hours after the last time. */
export function every(options: { minutes: number; checkMinutes?: number }): EveryCadence {
  return { kind: 'every', ...options };
}

/** How often the schedule looks what is due, where a source does not say; minutes. */
const CHECK_MINUTES = 15;

/** Minutes between two looks at what is due: never more than a target's own time. */
export function checkMinutesOf({ minutes, checkMinutes = CHECK_MINUTES }: EveryCadence): number {
  return Math.min(checkMinutes, minutes);
}

/** Minutes between two crawls of a target by itself; those of `daily` are scraped day by day. */
export function minutesOf(cadence: Cadence): number {
  return cadence.kind === 'every' ? cadence.minutes : 1440;
}

/** The dates that a run without any of its own refreshes: the last of so many. */
export function windowDaysOf(cadence: Cadence): number {
  return cadence.kind === 'daily' ? cadence.windowDays : 1;
}
