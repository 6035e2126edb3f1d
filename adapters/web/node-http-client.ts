import * as http from 'node:http';
import * as https from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { addressRefusal } from '../../core/fetch/address-guard.ts';
import type { HttpClient, HttpExchange, HttpRequest } from '../../core/ports/http-client.ts';
import { beginExchange, type Exchange, MAX_HEADER_BYTES } from './exchange.ts';
import { AddressRefusedError, guardedLookup, type ResolveHost, resolveWithSystem } from './guarded-lookup.ts';

export interface NodeHttpClientOptions {
  /** How host names become addresses. @default the machine's resolver */
  readonly resolve?: ResolveHost;
}

/** Milliseconds after the connect limit until a socket that still connects is destroyed. */
const LET_GO_MS = 1000;

/**
 * HTTP/1.1 with what Node brings: for Lambdas, where undici would be 170 KB of a bundle. It serves half as many pages a
 * second, which is far more than any site is asked for. Keeps connections alive, those that were opened with permission for
 * private addresses apart. `send` rejects only with the reason of the caller's own signal, or for a request that cannot be
 * written (a line break in a header).
 */
export class NodeHttpClient implements HttpClient {
  readonly #resolve: ResolveHost;
  readonly #agents = new Map<string, http.Agent | https.Agent>();
  #closed = false;

  constructor(options: NodeHttpClientOptions = {}) {
    this.#resolve = options.resolve ?? resolveWithSystem;
  }

  send(request: HttpRequest): Promise<HttpExchange> {
    return beginExchange(request, this.#closed, (exchange, url) => {
      // A literal address never reaches the lookup.
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const refusal = request.allowPrivateAddress || isIP(host) === 0 ? undefined : addressRefusal(host);
      if (refusal === undefined) this.#start(request, url, host, exchange);
      else exchange.onResponseError(undefined, new AddressRefusedError(refusal));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #start(request: HttpRequest, url: URL, host: string, exchange: Exchange): void {
    const secure = url.protocol === 'https:';
    const { allowPrivateAddress, limits, headers } = request;
    let sent: http.ClientRequest;
    try {
      sent = (secure ? https : http).request({
        agent: this.#agentFor(secure, allowPrivateAddress),
        host,
        ...(url.port !== '' && { port: url.port }),
        path: url.pathname + url.search,
        method: 'GET',
        headers: { ...headers },
        maxHeaderSize: MAX_HEADER_BYTES,
        lookup: guardedLookup({ allowPrivateAddress, resolve: this.#resolve }),
      });
    } catch (error) {
      exchange.abandon(error);
      return;
    }
    let answered = false;
    const controller = controllerOf(sent);
    sent.once('socket', (socket) => {
      const ready = () => {
        exchange.connection = remoteOf(socket);
        exchange.onRequestStart(controller);
      };
      if (sent.reusedSocket) return ready();
      // The exchange tells of the time-out; after it, the socket of a host that never answers has to be let go.
      const giveUp = setTimeout(() => socket.destroy(), limits.connectMs + LET_GO_MS);
      socket.once('close', () => clearTimeout(giveUp));
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        clearTimeout(giveUp);
        ready();
      });
    });
    sent.once('response', (response) => {
      answered = true;
      controller.rawHeaders = response.rawHeaders;
      exchange.onResponseStart(controller, response.statusCode ?? 0, undefined, response.statusMessage);
      response.on('data', (chunk: Buffer) => exchange.onResponseData(controller, chunk));
      response.once('end', () => exchange.onResponseEnd());
      response.once('error', (error) => exchange.onResponseError(controller, error));
    });
    sent.once('error', (error: NodeJS.ErrnoException) => {
      // The site closed an idle connection just when it was taken up again: nothing was answered, so ask on a new one.
      const stale = sent.reusedSocket && !answered && error.code === 'ECONNRESET' && !exchange.isOver;
      if (stale && !this.#closed) this.#start(request, url, host, exchange);
      else exchange.onResponseError(controller, error);
    });
    sent.end();
  }

  #agentFor(secure: boolean, allowPrivateAddress: boolean): http.Agent | https.Agent {
    const key = `${secure} ${allowPrivateAddress}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const agent = secure ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
    this.#agents.set(key, agent);
    return agent;
  }
}

/** What an exchange needs of the request under it. */
function controllerOf(sent: http.ClientRequest) {
  return {
    aborted: false,
    paused: false,
    reason: null,
    rawHeaders: [] as string[],
    abort: (reason: Error) => void sent.destroy(reason),
    pause: () => {},
    resume: () => {},
  };
}

function remoteOf(socket: Duplex & { readonly remoteAddress?: string }) {
  return socket.remoteAddress === undefined ? {} : { remoteAddress: socket.remoteAddress };
}
