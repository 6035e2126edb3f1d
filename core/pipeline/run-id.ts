import type { CivilDate } from '../window/civil-date.ts';

/** Milliseconds at which a UUIDv7 was made: its first 48 bits (RFC 9562, section 5.7). */
export function timeOfId(id: string): number {
  const ms = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  if (!Number.isFinite(ms)) throw new RangeError(`${JSON.stringify(id)} is not a UUIDv7`);
  return ms;
}

/** The UTC date of a run: the folder of its logs, the same however late a stage is called. */
export function dayOfRun(runId: string): CivilDate {
  return new Date(timeOfId(runId)).toISOString().slice(0, 10) as CivilDate;
}
