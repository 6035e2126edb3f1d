import { createHash } from 'node:crypto';
import type { CivilDate } from './civil-date.ts';

/** Milliseconds at which a UUIDv7 was made: its first 48 bits (RFC 9562, section 5.7). */
export function timeOfId(id: string): number {
  const ms = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  if (!Number.isFinite(ms)) throw new RangeError(`${JSON.stringify(id)} is not a UUIDv7`);
  return ms;
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Behind it dates have no four digits for the year; 48 bits of milliseconds reach further. */
const LAST_YEAR_END = Date.UTC(10_000, 0);

/** True for what can be the id of a run. */
export function isRunId(text: string): boolean {
  return UUID_V7.test(text) && timeOfId(text) < LAST_YEAR_END;
}

/** The UTC date of a run: the folder of its logs, the same however late a stage is called. */
export function dayOfRun(runId: string): CivilDate {
  return new Date(timeOfId(runId)).toISOString().slice(0, 10) as CivilDate;
}

/**
 * The id of the run that a schedule asked for: a UUIDv7 of the time it was due, whose other bits come from
 * the source. A stage that is retried, or a schedule that fires twice, makes the same run and not a second
 * one.
 */
export function scheduledRunId(source: string, dueAt: number): string {
  const digest = createHash('sha256').update(`${source} ${dueAt}`).digest();
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dueAt) << 16n);
  bytes.set(digest.subarray(0, 10), 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f); // version 7
  bytes[8] = 0x80 | (bytes[8]! & 0x3f); // variant of RFC 9562
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** True for a run that a schedule asked for, and no person. */
export function isScheduledRun(source: string, runId: string): boolean {
  return runId === scheduledRunId(source, timeOfId(runId));
}
