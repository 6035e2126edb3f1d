import { INDEX_ID, ROBOTS_ID } from '../lake/log-tables.ts';
import { isIdentifier } from '../source/identifier.ts';
import { LISTED_STATUSES, type ListedItem, type Source } from '../source/source.ts';
import { LOOK_UP_ID } from './progress.ts';

/** Names that the attempts table gives to what is no item. */
const RESERVED_IDS: ReadonlySet<string> = new Set([INDEX_ID, ROBOTS_ID, LOOK_UP_ID]);

/** Characters; no browser and no proxy promises more, and failures and messages carry it. */
export const MAX_URL_LENGTH = 2048;

/**
 * The first thing that is wrong with listed items, after those of earlier pages; undefined where nothing is.
 * `who` lists them, for the message.
 */
export function wrongItem(
  { baseUrl }: Source,
  listed: ReadonlySet<string>,
  items: readonly ListedItem[],
  who: string,
): string | undefined {
  const seen = new Set(listed);
  for (const { id, url, status = 'ready' } of items) {
    if (!isIdentifier(id)) return `${who} lists an item whose id is no identifier: ${JSON.stringify(id)}`;
    if (RESERVED_IDS.has(id)) return `${who} lists an item with the reserved id ${id}`;
    if (url.length > MAX_URL_LENGTH)
      return `${who} lists an address of ${url.length} characters for item ${id}`;
    if (!isWebAddress(URL.parse(url, baseUrl)))
      return `${who} lists item ${id} at ${url}, which is no address`;
    if (!LISTED_STATUSES.includes(status)) return `${who} lists item ${id} as ${JSON.stringify(status)}`;
    if (seen.has(id)) return `${who} lists item ${id} twice`;
    seen.add(id);
  }
  return undefined;
}

/** True for what can be asked for at all. */
export function isWebAddress(url: URL | null): url is URL {
  return url !== null && /^https?:$/.test(url.protocol);
}
