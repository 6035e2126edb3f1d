import { Buffer } from 'node:buffer';
import { TextDecoder } from 'node:util';
import type { HttpResponse } from '../ports/http-client.ts';
import { headerValue } from './headers.ts';

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
