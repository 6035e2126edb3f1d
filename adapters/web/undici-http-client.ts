import { Agent, Client, type Dispatcher, Pool } from 'undici';
import type { HttpClient, HttpExchange, HttpRequest } from '../../core/ports/http-client.ts';
import { beginExchange, type Connection, Exchange, MAX_HEADER_BYTES } from './exchange.ts';
import { guardedConnector } from './guarded-connector.ts';
import { type ResolveHost, resolveWithSystem } from './guarded-lookup.ts';

export interface UndiciHttpClientOptions {
  /** How host names become addresses. @default the machine's resolver */
  readonly resolve?: ResolveHost;
}

/**
 * HTTP/1.1 over keep-alive connections. Connections are pooled apart by `allowPrivateAddress`, so that one
 * opened with that permission never serves a request without it, and by the connect limit, which is a
 * property of the socket. `send` rejects only with the reason of the caller's own signal, or for a request that
 * cannot be written (a line break in a header).
 */
export class UndiciHttpClient implements HttpClient {
  readonly #resolve: ResolveHost;
  readonly #agents = new Map<string, Agent>();
  #closed = false;

  constructor(options: UndiciHttpClientOptions = {}) {
    this.#resolve = options.resolve ?? resolveWithSystem;
  }

  send(request: HttpRequest): Promise<HttpExchange> {
    return beginExchange(request, this.#closed, (exchange, url) => {
      const agent = this.#agentFor(request.allowPrivateAddress, request.limits.connectMs);
      const path = url.pathname + url.search;
      const options = {
        origin: url.origin,
        path,
        method: 'GET',
        headers: request.headers,
        exchange,
      } as const;
      agent.dispatch(options, exchange);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
  }

  #agentFor(allowPrivateAddress: boolean, connectMs: number): Agent {
    const key = `${allowPrivateAddress} ${connectMs}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const connect = guardedConnector({ allowPrivateAddress, connectMs, resolve: this.#resolve });
    const agent = new Agent({
      // Zero switches undici's own time-outs off: they tick in seconds, Exchange keeps ours.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: MAX_HEADER_BYTES,
      factory: (origin, options) =>
        new Pool(origin, {
          ...(options as Pool.Options),
          connect,
          factory: (url, clientOptions) => new TracedClient(url, clientOptions),
        }),
    });
    this.#agents.set(key, agent);
    return agent;
  }
}

/** A pooled connection that tells its requests which address answers them; undici itself keeps that to itself. */
class TracedClient extends Client {
  readonly #connection: Connection;

  constructor(url: URL, options: Client.Options) {
    const connection: Connection = {};
    const connect = options.connect;
    super(url, {
      ...options,
      connect:
        typeof connect !== 'function'
          ? connect
          : (target, callback) =>
              connect(target, (error, socket) => {
                if (error !== null) return callback(error, null);
                connection.remoteAddress = socket.remoteAddress;
                callback(null, socket);
              }),
    });
    this.#connection = connection;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    // The handler arrives wrapped, the options as they were given.
    if ('exchange' in options && options.exchange instanceof Exchange) {
      options.exchange.connection = this.#connection;
    }
    return super.dispatch(options, handler);
  }
}
