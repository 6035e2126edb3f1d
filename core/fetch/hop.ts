import type { Outcome } from '../outcome/outcome.ts';
import type { PrivateAddresses } from '../ports/http-client.ts';
import type { Route, SentBy } from './fetcher.ts';

/** Redirects that a fetch follows (design, section 13). */
export const MAX_REDIRECTS = 5;

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

/** A route as it goes on record: without anything that the proxy is told. */
export function sentBy(route: Route | undefined): SentBy | undefined {
  return route && { proxy: route.proxy?.id ?? null, userAgent: route.userAgent };
}

/**
 * Which addresses that are not public a request may reach, as the operator has said: the origin of his own
 * base URL may lie anywhere, and where he opens his network every host may lie in it.
 */
export function privateAddressesFor(
  url: URL,
  allowed: { readonly allowPrivateOrigin?: string; readonly allowPrivateNetwork?: boolean },
): PrivateAddresses {
  if (url.origin === allowed.allowPrivateOrigin) return 'any';
  return allowed.allowPrivateNetwork ? 'network' : 'none';
}

export function refused(message: string): Outcome {
  return { code: 'REFUSED', message };
}
