import type { IncomingMessage } from 'node:http';

/** One request as the site saw it. */
export interface RequestLogEntry {
  readonly method: string;
  /** Query included. */
  readonly path: string;
  /** 0 where no answer was sent (hang, reset). */
  readonly status: number;
  /** When it came in; milliseconds since the epoch. */
  readonly at: number;
  /** Kind of the fault that it met. */
  readonly fault?: string;
  readonly userAgent?: string;
  readonly acceptEncoding?: string;
  readonly ifNoneMatch?: string;
  readonly ifModifiedSince?: string;
}

/** Header values that all requests of a client share are held once. */
export class RequestLog {
  readonly entries: RequestLogEntry[] = [];
  readonly #shared = new Map<string, string>();
  readonly #onEntry: ((entry: RequestLogEntry) => void) | undefined;

  constructor(onEntry?: (entry: RequestLogEntry) => void) {
    this.#onEntry = onEntry;
  }

  add(request: IncomingMessage, at: number, status: number, fault: string | undefined): void {
    const { headers } = request;
    const entry: RequestLogEntry = {
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      status,
      at,
      ...(fault && { fault }),
      ...(headers['user-agent'] && { userAgent: this.#share(headers['user-agent']) }),
      ...(headers['accept-encoding'] && { acceptEncoding: this.#share(String(headers['accept-encoding'])) }),
      ...(headers['if-none-match'] && { ifNoneMatch: headers['if-none-match'] }),
      ...(headers['if-modified-since'] && { ifModifiedSince: headers['if-modified-since'] }),
    };
    this.entries.push(entry);
    this.#onEntry?.(entry);
  }

  #share(text: string): string {
    const known = this.#shared.get(text);
    if (known !== undefined) return known;
    this.#shared.set(text, text);
    return text;
  }
}
