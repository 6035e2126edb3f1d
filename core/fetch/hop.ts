import { Buffer } from 'node:buffer';
import { TextDecoder } from 'node:util';
import type { Outcome } from '../outcome/outcome.ts';
import type { HttpResponse } from '../ports/http-client.ts';
import { headerValue } from './headers.ts';

/** Redirects that a fetch follows (design, section 13). */
export const MAX_REDIRECTS = 5;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Where a response sends us, or undefined where it is the end of the way: no redirect, or one without a
 * readable Location, which is then judged like any other response.
 */
export function redirectTarget(response: HttpResponse): URL | undefined {
  if (!REDIRECTS.has(response.status)) return undefined;
  const location = headerValue(response.headers, 'location');
  if (location === undefined || location === '') return undefined;
  return URL.parse(asText(location), response.url) ?? undefined;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Header bytes came as latin1; sites that put bare UTF-8 into Location mean it as UTF-8. */
function asText(location: string): string {
  try {
    return UTF8.decode(Buffer.from(location, 'latin1'));
  } catch {
    return location;
  }
}

/** Why this address may not be asked at all, before any question of robots.txt or of what it resolves to. */
export function addressPolicy(url: URL | null, from?: URL): Outcome | undefined {
  if (url === null) return refused('not an absolute address');
  const via = from === undefined ? '' : `redirect from ${from.origin} to ${url.protocol}//${url.host}: `;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return refused(`${via}scheme ${url.protocol}`);
  // Never sent, but they would stand in every record of the attempt.
  if (url.username !== '' || url.password !== '') return refused(`${via}credentials in the address`);
  // What was asked for over TLS would be open to change by anybody on the way.
  if (from?.protocol === 'https:' && url.protocol === 'http:') return refused(`${via}leaves https`);
  return undefined;
}

export function refused(message: string): Outcome {
  return { code: 'REFUSED', message };
}
