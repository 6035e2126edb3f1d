import { createRequire } from 'node:module';
import { connect, isIP, type Socket } from 'node:net';
import type { ProxyServer } from '../../core/ports/http-client.ts';
import { http, tls } from './node-http.ts';
import { ProxyError } from './proxy-error.ts';

/** Where a tunnel ends: an address that was checked, never a name. */
export interface TunnelEnd {
  readonly address: string;
  readonly port: number;
}

/** Milliseconds; the exchange gives up long before, and says so in its own words. */
const SOCKS_MS = 600_000;

/**
 * A connection through the proxy to an address; bytes that are written to it arrive there. Rejects with a
 * ProxyError where the proxy fails, and where the signal is aborted.
 */
export async function openTunnel(proxy: ProxyServer, end: TunnelEnd, signal: AbortSignal): Promise<Socket> {
  const socket = proxy.protocol === 'https' ? overTls(proxy) : connect(proxy.port, proxy.host);
  // A proxy may break off at any time, also while nobody listens.
  socket.on('error', () => {});
  const hangUp = () => void socket.destroy();
  if (signal.aborted) hangUp();
  signal.addEventListener('abort', hangUp, { once: true });
  try {
    await connected(socket, proxy);
    return await (proxy.protocol === 'socks5'
      ? throughSocks(socket, proxy, end)
      : throughHttp(socket, proxy, end));
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', hangUp);
  }
}

function overTls({ host, port }: ProxyServer): Socket {
  return tls().connect({ host, port, ...(isIP(host) === 0 && { servername: host }) });
}

function connected(socket: Socket, { protocol, id }: ProxyServer): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error?: NodeJS.ErrnoException) =>
      reject(new ProxyError('proxy/connect', `cannot connect to ${id}: ${error?.code ?? 'it hung up'}`));
    socket.once('error', fail);
    socket.once('close', () => fail());
    socket.once(protocol === 'https' ? 'secureConnect' : 'connect', () => resolve());
  });
}

/** CONNECT (RFC 9110, section 9.3.6), for http as well as for https: with an address in it, not a name. */
function throughHttp(socket: Socket, proxy: ProxyServer, { address, port }: TunnelEnd): Promise<Socket> {
  const { id } = proxy;
  const path = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  const credentials = proxy.credentials();
  const basic =
    credentials && Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return new Promise((resolve, reject) => {
    const asked = http.request({
      method: 'CONNECT',
      path,
      headers: { Host: path, ...(basic !== undefined && { 'Proxy-Authorization': `Basic ${basic}` }) },
      createConnection: () => socket,
    });
    const noProxy = (what: string) => reject(new ProxyError('proxy/protocol', `${id} ${what}`));
    asked.once('connect', ({ statusCode = 0 }, tunnel: Socket, head) => {
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) tunnel.unshift(head);
        resolve(tunnel);
      } else if (statusCode === 407) {
        reject(new ProxyError('proxy/auth', `${id} wants other credentials (HTTP 407)`));
      } else reject(new ProxyError('proxy/tunnel', `${id} makes no connection: HTTP ${statusCode}`));
    });
    asked.once('upgrade', () => noProxy('speaks another protocol'));
    asked.on('error', ({ code }: NodeJS.ErrnoException) =>
      noProxy(code?.startsWith('HPE_') ? 'does not speak HTTP' : `hung up (${code ?? 'no answer'})`),
    );
    asked.once('close', () => noProxy('hung up'));
    asked.end();
  });
}

/** SOCKS 5 (RFC 1928, 1929), with an address and not a name. */
async function throughSocks(
  socket: Socket,
  proxy: ProxyServer,
  { address, port }: TunnelEnd,
): Promise<Socket> {
  const credentials = proxy.credentials();
  const { SocksClient } = socks();
  try {
    const made = await SocksClient.createConnection({
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type: 5,
        ...(credentials && { userId: credentials.username, password: credentials.password }),
      },
      command: 'connect',
      destination: { host: address, port },
      existing_socket: socket,
      timeout: SOCKS_MS,
    });
    return made.socket;
  } catch (error) {
    // The error itself carries the options, and in them the password.
    throw socksFailure(proxy.id, error instanceof Error ? error.message : '');
  }
}

/** Loaded by the first request that needs it: 70 KB that most processes never do. */
function socks(): typeof import('socks') {
  return createRequire(import.meta.url)('socks') as typeof import('socks');
}

function socksFailure(id: string, said: string): ProxyError {
  const refused = /rejected connection - (\w{1,40})/.exec(said);
  if (refused) return new ProxyError('proxy/tunnel', `${id} makes no connection: ${refused[1]}`);
  if (/auth/i.test(said)) return new ProxyError('proxy/auth', `${id} wants other credentials`);
  if (/closed/i.test(said)) return new ProxyError('proxy/protocol', `${id} hung up`);
  return new ProxyError('proxy/protocol', `${id} does not speak SOCKS 5`);
}
