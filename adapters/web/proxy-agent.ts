import type { Agent, AgentOptions } from 'node:http';
import type { RequestOptions, Agent as SecureAgent } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { ProxyServer } from '../../core/ports/http-client.ts';
import { http, https, tls } from './node-http.ts';
import { openTunnel } from './proxy-tunnel.ts';

/** What a request says of the connection that may have to be made for it. */
export interface TunnelRequest {
  /** Aborted when the request is over. */
  readonly signal: AbortSignal;
  /** The proxy is through. */
  onTunnel(): void;
}

interface TunnelOptions extends RequestOptions {
  readonly tunnel: TunnelRequest;
  readonly lookup: LookupFunction;
}

/** The address at the other end of a tunnel: its socket knows that of the proxy alone. */
const farEnds = new WeakMap<object, string>();

/** The address of the site behind this connection. */
export function farEndOf(socket: Socket): string | undefined {
  return farEnds.get(socket);
}

/**
 * Keeps connections through one proxy alive. The name of a site is resolved by the `lookup` of the request,
 * and the proxy is given the address: what was checked is what is connected to. TLS and the Host header go by
 * the name.
 */
export function proxyAgent(proxy: ProxyServer, secure: boolean, keeping: AgentOptions): Agent | SecureAgent {
  const agent = secure ? new (https().Agent)(keeping) : new http.Agent(keeping);
  agent.createConnection = (options, callback) => {
    const made = secure ? connectSecurely : connectPlainly;
    made(proxy, options as TunnelOptions).then(
      (socket) => callback?.(null, socket),
      (error: Error) => callback?.(error, undefined as never),
    );
    return undefined;
  };
  return agent;
}

async function connectPlainly(proxy: ProxyServer, options: TunnelOptions): Promise<Socket> {
  const { host, port, lookup, tunnel } = options;
  const address = await addressOf(String(host), lookup);
  const socket = await openTunnel(proxy, { address, port: Number(port) }, tunnel.signal);
  tunnel.onTunnel();
  farEnds.set(socket, address);
  return socket;
}

async function connectSecurely(proxy: ProxyServer, options: TunnelOptions): Promise<Socket> {
  const under = await connectPlainly(proxy, options);
  const { tunnel, lookup: _, path: __, ...secure } = options;
  const socket = tls().connect({ ...(secure as object), socket: under });
  const hangUp = () => void socket.destroy();
  tunnel.signal.addEventListener('abort', hangUp, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the connection was closed in the TLS handshake')));
    });
  } finally {
    tunnel.signal.removeEventListener('abort', hangUp);
  }
  farEnds.set(socket, farEnds.get(under)!);
  return socket;
}

/** One address that may be reached; of both kinds the older, which more proxies can reach. */
function addressOf(host: string, lookup: LookupFunction): Promise<string> {
  if (isIP(host) !== 0) return Promise.resolve(host);
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, found) => {
      if (error) return reject(error);
      const all = Array.isArray(found) ? found : [{ address: found, family: 4 }];
      resolve((all.find(({ family }) => family === 4) ?? all[0]!).address);
    });
  });
}
