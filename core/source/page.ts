import { Buffer } from 'node:buffer';

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

/**
 * A response as a parser sees it: decoded, with its final address. Its memory is freed when its parser has
 * answered (`PageLifetime`).
 */
export interface Page {
  /** After redirects. */
  readonly url: string;
  readonly status: number;
  /** Media type without parameters, lower case; empty where the site sent none. */
  readonly contentType: string;
  readonly text: string;
  /** The text in UTF-8, where it came so: whoever makes do with bytes spares the making of a text. */
  readonly utf8?: Uint8Array;
  /** `limits.maxElements` of the source: for `readHtml`. */
  readonly maxElements?: number;
  /** Left out of a page that stays. */
  readonly lifetime?: Readonly<PageLifetime>;
}

/** Over when the parser has answered: neither the page nor an element of it can be read then. */
export interface PageLifetime {
  isOver: boolean;
}

/** Whoever reads a page after it was released made a mistake: what he wants to keep he has to take before. */
export class PageReleasedError extends Error {
  override readonly name = 'PageReleasedError';

  constructor() {
    super(
      'the page is no longer in memory: what outlives its reading is taken while it is read, or `keptPage`',
    );
  }
}

/**
 * A page of a text, or of one that came in UTF-8: to make it a text takes half a millisecond of 180 KB, and
 * most parsers never ask for it.
 */
export function newPage(
  facts: Omit<Page, 'text' | 'utf8'>,
  content: { readonly utf8: Uint8Array } | { readonly text: string },
): Page {
  const utf8 = 'utf8' in content ? content.utf8 : undefined;
  let text = 'text' in content ? content.text : undefined;
  return {
    ...facts,
    ...(utf8 && { utf8 }),
    get text() {
      if (facts.lifetime?.isOver) throw new PageReleasedError();
      text ??= asBuffer(utf8!).toString('utf8');
      return text;
    },
  };
}

/** A page that outlives its reading. */
export function keptPage(page: Page): Page {
  const { url, status, contentType, maxElements } = page;
  const utf8 = Buffer.from(bytesOf(page));
  return newPage({ url, status, contentType, ...(maxElements && { maxElements }) }, { utf8 });
}

/** The page in UTF-8, however it came. */
export function bytesOf(page: Page): Buffer {
  if (page.lifetime?.isOver) throw new PageReleasedError();
  return page.utf8 ? asBuffer(page.utf8) : Buffer.from(page.text);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The start of the page behind leading white space; empty of a page of nothing else. */
export function startOf(page: Page): string {
  // Of a character that was cut in two, what is left is none.
  const start = page.utf8
    ? bytesOf(page).toString('utf8', 0, START).replace(CUT_OFF, '')
    : page.text.slice(0, START);
  return start.trimStart() || page.text.trimStart().slice(0, START);
}

const START = 200;
const CUT_OFF = /\ufffd$/;

/** So many characters of the end of the page. */
export function endOf(page: Page, length: number): string {
  if (!page.utf8) return page.text.slice(-length);
  // A character has at most three bytes, or is two in a text.
  return bytesOf(page)
    .toString('utf8', Math.max(0, page.utf8.length - 3 * length))
    .slice(-length);
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
