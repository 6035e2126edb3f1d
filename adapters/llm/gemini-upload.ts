import { headerValue } from '../../core/http/headers.ts';
import type { ProviderProblem } from '../../core/ports/batch-provider.ts';
import type { HttpResponse } from '../../core/ports/http-client.ts';
import type { GeminiApi, GeminiCall } from './gemini-api.ts';
import { isRecord, notJson, parsedJson } from './gemini-problem.ts';

/** A file as the API has it from now on, for 48 hours. */
export interface GeminiFile {
  readonly kind: 'file';
  /** `files/abc123`. */
  readonly name: string;
  readonly uri: string;
}

/** Bytes of a request; every chunk but the last has to be a multiple of 256 KiB. */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** Before a chunk goes out again that was answered without a status, in milliseconds. */
const PAUSES_MS = [1_000, 2_000, 4_000];
/** What the API takes, in characters. */
const LONGEST_NAME = 512;
const FILE_NAME = /^files\/[A-Za-z0-9_-]{1,100}$/;

/** Uploads a file by the resumable protocol: asked for a place, then chunk after chunk to it. */
export async function uploadFile(
  api: GeminiApi,
  file: { readonly bytes: Uint8Array; readonly mimeType: string; readonly displayName: string },
  signal: AbortSignal | undefined,
): Promise<GeminiFile | ProviderProblem> {
  const { bytes, mimeType, displayName } = file;
  if (bytes.length === 0) throw new RangeError(`${displayName} has no bytes`);
  const start: GeminiCall = {
    action: `upload ${displayName}`,
    method: 'POST',
    path: `upload/${api.version}/files`,
    headers: {
      'X-Goog-Upload-Protocol': 'resumable',
      'X-Goog-Upload-Command': 'start',
      'X-Goog-Upload-Header-Content-Length': String(bytes.length),
      'X-Goog-Upload-Header-Content-Type': mimeType,
    },
    body: {
      file: {
        mimeType,
        displayName: [...displayName].slice(0, LONGEST_NAME).join(''),
        sizeBytes: String(bytes.length),
      },
    },
    signal,
  };
  const started = await api.send(start);
  if (started.kind === 'problem') return started;
  const place = URL.parse(headerValue(started.headers, 'x-goog-upload-url') ?? '')?.href;
  if (place === undefined)
    return api.unexpected(start, `${cameText(started)}, which names no address to upload to`);

  for (let offset = 0; ; offset += CHUNK_BYTES) {
    const chunk = bytes.subarray(offset, offset + CHUNK_BYTES);
    const isLast = offset + chunk.length === bytes.length;
    const call: GeminiCall = {
      action: `upload ${displayName}, from byte ${offset}`,
      method: 'POST',
      path: place,
      headers: {
        'X-Goog-Upload-Command': isLast ? 'upload, finalize' : 'upload',
        'X-Goog-Upload-Offset': String(offset),
      },
      body: chunk,
      signal,
    };
    const answer = await sendChunk(api, call);
    if (answer.kind === 'problem') return answer;
    const status = statusOf(answer);
    if (status !== (isLast ? 'final' : 'active'))
      return api.unexpected(
        call,
        `the upload is ${status} after ${offset + chunk.length} of ${bytes.length} bytes`,
      );
    if (isLast) return fileOf(api, call, answer);
  }
}

/** A chunk that is answered without a status has not arrived: it goes out again, and again. */
async function sendChunk(api: GeminiApi, call: GeminiCall): Promise<HttpResponse | ProviderProblem> {
  for (const pauseMs of PAUSES_MS) {
    const answer = await api.send(call);
    if (answer.kind === 'problem' || statusOf(answer) !== undefined) return answer;
    await api.clock.sleep(pauseMs, call.signal);
  }
  const answer = await api.send(call);
  if (answer.kind === 'problem' || statusOf(answer) !== undefined) return answer;
  return api.unexpected(
    call,
    `${cameText(answer)}, without a status of the upload, ${PAUSES_MS.length + 1} times`,
  );
}

/** What came: an answer of the API that lacks something, or a page of something else. */
function cameText(response: HttpResponse): string {
  const isApi = parsedJson(response.body) !== undefined || response.body.length === 0;
  return `HTTP ${response.status}${isApi ? '' : ` ${notJson(response)}`}`;
}

function statusOf({ headers }: HttpResponse): string | undefined {
  return headerValue(headers, 'x-goog-upload-status')?.toLowerCase();
}

function fileOf(api: GeminiApi, call: GeminiCall, response: HttpResponse): GeminiFile | ProviderProblem {
  const answer = api.jsonOf(call, response);
  if (answer.kind === 'problem') return answer;
  const { file } = answer.value;
  if (!isRecord(file)) return api.unexpected(call, 'the answer has no file');
  const { name, uri, state } = file;
  if (typeof name !== 'string' || !FILE_NAME.test(name) || typeof uri !== 'string' || uri === '')
    return api.unexpected(call, 'the answer has a file without name or uri');
  if (state === 'FAILED')
    return api.problem(call, { kind: 'problem', cause: 'refused', message: 'the file cannot be processed' });
  return { kind: 'file', name, uri };
}
