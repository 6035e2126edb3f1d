import type * as z from 'zod';
import type { ProviderAnswer } from '../ports/batch-provider.ts';
import { type ExtractionFailure, extractionFailure } from './extraction-failure.ts';
import { findJson } from './find-json.ts';

export type ReadAnswer<Answer> =
  | { readonly kind: 'valid'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly failure: ExtractionFailure };

/** Characters. 16,384 tokens have some 70,000; more would be values without end in memory. */
const MAX_TEXT = 1_000_000;
/** An answer may have as many faults as values. */
const MAX_PATHS = 50;

/** What a model answered for a page, held against the shape that was asked for. */
export function readAnswer<Answer>(answer: ProviderAnswer, shape: z.ZodType<Answer>): ReadAnswer<Answer> {
  switch (answer.kind) {
    case 'invalid-line':
      return failed('INVALID_LINE', answer.message);
    case 'error':
      return failed('API_ERROR', [answer.code, answer.message].filter(Boolean).join(': ') || undefined);
    case 'no-response':
      return failed('MISSING_RESPONSE');
    case 'no-candidates':
      return failed('NO_CANDIDATES');
    case 'blocked':
      return failed('BLOCKED_CONTENT', answer.reason || undefined);
    case 'text':
      return readText(answer, shape);
  }
}

/** TRUNCATED is what was cut and cannot be read: an answer that ends with its last token is whole. */
function readText<Answer>(
  { text, isTruncated }: Extract<ProviderAnswer, { kind: 'text' }>,
  shape: z.ZodType<Answer>,
): ReadAnswer<Answer> {
  if (text.trim() === '')
    return failed('EMPTY_TEXT', isTruncated ? 'the model wrote nothing before it was cut off' : undefined);
  if (text.length > MAX_TEXT)
    return failed(
      isTruncated ? 'TRUNCATED' : 'JSON_DECODE_ERROR',
      `the text has ${text.length} characters; at most ${MAX_TEXT} are read`,
    );
  const found = findJson(text);
  if (found.kind === 'none') return failed(isTruncated ? 'TRUNCATED' : found.code);
  const checked = shape.safeParse(found.value);
  if (checked.success) return { kind: 'valid', answer: checked.data };
  const issues = checked.error.issues.slice(0, MAX_PATHS);
  const { length } = checked.error.issues;
  const [first] = issues;
  const more = length > 1 ? ` and ${length - 1} more` : '';
  return failed(
    'VALIDATION_ERROR',
    `${pathText(first!.path)}: ${first!.message}${more}`,
    issues.map(({ path }) => pathText(path)),
  );
}

function pathText(path: readonly PropertyKey[]): string {
  return path.map(String).join('.') || 'the answer';
}

function failed(...failure: Parameters<typeof extractionFailure>): {
  kind: 'failed';
  failure: ExtractionFailure;
} {
  return { kind: 'failed', failure: extractionFailure(...failure) };
}
