import type { ExtractionFailureCode } from './extraction-failure.ts';

/** The value that the text of a model holds, or why there is none. */
export type FoundJson =
  | { readonly kind: 'found'; readonly value: unknown }
  | { readonly kind: 'none'; readonly code: Extract<ExtractionFailureCode, 'NO_JSON' | 'JSON_DECODE_ERROR'> };

const FENCE = '```';

/**
 * Reads the text itself; else the inside of a fence that begins and ends it; else what is from the first `{`
 * to the last `}`. The first of them that is JSON is the value, also where it is no object.
 */
export function findJson(text: string): FoundJson {
  for (const candidate of candidates(text.trim())) {
    try {
      return { kind: 'found', value: JSON.parse(candidate) };
    } catch {
      // The next one may be.
    }
  }
  return { kind: 'none', code: text.includes('{') ? 'JSON_DECODE_ERROR' : 'NO_JSON' };
}

function* candidates(text: string): Generator<string, void> {
  yield text;
  const fenced = insideOfFence(text);
  if (fenced !== undefined) yield fenced;
  const [first, last] = [text.indexOf('{'), text.lastIndexOf('}')];
  if (first >= 0 && last > first) yield text.slice(first, last + 1);
}

/** Undefined where the text is no block of three lines or more between two fences. */
function insideOfFence(text: string): string | undefined {
  if (!text.startsWith(FENCE)) return undefined;
  const [first, last] = [text.indexOf('\n'), text.lastIndexOf('\n')];
  const isWhole = first >= 0 && last > first && text.slice(last + 1).trim() === FENCE;
  return isWhole ? text.slice(first + 1, last) : undefined;
}
