import { isIP } from 'node:net';
import { headerValue } from '../../core/http/headers.ts';
import type { ProviderProblem } from '../../core/ports/batch-provider.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type {
  HttpClient,
  HttpExchange,
  HttpLimits,
  HttpRequest,
  HttpResponse,
} from '../../core/ports/http-client.ts';
import { bodyPieces } from './body-pieces.ts';
import { answerProblem, failureProblem, isRecord, notJson, parsedJson } from './gemini-problem.ts';

export interface GeminiApiOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Of a project; sent in a header, and in no message. */
  readonly apiKey: string;
  /**
   * Where the API is, a path included; nothing else is ever asked. Only a literal loopback address, or
   * `localhost`, leads to a private one. @default 'https://generativelanguage.googleapis.com'
   */
  readonly baseUrl?: string;
  /** @default 'v1beta' */
  readonly version?: string;
  /** Limits of every call but a download. @default what a chunk of 8 MiB takes on a slow line */
  readonly limits?: Partial<HttpLimits>;
}

/** One call: what it does goes into messages. */
export interface GeminiCall {
  /** `create the batch job x`: what a message begins with. */
  readonly action: string;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** From the root of the API: `v1beta/files/a?b=c`; or a whole address of the API's own. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or bytes as they are. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** True where a second call would be a second job: a lost answer is then `unclear`. @default false */
  readonly isOnce?: boolean;
}

export interface JsonAnswer {
  readonly kind: 'json';
  readonly value: Readonly<Record<string, unknown>>;
}

const GOOGLE = 'https://generativelanguage.googleapis.com';

/** A chunk of 8 MiB has to go out before headers come: three minutes are 45 KB a second. */
const LIMITS: HttpLimits = {
  connectMs: 10_000,
  headersMs: 180_000,
  bodyMs: 60_000,
  totalMs: 240_000,
  maxWireBytes: 32_000_000,
};

/** A file of results may have 2 GB, and is read as fast as its pages are stored. */
const DOWNLOAD_LIMITS: HttpLimits = {
  ...LIMITS,
  headersMs: 60_000,
  totalMs: 2 * 3_600_000,
  maxWireBytes: 2_147_483_648,
};

/** The Gemini API over REST: one request each, every end a value. */
export class GeminiApi {
  readonly version: string;
  readonly #options: GeminiApiOptions;
  readonly #base: URL;
  readonly #limits: HttpLimits;

  /** Throws a RangeError for a key that no header can hold. */
  constructor(options: GeminiApiOptions) {
    if (!/^[\x21-\x7e]+$/.test(options.apiKey)) throw new RangeError('the API key is empty, or no key');
    this.#options = options;
    this.#base = new URL(options.baseUrl ?? GOOGLE);
    this.version = options.version ?? 'v1beta';
    this.#limits = { ...LIMITS, ...options.limits };
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** The response of a call that succeeded, whatever its body is. */
  async send(call: GeminiCall): Promise<HttpResponse | ProviderProblem> {
    const { http, clock } = this.#options;
    let isSent = false;
    const exchange = await http.send({
      ...this.#request(call, this.#limits),
      onSent: () => {
        isSent = true;
      },
    });
    if (exchange.kind === 'failed')
      return this.problem({ ...call, isOnce: call.isOnce && isSent }, failureProblem(exchange));
    if (exchange.status >= 200 && exchange.status < 300) return exchange;
    return this.problem(call, answerProblem(exchange, clock.now()));
  }

  /** The JSON object that a call answers with. */
  async json(call: GeminiCall): Promise<JsonAnswer | ProviderProblem> {
    const response = await this.send(call);
    return response.kind === 'problem' ? response : this.jsonOf(call, response);
  }

  jsonOf(call: GeminiCall, response: HttpResponse): JsonAnswer | ProviderProblem {
    const value = parsedJson(response.body);
    if (isRecord(value)) return { kind: 'json', value };
    return this.unexpected(call, `HTTP ${response.status} ${notJson(response)}`);
  }

  /** An answer that is not what the API says it is. */
  unexpected(call: GeminiCall, message: string): ProviderProblem {
    return this.problem(call, { kind: 'problem', cause: 'server', message });
  }

  /** The body of a GET as it comes; a problem, returned at the end, where it is not whole. */
  async *download(call: GeminiCall): AsyncGenerator<Uint8Array, ProviderProblem | undefined> {
    const exchange: HttpExchange = yield* bodyPieces(
      this.#options.http,
      this.#request(call, DOWNLOAD_LIMITS),
    );
    if (exchange.kind === 'failed') return this.problem(call, failureProblem(exchange));
    if (exchange.status !== 200) return this.problem(call, answerProblem(exchange, this.clock.now()));
    const { headers } = exchange;
    if (!/^(?:identity)?$/i.test(headerValue(headers, 'content-encoding') ?? ''))
      return this.unexpected(call, 'a body that is coded, which nobody asked for');
    // Where only the end of the connection ends a body, a cut looks like the end of the file.
    const hasEnd = ['content-length', 'transfer-encoding'].some(
      (name) => headerValue(headers, name) !== undefined,
    );
    return hasEnd
      ? undefined
      : this.unexpected(call, 'a body without length: nobody can tell whether it is whole');
  }

  /**
   * A problem of a call, as its caller sees it: told on one line that names the call, without the key, which
   * a server may have repeated.
   */
  problem({ action, isOnce = false }: GeminiCall, problem: ProviderProblem): ProviderProblem {
    const isUnclear = isOnce && (problem.cause === 'server' || problem.cause === 'unreachable');
    const line = `gemini, ${action}: ${problem.message}`.replaceAll(this.#options.apiKey, '(key)');
    return {
      ...problem,
      cause: isUnclear ? 'unclear' : problem.cause,
      message: line.replace(/\s+/g, ' ').trim().slice(0, 500),
    };
  }

  #request({ method = 'GET', path, headers, body, signal }: GeminiCall, limits: HttpLimits): HttpRequest {
    return {
      url: this.#addressOf(path),
      method,
      headers: { 'X-Goog-Api-Key': this.#options.apiKey, 'Content-Type': 'application/json', ...headers },
      ...(body !== undefined && { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
      limits,
      privateAddresses: isLoopback(this.#base) ? 'network' : 'none',
      ...(signal && { signal }),
    };
  }

  /** The key goes nowhere else: of an address that a server gave, only what is behind the origin counts. */
  #addressOf(path: string): string {
    if (!/^https?:\/\//i.test(path)) return `${this.#base.href.replace(/\/$/, '')}/${path}`;
    const { pathname, search } = new URL(path);
    return `${this.#base.origin}${pathname}${search}`;
  }
}

/** This machine by a literal address or `localhost`; a name that only resolves to it is none. */
function isLoopback({ hostname }: URL): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
  );
}
