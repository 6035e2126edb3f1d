import { plainText } from '../../core/extract/plain-text.ts';
import type { ModelUse, ProviderAnswer, RequestLine } from '../../core/ports/batch-provider.ts';
import { isRecord, parsedJson } from './gemini-problem.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Reasons to end for which the provider holds an answer back. */
const HOLDING_BACK: ReadonlySet<string> = new Set([
  'SAFETY',
  'RECITATION',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
]);

/** A request as a line of the file of a batch: text first, then the image, no role, no schema. */
export function requestLine({ key, prompt, image, temperature, maxOutputTokens }: RequestLine): string {
  const parts = [{ text: prompt }, { file_data: { file_uri: image.uri, mime_type: image.mimeType } }];
  return `${JSON.stringify({
    key,
    request: {
      contents: [{ parts }],
      generation_config: {
        temperature,
        max_output_tokens: maxOutputTokens,
        response_mime_type: 'application/json',
      },
    },
  })}\n`;
}

/** What one line of a file of results says. */
export function answerOfLine(text: string): ProviderAnswer {
  const line = parsedJson(text);
  if (!isRecord(line))
    return {
      kind: 'invalid-line',
      message: line === undefined ? 'the line is no JSON' : 'the line is no object',
    };
  const { key, error, response } = line;
  if (typeof key !== 'string') return { kind: 'invalid-line', message: 'the line has no key that is a text' };
  // Null is how some writers leave a field out.
  if (error !== undefined && error !== null) return { kind: 'error', key, ...errorOf(error) };
  return isRecord(response) ? answerOfResponse(key, response) : { kind: 'no-response', key };
}

function answerOfResponse(key: string, response: Fields): ProviderAnswer {
  const tokens = tokensOf(response.usageMetadata);
  const feedback = response.promptFeedback;
  // Whatever stands there, the prompt was held back.
  if (isRecord(feedback) && feedback.blockReason)
    return { kind: 'blocked', key, reason: plainText(feedback.blockReason), tokens };
  const candidate: unknown = Array.isArray(response.candidates) ? response.candidates[0] : undefined;
  if (!isRecord(candidate)) return { kind: 'no-candidates', key, tokens };
  const reason = plainText(candidate.finishReason);
  if (HOLDING_BACK.has(reason)) return { kind: 'blocked', key, reason, tokens };
  return { kind: 'text', key, text: textOf(candidate.content), isTruncated: reason === 'MAX_TOKENS', tokens };
}

/** The parts of an answer, without what the model only thought. */
function textOf(content: unknown): string {
  const parts = isRecord(content) && Array.isArray(content.parts) ? content.parts : [];
  return parts
    .flatMap((part) =>
      isRecord(part) && part.thought !== true && typeof part.text === 'string' ? [part.text] : [],
    )
    .join('')
    .trim();
}

/** google.rpc.Status, or whatever stands in its place. */
function errorOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!isRecord(error)) return { code: '', message: plainText(error) };
  return { code: plainText(error.status ?? error.code), message: plainText(error.message) };
}

function tokensOf(usage: unknown): ModelUse['tokens'] {
  if (!isRecord(usage)) return undefined;
  const count = (name: string) => {
    const value = Number(plainText(usage[name]));
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  };
  return {
    input: count('promptTokenCount'),
    output: count('candidatesTokenCount') + count('thoughtsTokenCount'),
  };
}
