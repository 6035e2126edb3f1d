/** What is asked of a site. */
export interface PageRequest {
  /** Absolute, or relative to the source's base URL, where it has one. */
  readonly url: string;
  /** @default 'GET' */
  readonly method?: 'GET' | 'POST';
  /** Beside those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /**
   * Of a request that an answer asked for: the item is whole without it where the site does not have or not
   * give it, or where it is on another host than the item's own request and that host is still away (no
   * connection, or too slow) at the last try. The notes of its last attempt say so.
   * @default false
   */
  readonly optional?: boolean;
}

/** A response as a parser sees it: decoded, with its final address. */
export interface Page {
  /** After redirects. */
  readonly url: string;
  readonly status: number;
  /** Media type without parameters, lower case; empty where the site sent none. */
  readonly contentType: string;
  readonly text: string;
  /** `limits.maxElements` of the source: for `readHtml`. */
  readonly maxElements?: number;
}

/** Why a page gave no records, where the parser can tell. A parser that throws means PARSE_ERROR. */
export interface Rejected {
  readonly kind: 'rejected';
  /**
   * HTML_CHANGED: the landmarks are gone. NO_RECORDS: landmarks there, nothing in them. PARSE_ERROR: a cell
   * that cannot be read. The others are what an API says in its answer where pages say it by their status.
   */
  readonly code:
    | 'HTML_CHANGED'
    | 'NO_RECORDS'
    | 'PARSE_ERROR'
    | 'AUTH_FAILED'
    | 'RATE_LIMITED'
    | 'SERVER_ERROR';
  /** One line: which landmark, which cell. */
  readonly message: string;
}
