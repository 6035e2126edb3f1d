import { createRequire } from 'node:module';

/**
 * True where both are pages of one registrable domain (`es.oak.k12.ca.us`, `oak.k12.ca.us`), or of one host.
 */
export function isOfSite(one: string, other: string): boolean {
  const [a, b] = [URL.parse(one), URL.parse(other)];
  if (!a || !b) return false;
  const domain = domainOf(a);
  return domain === undefined ? a.host === b.host : domain === domainOf(b) && a.port === b.port;
}

/**
 * By the list of public suffixes, those of hosters (`github.io`) included; undefined for an address of
 * numbers.
 */
function domainOf({ hostname }: URL): string | undefined {
  return tldts().getDomain(hostname, { allowPrivateDomains: true }) ?? undefined;
}

/**
 * Loaded by the first page that follows links: its list of suffixes is 130 KB. tldts is released with every
 * change of that list, has no dependency but its own core, and is what tough-cookie asks.
 */
function tldts(): typeof import('tldts') {
  return createRequire(import.meta.url)('tldts') as typeof import('tldts');
}
