import { headerValue } from '../http/headers.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { HttpResponse } from '../ports/http-client.ts';
import { hasTooManyValues } from '../source/json.ts';
import { newPage, type Page, startOf } from '../source/page.ts';
import { DEFAULT_MAX_ELEMENTS } from '../source/page-budget.ts';
import { decodeText, utf8Of } from './charset.ts';
import { CODINGS, encodingsOf, MAX_ENCODINGS, release } from './content-codings.ts';

export type DecodedPage =
  | {
      readonly kind: 'page';
      readonly page: Page;
      readonly decodedBytes: number;
      /**
       * Frees the memory of the page, which V8 would do too late: neither the page nor an element of it can
       * be read any more (`PageReleasedError`).
       */
      release(): void;
    }
  | { readonly kind: 'failed'; readonly outcome: Outcome };

/**
 * The response as a parser sees it: content codings undone, bytes made text. At most `maxDecodedBytes` bytes
 * come into being on the way, whatever the stream claims.
 *
 * - more than `maxDecodedBytes`, or more than two codings: TOO_LARGE; likewise XML of more than `maxElements`
 *   elements and JSON of more than ten times as many values. HTML is counted where it is read (`readHtml`).
 * - a coded stream that is corrupt or cut short: NETWORK_ERROR, for damage on the way is cured by another try
 * - a registered coding that nobody asked for (`compress`): UNKNOWN_ERROR. Words that are no coding at all
 *   (`Content-Encoding: utf-8`) are passed over, as browsers do.
 */
export function toPage(
  response: HttpResponse,
  maxDecodedBytes: number,
  maxElements = DEFAULT_MAX_ELEMENTS,
): DecodedPage {
  const decoded = undoEncodings(response, maxDecodedBytes);
  if (!(decoded instanceof Uint8Array)) return { kind: 'failed', outcome: decoded };
  const decodedBytes = decoded.length;
  const contentType = headerValue(response.headers, 'content-type') ?? '';
  const utf8 = utf8Of(decoded, contentType);
  const lifetime = { isOver: false };
  const facts = {
    url: response.url,
    status: response.status,
    contentType: (contentType.split(';', 1)[0] ?? '').trim().toLowerCase(),
    maxElements,
    lifetime,
  };
  const page = newPage(facts, utf8 ? { utf8 } : { text: decodeText(decoded, contentType) });
  const free = () => {
    // Also where nothing is freed: what an author must not do has to show with every site.
    lifetime.isOver = true;
    if (decoded !== response.body) release(decoded);
  };
  if (hasTooManyParts(page, maxElements)) {
    free();
    return {
      kind: 'failed',
      outcome: { code: 'TOO_LARGE', message: `page: more than ${maxElements} elements` },
    };
  }
  return { kind: 'page', page, decodedBytes, release: free };
}

const STARTS_ELEMENT = /<[^/!?]/g;

/**
 * Counted before a parser makes objects of them; nothing is counted where the text is too short to hold so
 * many.
 */
function hasTooManyParts(page: Page, maxElements: number): boolean {
  const { contentType } = page;
  if (/json$/.test(contentType) || /^[[{]/.test(startOf(page)))
    return hasTooManyValues(page.text, maxElements);
  if (!/xml$/.test(contentType) || page.text.length <= maxElements) return false;
  const { text } = page;
  const start = new RegExp(STARTS_ELEMENT);
  for (let count = 0; start.test(text); count++) if (count >= maxElements) return true;
  return false;
}

function undoEncodings(response: HttpResponse, maxDecodedBytes: number): Uint8Array | Outcome {
  const encodings = encodingsOf(response);
  if (encodings.length > MAX_ENCODINGS) {
    return { code: 'TOO_LARGE', message: `too many encodings: ${encodings.slice(0, 8).join(', ')}` };
  }
  let body = response.body;
  // Applied in the order of the list (RFC 9110, section 8.4), so undone from its end.
  for (const encoding of encodings.reverse()) {
    if (body.length === 0) break;
    const coding = CODINGS[encoding];
    if (coding === undefined) {
      return { code: 'UNKNOWN_ERROR', message: `Content-Encoding ${encoding} is not supported` };
    }
    try {
      body = coding.decode(body, maxDecodedBytes);
    } catch (error) {
      return decodeFailure(encoding, error as NodeJS.ErrnoException, maxDecodedBytes);
    }
  }
  return body.length > maxDecodedBytes ? tooLarge(maxDecodedBytes) : body;
}

function decodeFailure(encoding: string, error: NodeJS.ErrnoException, maxDecodedBytes: number): Outcome {
  if (error.code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(maxDecodedBytes);
  return { code: 'NETWORK_ERROR', message: `body: damaged ${encoding} stream: ${error.message}` };
}

function tooLarge(maxDecodedBytes: number): Outcome {
  return { code: 'TOO_LARGE', message: `body: more than ${maxDecodedBytes} bytes decoded` };
}
