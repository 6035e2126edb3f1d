import type { ProxyServer } from '../../../core/ports/http-client.ts';
import { parseProxies } from '../../../core/proxies/proxy-server.ts';

/** The proxies of a list that is right; throws where it is not. */
export function proxiesIn(text: string): readonly ProxyServer[] {
  const parsed = parseProxies(text);
  if (parsed.kind === 'problem') throw new Error(parsed.problem);
  return parsed.proxies;
}
