/** One HTTP exchange on the wire: no redirects followed, nothing decoded, nothing retried. */
export interface HttpClient {
  /** Never throws for what a site or a network does: that is a `failed` exchange. */
  send(request: HttpRequest): Promise<HttpExchange>;
  close(): Promise<void>;
}

export interface HttpRequest {
  /** http or https. */
  readonly url: string;
  /** @default 'GET' */
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  /** A text is sent as UTF-8. @default nothing */
  readonly body?: string | Uint8Array;
  readonly limits: HttpLimits;
  readonly privateAddresses: PrivateAddresses;
  readonly signal?: AbortSignal;
  /** Called when there is a connection, and the request goes out over it. */
  readonly onSent?: () => void;
  /**
   * True cuts a body behind `maxWireBytes` bytes, and closes its connection, instead of failing. @default
   * false
   */
  readonly cutsBody?: boolean;
  /**
   * Takes the body of a response of status 200 piece by piece, so that it may be larger than memory: the
   * response's own body is empty then. Any other is collected, up to a million bytes. Nothing more is read
   * while a promise that it gave is open; `bodyMs` is then the limit of a silence, and waits with it. A
   * promise that rejects is a bug, and so is its reason.
   */
  readonly onBody?: (piece: Uint8Array) => Promise<void>;
  /** The request goes through it; the name is resolved and checked here all the same. @default straight */
  readonly proxy?: ProxyServer;
}

/** A server that requests go through. Printing one shows no credentials. */
export interface ProxyServer {
  /** `host:port`, and `host:port#2` for another account there: what goes on record. */
  readonly id: string;
  readonly protocol: 'http' | 'https' | 'socks5';
  readonly host: string;
  readonly port: number;
  /** For the connection alone: never on record. */
  credentials(): { readonly username: string; readonly password: string } | undefined;
}

/**
 * How a proxy failed before there was a way to the site. `connect`: it is not there. `auth`: it wants other
 * credentials. `protocol`: it is no such proxy. `tunnel`: it says that it cannot reach the site. `timeout`:
 * it gave no answer in time.
 */
export type ProxyFailureRule = `proxy/${'connect' | 'auth' | 'protocol' | 'tunnel' | 'timeout'}`;

/**
 * Which addresses that are not public one request may connect to. `network`: loopback and those of private
 * networks. `any`: link-local (cloud metadata among them) and all other special ones as well.
 */
export type PrivateAddresses = 'none' | 'network' | 'any';

export interface HttpLimits {
  /** Milliseconds for each phase, and for the whole exchange. */
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyMs: number;
  readonly totalMs: number;
  /** Bytes of the body as they come over the wire. */
  readonly maxWireBytes: number;
}

export type HttpExchange = HttpResponse | HttpFailure;

export interface HttpResponse {
  readonly kind: 'response';
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  /**
   * In the order and case of the wire; a repeated header stands repeatedly. Transfer-Encoding is already
   * undone.
   */
  readonly headers: readonly (readonly [string, string])[];
  /** The body as it came: still gzip, br or zstd where Content-Encoding says so. */
  readonly body: Uint8Array;
  /** The address that answered, for the record. */
  readonly remoteAddress?: string;
}

export interface HttpFailure {
  readonly kind: 'failed';
  readonly url: string;
  readonly code: 'TIMEOUT' | 'NETWORK_ERROR' | 'TOO_LARGE' | 'REFUSED';
  /** Which phase or check failed, and how: `connect: ECONNREFUSED 127.0.0.1:80`. */
  readonly message: string;
  /** The proxy failed, and nothing is known of the site. */
  readonly rule?: ProxyFailureRule;
}
