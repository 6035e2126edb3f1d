import type { Dispatcher } from 'undici';
import type { HttpExchange, HttpFailure, HttpRequest } from '../../core/ports/http-client.ts';
import { AddressRefusedError } from './guarded-lookup.ts';

/** What a pooled connection tells of itself. */
export interface Connection {
  remoteAddress?: string;
}

type Phase = 'connect' | 'headers' | 'body';

const PHASE_LIMIT = { connect: 'connectMs', headers: 'headersMs', body: 'bodyMs' } as const;

/** Statuses that have no body, whatever their headers say (RFC 9110, section 6.4.1). */
const BODILESS = new Set([204, 304]);

/** undici's and Node's codes that do not mean NETWORK_ERROR. */
const FAILURE_CODES: Readonly<Record<string, HttpFailure['code']>> = {
  UND_ERR_CONNECT_TIMEOUT: 'TIMEOUT',
  ETIMEDOUT: 'TIMEOUT',
  UND_ERR_HEADERS_OVERFLOW: 'TOO_LARGE',
  HPE_HEADER_OVERFLOW: 'TOO_LARGE',
};

/** Bytes of response headers; sites with long policies and many cookies pass Node's default of 16 KB. */
export const MAX_HEADER_BYTES = 65_536;

/**
 * `HttpClient.send`, but for how the request is sent: `start` does that. Rejects with the reason of a signal that is aborted
 * already and where the client is closed, and refuses what is no http or https address.
 */
export function beginExchange(
  request: HttpRequest,
  isClosed: boolean,
  start: (exchange: Exchange, url: URL) => void,
): Promise<HttpExchange> {
  if (isClosed) return Promise.reject(new Error('the HTTP client is closed'));
  if (request.signal?.aborted) return Promise.reject(request.signal.reason);
  const url = URL.parse(request.url);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    const message = `${request.url} is no http or https address`;
    return Promise.resolve({ kind: 'failed', url: request.url, code: 'REFUSED', message });
  }
  return new Promise((resolve, reject) => start(new Exchange(request, resolve, reject), url));
}

/**
 * One request on its way: collects the response, holds it to its limits, and settles exactly once. Handed to
 * undici as the dispatch handler itself, because a stream per response costs more than the response.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** Set by the connection that takes the request. */
  connection: Connection | undefined;
  readonly #request: HttpRequest;
  readonly #resolve: (exchange: HttpExchange) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #endsAt: number;
  #phase: Phase = 'connect';
  #settled = false;
  #timer: NodeJS.Timeout | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #statusText = '';
  #headers: [string, string][] = [];
  #chunks: Buffer[] = [];
  #wireBytes = 0;

  constructor(
    request: HttpRequest,
    resolve: (exchange: HttpExchange) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#endsAt = performance.now() + request.limits.totalMs;
    request.signal?.addEventListener('abort', this.#onAbort);
    this.#enter('connect');
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) this.#hangUp();
    else this.#enter('headers');
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText = '',
  ): void {
    if (this.#settled || status < 200) return;
    this.#status = status;
    this.#statusText = statusText;
    this.#headers = headerPairs(controller.rawHeaders);
    // undici takes the Content-Length of a 304 for a promise of bytes and fails the exchange when none come.
    if (BODILESS.has(status)) {
      this.#complete();
      return;
    }
    const { maxWireBytes } = this.#request.limits;
    const declared = Number(
      this.#headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? 0,
    );
    if (declared > maxWireBytes) {
      this.#fail('TOO_LARGE', `body: ${declared} bytes announced, ${maxWireBytes} allowed`);
      return;
    }
    this.#enter('body');
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.#settled) return;
    this.#wireBytes += chunk.length;
    const { maxWireBytes } = this.#request.limits;
    if (this.#wireBytes > maxWireBytes) {
      this.#fail('TOO_LARGE', `body: more than ${maxWireBytes} bytes on the wire`);
      return;
    }
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.#settled) this.#complete();
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#settled) return;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (code === 'UND_ERR_INVALID_ARG') this.abandon(error);
    else if (error instanceof AddressRefusedError) this.#fail('REFUSED', `connect: ${error.message}`);
    else this.#fail(FAILURE_CODES[code] ?? 'NETWORK_ERROR', `${this.#phase}: ${describe(error)}`);
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    clearTimeout(this.#timer);
    const left = this.#endsAt - performance.now();
    const limit = this.#request.limits[PHASE_LIMIT[phase]];
    this.#timer = setTimeout(() => this.#expire(phase, limit < left), Math.min(limit, left));
  }

  #expire(phase: Phase, ofPhase: boolean): void {
    // Our own parsing may have kept the loop busy past the deadline: let what has arrived meanwhile count first.
    setImmediate(() => {
      if (this.#settled || (ofPhase && this.#phase !== phase)) return;
      const { limits } = this.#request;
      const limit = ofPhase ? limits[PHASE_LIMIT[phase]] : limits.totalMs;
      const came = phase === 'body' ? `, ${this.#wireBytes} bytes had come` : '';
      this.#fail('TIMEOUT', `${ofPhase ? phase : `total, in ${phase}`}: not done within ${limit} ms${came}`);
    });
  }

  get isOver(): boolean {
    return this.#settled;
  }

  /** Rejects: a request that cannot be written at all is a bug of ours, not an event on the network. */
  abandon(error: unknown): void {
    this.#settle(() => this.#reject(error));
  }

  readonly #onAbort = (): void => {
    this.#settle(() => this.#reject(this.#request.signal?.reason));
    this.#hangUp();
  };

  #complete(): void {
    this.#settle(() =>
      this.#resolve({
        kind: 'response',
        url: this.#request.url,
        status: this.#status,
        statusText: this.#statusText,
        headers: this.#headers,
        // Copied together: a chunk is a view that would keep the 64 KB read buffer of its socket alive.
        body: Buffer.concat(this.#chunks, this.#wireBytes),
        remoteAddress: this.connection?.remoteAddress,
      }),
    );
  }

  #fail(code: HttpFailure['code'], message: string): void {
    this.#settle(() => this.#resolve({ kind: 'failed', url: this.#request.url, code, message }));
    this.#hangUp();
  }

  #settle(finish: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    finish();
    this.#chunks = [];
  }

  /** Closes the connection under an unfinished response; without one yet, the next event finds us settled. */
  #hangUp(): void {
    this.#controller?.abort(new Error('the exchange is over'));
  }
}

/** Raw bytes to pairs: latin1 keeps every byte of a field value (RFC 9110, section 5.5). */
function headerPairs(raw: Dispatcher.DispatchController['rawHeaders']): [string, string][] {
  if (!Array.isArray(raw)) return [];
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([latin1(raw[i]), latin1(raw[i + 1])]);
  return pairs;
}

function latin1(field: Buffer | string | undefined): string {
  return typeof field === 'string' ? field : (field?.toString('latin1') ?? '');
}

/** `ECONNREFUSED 127.0.0.1:80`; several tried addresses one after the other. */
function describe(error: Error): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map((each) => describe(each as Error)))].join(', ');
  }
  const { code, address, port, hostname } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
    hostname?: string;
  };
  if (code === undefined) return error.message;
  if (address !== undefined) return `${code} ${address}${port === undefined ? '' : `:${port}`}`;
  if (hostname !== undefined) return `${code} ${hostname}`;
  return error.message.includes(code) ? error.message : `${code} ${error.message}`;
}
