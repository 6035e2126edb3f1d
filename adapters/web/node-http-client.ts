import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import { isIP } from 'node:net';
import { addressRefusal } from '../../core/fetch/address-guard.ts';
import type {
  HttpClient,
  HttpExchange,
  HttpRequest,
  PrivateAddresses,
  ProxyServer,
} from '../../core/ports/http-client.ts';
import { Exchange } from './exchange.ts';
import { AddressRefusedError, guardedLookup, type ResolveHost, resolveWithSystem } from './guarded-lookup.ts';
import { http, https } from './node-http.ts';
import { farEndOf, proxyAgent, type TunnelRequest } from './proxy-agent.ts';

export interface NodeHttpClientOptions {
  /** How host names become addresses. @default the machine's resolver */
  readonly resolve?: ResolveHost;
}

/** Bytes of response headers; sites with long policies and many cookies pass Node's default of 16 KB. */
const MAX_HEADER_BYTES = 65_536;

/**
 * Sites close what was idle for five seconds or more: whoever takes up a connection just then has asked for
 * nothing.
 */
const KEEPING = { keepAlive: true, timeout: 4000 } as const;

/**
 * Hosts to which a connection is kept that nobody uses: a process has a thousand or so open files, and a run
 * may ask as many hosts within seconds.
 */
const MOST_KEPT_HOSTS = 200;

function keepFew(agent: Agent): void {
  const keeps = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) =>
    Object.keys(agent.freeSockets).length < MOST_KEPT_HOSTS && keeps(socket);
}

/**
 * HTTP/1.1 with what Node brings. Keeps connections alive, those that were opened with permission for private
 * addresses apart. `send` rejects only with the reason of the caller's own signal, or for a request that
 * cannot be written (a line break in a header). Whatever a server does ends as a `failed` exchange, and
 * nothing escapes it. Through a proxy the same checks hold: see `proxyAgent`.
 */
export class NodeHttpClient implements HttpClient {
  readonly #resolve: ResolveHost;
  readonly #agents = new Map<string, Agent | SecureAgent>();
  readonly #proxyAgents = new Map<ProxyServer, Map<string, Agent | SecureAgent>>();
  #closed = false;

  constructor(options: NodeHttpClientOptions = {}) {
    this.#resolve = options.resolve ?? resolveWithSystem;
  }

  send(request: HttpRequest): Promise<HttpExchange> {
    if (this.#closed) return Promise.reject(new Error('the HTTP client is closed'));
    if (request.signal?.aborted) return Promise.reject(request.signal.reason);
    const url = URL.parse(request.url);
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      const message = `${request.url} is no http or https address`;
      return Promise.resolve({ kind: 'failed', url: request.url, code: 'REFUSED', message });
    }
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(request, resolve, reject);
      // A literal address never reaches the lookup.
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const refusal = isIP(host) === 0 ? undefined : addressRefusal(host, request.privateAddresses);
      if (refusal === undefined) this.#start(request, url, host, exchange);
      else exchange.onError(new AddressRefusedError(refusal));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const agent of this.#agents.values()) agent.destroy();
    for (const agents of this.#proxyAgents.values()) for (const agent of agents.values()) agent.destroy();
  }

  #start(request: HttpRequest, url: URL, host: string, exchange: Exchange): void {
    const secure = url.protocol === 'https:';
    const { privateAddresses, headers, method = 'GET', body, proxy } = request;
    const over = proxy && new AbortController();
    const tunnel: TunnelRequest | undefined = over && {
      signal: over.signal,
      onTunnel: () => exchange.onTunnel(),
    };
    let sent: ClientRequest;
    try {
      sent = (secure ? https() : http).request({
        agent: this.#agentFor(secure, privateAddresses, proxy),
        host,
        ...(url.port !== '' && { port: url.port }),
        path: url.pathname + url.search,
        method,
        headers: { ...headers, ...(body !== undefined && { 'Content-Length': Buffer.byteLength(body) }) },
        maxHeaderSize: MAX_HEADER_BYTES,
        lookup: guardedLookup({ privateAddresses, resolve: this.#resolve }),
        ...(tunnel && { tunnel }),
      });
    } catch (error) {
      exchange.abandon(error);
      return;
    }
    exchange.hangUp = () => {
      over?.abort();
      sent.destroy();
    };
    sent.once('socket', (socket) => {
      const ready = () => exchange.onConnected(farEndOf(socket) ?? socket.remoteAddress);
      if (!sent.reusedSocket && !proxy) socket.once(secure ? 'secureConnect' : 'connect', ready);
      else ready();
    });
    sent.once('response', (response) => {
      const { statusCode = 0, statusMessage = '', rawHeaders } = response;
      exchange.onResponse(statusCode, statusMessage, rawHeaders);
      response.on('error', (error) => exchange.onError(error));
      if (exchange.isPassedOn) return void passOn(response, exchange);
      response.on('data', (chunk: Buffer) => exchange.onData(chunk));
      response.once('end', () => exchange.onEnd());
    });
    // `on` and not `once`, as above: Node tells a second error of a request that was destroyed, and of one
    // that is over. Not asked again where the site hung up on a kept connection: it may have seen the
    // request, and each is an attempt.
    sent.on('error', (error) => exchange.onError(error));
    sent.once('upgrade', (_response, socket) => {
      socket.on('error', () => undefined).destroy();
      exchange.onError(new Error('another protocol, which nobody asked for'));
    });
    // Nothing ends without a word, whatever Node makes of a connection that is gone.
    // A body that is passed on may be whole and not yet taken: its own end tells.
    sent.once('close', () => {
      if (!exchange.isOver && !exchange.isPassedOn) exchange.onError(new Error('the connection was closed'));
    });
    sent.end(body);
  }

  #agentFor(
    secure: boolean,
    privateAddresses: PrivateAddresses,
    proxy: ProxyServer | undefined,
  ): Agent | SecureAgent {
    const key = `${secure} ${privateAddresses}`;
    const agents = proxy ? this.#agentsOf(proxy) : this.#agents;
    const known = agents.get(key);
    if (known !== undefined) return known;
    const plain = () => (secure ? new (https().Agent)(KEEPING) : new http.Agent(KEEPING));
    const agent = proxy ? proxyAgent(proxy, secure, KEEPING) : plain();
    keepFew(agent);
    agents.set(key, agent);
    return agent;
  }

  #agentsOf(proxy: ProxyServer): Map<string, Agent | SecureAgent> {
    const agents = this.#proxyAgents.get(proxy) ?? new Map<string, Agent | SecureAgent>();
    this.#proxyAgents.set(proxy, agents);
    return agents;
  }
}

/** One piece after the other: the socket is read no faster than they are taken. */
async function passOn(response: IncomingMessage, exchange: Exchange): Promise<void> {
  try {
    for await (const piece of response) await exchange.pass(piece as Buffer);
    exchange.onEnd();
  } catch (error) {
    exchange.onError(error instanceof Error ? error : new Error(String(error)));
  }
}
