import type { ProxyServer } from '../ports/http-client.ts';

/** `port`: what an address without one means. The URL standard knows none of SOCKS: it has to be there. */
const PROTOCOLS: Readonly<
  Record<string, { readonly protocol: ProxyServer['protocol']; readonly port?: number }>
> = {
  'http:': { protocol: 'http', port: 80 },
  'https:': { protocol: 'https', port: 443 },
  'socks5:': { protocol: 'socks5' },
};

const FORM = 'give http://, https:// or socks5:// with host and port, and user:password@ where it wants them';

const encoder = new TextEncoder();

export type ProxyList =
  | { readonly kind: 'proxies'; readonly proxies: readonly ProxyServer[] }
  /** One line, without anything that may be a password. */
  | { readonly kind: 'problem'; readonly problem: string };

/**
 * Proxies by their addresses, separated by commas or white space. In user and password a comma, a space, `@`,
 * `:` and `/` are percent-encoded. An address that stands there twice is one proxy.
 */
export function parseProxies(text: string): ProxyList {
  const listed = text.split(/\s*,\s*|\s+/);
  // White space and one comma at either end say nothing; between two commas an address is missing.
  const inner = listed.slice(listed[0] === '' ? 1 : 0, listed.at(-1) === '' ? -1 : undefined);
  const gap = inner.indexOf('');
  if (gap >= 0) return { kind: 'problem', problem: `proxy ${gap + 1} of ${inner.length} is empty: ${FORM}` };
  const addresses = [...new Set(inner)];
  const proxies: ProxyServer[] = [];
  const accounts = new Map<string, number>();
  for (const [at, address] of addresses.entries()) {
    const parsed = parseProxy(address);
    if (typeof parsed === 'string')
      return { kind: 'problem', problem: `proxy ${at + 1} of ${addresses.length} ${parsed}: ${FORM}` };
    const place = `${parsed.host}:${parsed.port}`;
    const account = (accounts.get(place) ?? 0) + 1;
    accounts.set(place, account);
    proxies.push(proxyServer(account === 1 ? place : `${place}#${account}`, parsed));
  }
  return { kind: 'proxies', proxies };
}

interface ProxyAddress extends Pick<ProxyServer, 'protocol' | 'host' | 'port'> {
  readonly username: string;
  readonly password: string;
}

/** What is wrong with it where it is none; what stands in it is not repeated. */
function parseProxy(address: string): ProxyAddress | string {
  const url = URL.parse(address);
  const kind = url && PROTOCOLS[url.protocol];
  if (!url || !kind) return 'is no address of a proxy';
  const host = url.hostname.toLowerCase();
  if (!/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(host)) return 'has no host';
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') return 'has a path';
  const port = url.port === '' ? kind.port : Number(url.port);
  if (port === undefined) return 'has no port';
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === undefined || password === undefined)
    return 'has a user or password that is wrongly encoded';
  const isLong = [username, password].some((each) => encoder.encode(each).length > 255);
  if (isLong || username.includes(':') || (username === '' && password !== ''))
    return 'has a user or password that no proxy takes';
  return { protocol: kind.protocol, host, port, username, password };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function proxyServer(id: string, { username, password, ...place }: ProxyAddress): ProxyServer {
  const credentials = username === '' ? undefined : { username, password };
  return { ...place, host: place.host.replace(/^\[|\]$/g, ''), id, credentials: () => credentials };
}
