import { addDays, type CivilDate } from '../core/calendar/civil-date.ts';
import { isChristmas } from './model/build-day.ts';
import type { Country } from './model/racing-day.ts';
import { indexPath } from './render/paths.ts';

/**
 * Where something goes wrong: an address of the site, or the nth race of a country's day (from 0; -1 is the
 * last).
 */
export type Where =
  | { readonly path: string }
  | { readonly country: Country; readonly date: CivilDate; readonly race: number };

/** What goes wrong. Sizes in bytes, times in milliseconds. */
export type Fault =
  /** Any status with a small page; `retryAfterSeconds` adds the header. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** 403 with `cf-mitigated: challenge` and an interstitial. */
  | { readonly kind: 'cloudflare-challenge' }
  /** 200 with a frame of Incapsula's and nothing else. */
  | { readonly kind: 'incapsula-wall' }
  /** The request is read and never answered. */
  | { readonly kind: 'hang' }
  /** The connection is reset before a byte of the answer. */
  | { readonly kind: 'reset' }
  /** The true page, trickled over `totalMs`. */
  | { readonly kind: 'slow-body'; readonly totalMs: number }
  /** Content-Length of the whole page, half of its bytes, then the connection closes. */
  | { readonly kind: 'truncated-body' }
  /** A page of `bytes` decoded bytes; small on the wire where the client takes gzip. */
  | { readonly kind: 'oversize-body'; readonly bytes: number }
  /**
   * `same-host` leads to the page itself, `private-address` into a cloud's metadata service, `loop` back
   * here.
   */
  | { readonly kind: 'redirect'; readonly to: 'same-host' | 'private-address' | 'loop' }
  /** An index of today's markup that has no list and an error instead, as on a day without racing. */
  | { readonly kind: 'lost-list' }
  /** A page of 200 with the race in it, but without one landmark of racing.md. */
  | { readonly kind: 'changed-page' }
  /** One row lacks a cell; in today's markup, a key. */
  | { readonly kind: 'shifted-cells' }
  /** Landmarks, table head, no rows. */
  | { readonly kind: 'empty-table' }
  /** One row has an age that is none. */
  | { readonly kind: 'invalid-record' }
  /**
   * `header` and `meta`: an ISO-8859-1 page that says so there. `wrong`: UTF-8 bytes under a header that says
   * ISO-8859-1.
   */
  | { readonly kind: 'charset'; readonly declared: 'header' | 'meta' | 'wrong' };

export interface FaultRule {
  readonly where: Where;
  readonly fault: Fault;
  /** Only the first so many requests of the address meet it; absent: every one. */
  readonly times?: number;
}

/** A plain value. Of several rules for one address the first that is not used up applies. */
export interface FaultPlan {
  readonly rules: readonly FaultRule[];
  /** Days on which a country has no meeting: the index says so. */
  readonly emptyDays: readonly { readonly country: Country; readonly date: CivilDate }[];
  /** Races whose page is provisional until the site's `today` is `days` after the race. */
  readonly settlesLate: readonly {
    readonly country: Country;
    readonly date: CivilDate;
    readonly race: number;
    readonly days: number;
  }[];
  /** Path prefixes that robots.txt forbids besides `/admin`. */
  readonly robotsDisallow: readonly string[];
}

export const NO_FAULTS: FaultPlan = { rules: [], emptyDays: [], settlesLate: [], robotsDisallow: [] };

/**
 * The week that the demo run meets: everything that can be recovered recovers within three retries; a 404, a
 * changed page and a wall stay. The wall stands before the very last page of `fr`, because a wall ends its
 * target. One index comes without its list once, another every time: its races are told by the page in the
 * order of their times.
 */
export function demoFaults(today: CivilDate): FaultPlan {
  const daysAgo = (days: number): CivilDate => addDays(today, -days);
  const rules: FaultRule[] = [];
  const race = (country: Country, days: number, nth: number, fault: Fault, times?: number): void => {
    const date = daysAgo(days);
    // There is no race at Christmas that something could happen to.
    if (!isChristmas(date)) rules.push({ where: { country, date, race: nth }, fault, times });
  };
  race('gb', 1, 0, { kind: 'status', status: 406 }, 1);
  race('gb', 2, 4, { kind: 'status', status: 406 }, 2);
  race('ire', 3, 3, { kind: 'status', status: 406 }, 2);
  race('gb', 6, 5, { kind: 'status', status: 429, retryAfterSeconds: 1 }, 1);
  race('fr', 5, 0, { kind: 'status', status: 503 }, 1);
  race('ire', 5, 0, { kind: 'hang' }, 1);
  race('gb', 5, 6, { kind: 'reset' }, 1);
  race('gb', 4, 1, { kind: 'status', status: 404 });
  race('fr', 3, 2, { kind: 'changed-page' });
  race('fr', 0, -1, { kind: 'cloudflare-challenge' });
  rules.push({ where: { path: indexPath(daysAgo(2)) }, fault: { kind: 'lost-list' }, times: 1 });
  rules.push({ where: { path: indexPath(daysAgo(6)) }, fault: { kind: 'lost-list' } });
  return {
    rules,
    emptyDays: [{ country: 'ire', date: daysAgo(4) }],
    settlesLate: [{ country: 'gb', date: daysAgo(1), race: 3, days: 2 }],
    robotsDisallow: [],
  };
}
