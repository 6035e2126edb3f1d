import { memoized } from './memoized.ts';

/** What the position cell says of a runner. */
export type Position =
  | { readonly kind: 'placed'; readonly place: number; readonly code: string }
  /** Finished and was disqualified: keeps its distances, loses its prize. */
  | { readonly kind: 'disqualified'; readonly code: 'DSQ' }
  | { readonly kind: 'not-finished'; readonly code: string }
  /** The whole race is void. */
  | { readonly kind: 'void' }
  /** Listed and never ran. */
  | { readonly kind: 'withdrawn' };

const PLACE = /^=?0*([1-9]\d{0,2})(?:st|nd|rd|th|=|dh|\.)?$/i;

/**
 * Reads `1`, `PU`, `DSQ`, `VOI`. The codes in use are PU F UR RR BD CO SU REF RO LFT RTR; any other word of
 * up to four capitals is taken for a way of not finishing, because a new one must not cost the whole race.
 * Undefined for the rest.
 */
export const parsePosition: (text: string) => Position | undefined = memoized((text) => {
  const place = PLACE.exec(text)?.[1];
  if (place !== undefined) return { kind: 'placed', place: Number(place), code: place };
  const code = text.toUpperCase();
  if (code === 'VOI' || code === 'VOID') return { kind: 'void' };
  if (code === 'DSQ') return { kind: 'disqualified', code };
  if (/^(?:NR|N\/R|WD|WDN|WDR|NON-RUNNER|WITHDRAWN)$/.test(code)) return { kind: 'withdrawn' };
  return /^[A-Z]{1,4}$/.test(text) ? { kind: 'not-finished', code } : undefined;
});
