import { headerValue } from '../../core/http/headers.ts';
import type { HttpExchange, HttpFailure, HttpRequest } from '../../core/ports/http-client.ts';
import { AddressRefusedError } from './guarded-lookup.ts';
import { ProxyError } from './proxy-error.ts';

/** `taking`: whoever takes the body piece by piece is busy with one. */
type Phase = 'connect' | 'headers' | 'body' | 'taking';

const PHASE_LIMIT = {
  connect: 'connectMs',
  headers: 'headersMs',
  body: 'bodyMs',
  taking: 'totalMs',
} as const;

/** Statuses that have no body, whatever their headers say (RFC 9110, section 6.4.1). */
const BODILESS = new Set([204, 304]);

/** Of a body that tells what went wrong where one was to be handed on. */
const MAX_ERROR_BYTES = 1_000_000;

/** Node's codes that do not mean NETWORK_ERROR. */
const FAILURE_CODES: Readonly<Record<string, HttpFailure['code']>> = {
  ETIMEDOUT: 'TIMEOUT',
  HPE_HEADER_OVERFLOW: 'TOO_LARGE',
};

/**
 * One request on its way: collects the response, holds it to its limits, and settles exactly once. Whatever
 * is told after that is passed over.
 */
export class Exchange {
  /** Closes the connection under an exchange that is over. */
  hangUp: () => void = () => {};
  readonly #request: HttpRequest;
  readonly #resolve: (exchange: HttpExchange) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #endsAt: number;
  #phase: Exclude<Phase, 'taking'> = 'connect';
  /** Milliseconds; the limit of the phase. */
  #limit = 0;
  /** When it is over; on the same clock as `#endsAt`. */
  #phaseEndsAt = 0;
  /** Until it is through, whatever fails is the proxy's. */
  #isBehindProxy: boolean;
  #settled = false;
  /** One for all phases: most end long before their limit, and nobody has to be woken for them. */
  #timer: NodeJS.Timeout | undefined;
  #timerEndsAt = Number.POSITIVE_INFINITY;
  #remoteAddress: string | undefined;
  #status = 0;
  #statusText = '';
  #headers: [string, string][] = [];
  #chunks: Buffer[] = [];
  #wireBytes = 0;
  #maxWireBytes: number;

