/**
 * Why a line of results gave no answer. `isCounted`: it uses up one of the tries of its page, once a batch;
 * the others belong to no page of the batch, or to nobody knows which.
 */
export const EXTRACTION_FAILURES = {
  API_ERROR: { isCounted: true, meaning: 'the provider could not do this one request' },
  MISSING_RESPONSE: { isCounted: true, meaning: 'the line has neither a response nor an error' },
  NO_CANDIDATES: { isCounted: true, meaning: 'the response holds no answer of the model' },
  EMPTY_TEXT: { isCounted: true, meaning: 'the model wrote nothing' },
  BLOCKED_CONTENT: { isCounted: true, meaning: "held back by the provider's filters" },
  NO_JSON: { isCounted: true, meaning: 'the text has no JSON object in it' },
  JSON_DECODE_ERROR: { isCounted: true, meaning: 'the JSON in the text cannot be read' },
  TRUNCATED: { isCounted: true, meaning: 'cut off at the most tokens that an answer may have' },
  VALIDATION_ERROR: { isCounted: true, meaning: 'the JSON has another shape than the one that is asked for' },
  MISSING_RESULT: { isCounted: true, meaning: 'the results have no line for this page' },
  INVALID_KEY: { isCounted: false, meaning: 'the key of the line names no page' },
  UNKNOWN_KEY: { isCounted: false, meaning: 'the key of the line names a page that was not sent' },
  INVALID_LINE: { isCounted: false, meaning: 'the line is no JSON object with a key' },
} as const satisfies Readonly<Record<string, { isCounted: boolean; meaning: string }>>;

export type ExtractionFailureCode = keyof typeof EXTRACTION_FAILURES;

export interface ExtractionFailure {
  readonly code: ExtractionFailureCode;
  /** One line of at most 500 characters. */
  readonly message: string;
  /** Of a VALIDATION_ERROR: what does not fit, `courses.2.topics.0`; the first 50. Else none. */
  readonly paths: readonly string[];
}

const MAX_MESSAGE = 500;

/** `message`: from outside as well; defaults to what the code means. */
export function extractionFailure(
  code: ExtractionFailureCode,
  message: string = EXTRACTION_FAILURES[code].meaning,
  paths: readonly string[] = [],
): ExtractionFailure {
  const line = message
    .slice(0, 4 * MAX_MESSAGE)
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return {
    code,
    message: line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE - 1).toWellFormed()}…` : line,
    paths,
  };
}
