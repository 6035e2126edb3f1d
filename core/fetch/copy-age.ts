import { headerValue } from '../http/headers.ts';
import type { HttpResponse } from '../ports/http-client.ts';

/** How old the copy of a page is that an answer carried, as far as the answer tells. */
export interface CopyAge {
  readonly lastModified?: string | undefined;
  /**
   * Milliseconds; when the site itself last vouched for it: the time of the request, less the `Age` that
   * caches add.
   */
  readonly asOf?: number | undefined;
}

/** Milliseconds; clocks of servers behind one address differ by less, and `Age` counts whole seconds. */
const TOLERANCE_MS = 60_000;

/** The copy that has just come. */
export interface AnsweredCopy extends CopyAge {
  readonly asOf: number;
  /** Milliseconds; 0 where no cache says that it kept it. */
  readonly ageMs: number;
}

/** `requestedAt`: milliseconds. */
export function copyAge({ status, headers }: HttpResponse, requestedAt: number): AnsweredCopy {
  const lastModified = status === 200 ? headerValue(headers, 'last-modified') : undefined;
  const age = /^\d{1,10}$/.exec(headerValue(headers, 'age')?.trim() ?? '')?.[0];
  const ageMs = Number(age ?? 0) * 1000;
  return { ...(lastModified !== undefined && { lastModified }), asOf: requestedAt - ageMs, ageMs };
}

/** Why the answer is an older copy than the one that is held: a cache that lags behind must undo nothing. */
export function olderThan(answer: AnsweredCopy, held: CopyAge): string | undefined {
  const [modified, heldModified] = [answer, held].map(({ lastModified }) => Date.parse(lastModified ?? ''));
  if (modified! < heldModified! - TOLERANCE_MS)
    return `a stale copy: modified ${answer.lastModified}, what is held ${held.lastModified}`;
  const { asOf, ageMs } = answer;
  // What is held of a time that is still to come was noted by a clock that ran ahead: it says nothing.
  if (ageMs === 0 || held.asOf === undefined || held.asOf > asOf + ageMs) return undefined;
  if (asOf >= held.asOf - TOLERANCE_MS) return undefined;
  const [from, before] = [asOf, held.asOf].map((ms) => new Date(ms).toISOString());
  return `a stale copy: by its age of ${from}, what is held is of ${before}`;
}
