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