  constructor(
    request: HttpRequest,
    resolve: (exchange: HttpExchange) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#isBehindProxy = request.proxy !== undefined;
    this.#maxWireBytes = request.limits.maxWireBytes;
    this.#endsAt = performance.now() + request.limits.totalMs;
    request.signal?.addEventListener('abort', this.#onAbort);
    this.#enter('connect');
  }

  get isOver(): boolean {
    return this.#settled;
  }

  /** The proxy has made its connection: from now on the site talks. */
  onTunnel(): void {
    this.#isBehindProxy = false;
  }

  /** There is a connection, TLS included, and the request goes out over it. */
  onConnected(remoteAddress: string | undefined): void {
    this.#remoteAddress = remoteAddress;
    this.#isBehindProxy = false;
    if (this.#settled) return;
    this.#enter('headers');
    this.#request.onSent?.();
  }

  /**
   * `rawHeaders`: names and values in turn, latin1, which keeps every byte of a value (RFC 9110, section
   * 5.5).
   */
  onResponse(status: number, statusText: string, rawHeaders: readonly string[]): void {
    if (this.#settled) return;
    this.#status = status;
    this.#statusText = statusText;
    for (let i = 0; i + 1 < rawHeaders.length; i += 2)
      this.#headers.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
    if (BODILESS.has(status)) {
      this.#complete();
      return;
    }
    const { cutsBody = false, onBody } = this.#request;
    // What is collected of a body that was to be handed on is only what went wrong.
    if (onBody && status !== 200) this.#maxWireBytes = Math.min(this.#maxWireBytes, MAX_ERROR_BYTES);
    const maxWireBytes = this.#maxWireBytes;
    const declared = Number(headerValue(this.#headers, 'content-length') ?? 0);
    if (declared > maxWireBytes && !cutsBody) {
      this.#fail('TOO_LARGE', `body: ${declared} bytes announced, ${maxWireBytes} allowed`);
      return;
    }
    this.#enter('body');
  }

  /** True where the body is handed on piece by piece: `pass` is called for each, instead of `onData`. */
  get isPassedOn(): boolean {
    return this.#request.onBody !== undefined && this.#status === 200;
  }

  /** Hands a piece on; resolves when the next one may come. */
  async pass(piece: Buffer): Promise<void> {
    if (this.#settled) return;
    this.#wireBytes += piece.length;
    const maxWireBytes = this.#maxWireBytes;
    if (this.#wireBytes > maxWireBytes) {
      this.#fail('TOO_LARGE', `body: more than ${maxWireBytes} bytes on the wire`);
      return;
    }
    // Only the end of the whole exchange runs on while the taker works.
    this.#enter('taking');
    try {
      await this.#request.onBody?.(piece);
    } catch (error) {
      this.abandon(error);
      this.hangUp();
    }
    if (!this.#settled) this.#enter('body');
  }

  onData(chunk: Buffer): void {
    if (this.#settled) return;
    this.#wireBytes += chunk.length;
    const maxWireBytes = this.#maxWireBytes;
    if (this.#wireBytes > maxWireBytes && this.#request.cutsBody) {
      this.#chunks.push(chunk.subarray(0, chunk.length - (this.#wireBytes - maxWireBytes)));
      this.#wireBytes = maxWireBytes;
      this.#complete();
      this.hangUp();
      return;
    }
    if (this.#wireBytes > maxWireBytes) {
      this.#fail('TOO_LARGE', `body: more than ${maxWireBytes} bytes on the wire`);
      return;
    }
    this.#chunks.push(chunk);
  }

  onEnd(): void {
    if (!this.#settled) this.#complete();
  }

  onError(error: Error): void {
    if (this.#settled) return;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (error instanceof AddressRefusedError) this.#fail('REFUSED', `connect: ${error.message}`);
    else if (error instanceof ProxyError) this.#fail('NETWORK_ERROR', `proxy: ${error.message}`, error.rule);
    else this.#fail(FAILURE_CODES[code] ?? 'NETWORK_ERROR', `${this.#phase}: ${describe(error)}`);
  }

  /** Rejects: a request that cannot be written at all is a bug of ours, not an event on the network. */
  abandon(error: unknown): void {
    this.#settle(() => this.#reject(error));
  }

  #enter(phase: Phase): void {
    this.#phase = phase === 'taking' ? 'body' : phase;
    this.#limit = this.#request.limits[PHASE_LIMIT[phase]];
    const now = performance.now();
    this.#phaseEndsAt = now + this.#limit;
    this.#wakeAt(Math.min(this.#phaseEndsAt, this.#endsAt), now);
  }

  /** A timer that is due before that looks then how things are. */
  #wakeAt(time: number, now: number): void {
    if (this.#timerEndsAt <= time) return;
    clearTimeout(this.#timer);
    this.#timerEndsAt = time;
    this.#timer = setTimeout(this.#onTimer, Math.max(0, time - now));
  }

  readonly #onTimer = (): void => {
    this.#timerEndsAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    const phaseEndsAt = this.#phaseEndsAt;
    const endsAt = Math.min(phaseEndsAt, this.#endsAt);
    // Timers count whole milliseconds, and may be early by a part of one.
    if (endsAt - now >= 1) this.#wakeAt(endsAt, now);
    else this.#expire(phaseEndsAt < this.#endsAt, phaseEndsAt);
  };

  #expire(ofPhase: boolean, phaseEndsAt: number): void {
    // Our own parsing may have kept the loop busy past the deadline: let what has arrived meanwhile count
    // first.
    setImmediate(() => {
      // Where the next phase has begun, there is a timer for it.
      if (this.#settled || (ofPhase && this.#phaseEndsAt !== phaseEndsAt)) return;
      const phase = this.#phase;
      const limit = ofPhase ? this.#limit : this.#request.limits.totalMs;
      const came = phase === 'body' ? `, ${this.#wireBytes} bytes had come` : '';
      const where = this.#isBehindProxy ? 'proxy' : phase;
      const rule = this.#isBehindProxy ? 'proxy/timeout' : undefined;
      this.#fail(
        'TIMEOUT',
        `${ofPhase ? where : `total, in ${where}`}: not done within ${limit} ms${came}`,
        rule,
      );
    });
  }

  readonly #onAbort = (): void => {
    this.#settle(() => this.#reject(this.#request.signal?.reason));
    this.hangUp();
  };

  #complete(): void {
    this.#settle(() =>
      this.#resolve({
        kind: 'response',
        url: this.#request.url,
        status: this.#status,
        statusText: this.#statusText,
        headers: this.#headers,
        body: this.#body(),
        remoteAddress: this.#remoteAddress,
      }),
    );
  }

  /** Copied where it is in pieces, and where most of what its one piece was read with is not of it. */
  #body(): Buffer {
    const [only] = this.#chunks;
    const isWhole = this.#chunks.length === 1 && only!.buffer.byteLength <= 2 * only!.length;
    return isWhole ? only! : Buffer.concat(this.#chunks, this.#wireBytes);
  }

  #fail(code: HttpFailure['code'], message: string, rule?: HttpFailure['rule']): void {
    const { url } = this.#request;
    this.#settle(() => this.#resolve({ kind: 'failed', url, code, message, ...(rule && { rule }) }));
    this.hangUp();
  }

  #settle(finish: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    finish();
    this.#chunks = [];
  }
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
