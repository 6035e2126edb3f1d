import { headerValue } from '../http/headers.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { HttpResponse } from '../ports/http-client.ts';
import { decodeText } from './charset.ts';
import { CODINGS, type Coding, encodingsOf, MAX_ENCODINGS } from './content-codings.ts';

export type DecodedPrefix =
  | { readonly kind: 'text'; readonly text: string; readonly isCut: boolean }
  | { readonly kind: 'failed'; readonly outcome: Outcome };

/**
 * The text of the first `maxBytes` bytes of a body, codings undone: for a file of which a part is as good as
 * the whole. A body longer than that on the wire counts as cut there already, and may end in the midst of its
 * coding.
 *
 * Fails as `toPage` does for a coding that nobody can undo, more than two of them, or a stream that is
 * damaged.
 */
export async function textPrefix(response: HttpResponse, maxBytes: number): Promise<DecodedPrefix> {
  const encodings = encodingsOf(response);
  if (encodings.length > MAX_ENCODINGS)
    return failed('TOO_LARGE', `too many encodings: ${encodings.slice(0, 8).join(', ')}`);
  let body = response.body;
  let isCut = body.length > maxBytes;
  for (const encoding of encodings.reverse()) {
    if (body.length === 0) break;
    const stream = CODINGS[encoding]?.stream(body);
    if (stream === undefined) return failed('UNKNOWN_ERROR', `Content-Encoding ${encoding} is not supported`);
    const decoded = await decodeSome(stream, body, maxBytes);
    if (decoded.error !== undefined && !isCut)
      return failed('NETWORK_ERROR', `body: damaged ${encoding} stream: ${decoded.error.message}`);
    body = decoded.bytes;
    isCut ||= body.length > maxBytes;
  }
  const contentType = headerValue(response.headers, 'content-type') ?? '';
  return { kind: 'text', text: decodeText(body.subarray(0, maxBytes), contentType), isCut };
}

/** Decodes until more than `maxBytes` bytes are there, or the stream ends or breaks. */
async function decodeSome(
  stream: ReturnType<Coding['stream']>,
  body: Uint8Array,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly error?: Error }> {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.end(body);
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > maxBytes) break;
    }
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error: error as Error };
  }
  return { bytes: Buffer.concat(chunks) };
}

function failed(code: Outcome['code'], message: string): DecodedPrefix {
  return { kind: 'failed', outcome: { code, message } };
}
