import type * as z from 'zod';
import type { Page } from './page.ts';
import { DEFAULT_MAX_ELEMENTS, PageTooLargeError } from './page-budget.ts';
import type { Rejected } from './source.ts';

/** For each element that a page of HTML may have: a value takes a tenth of the memory of one. */
const VALUES_PER_ELEMENT = 10;

/**
 * A page of JSON, held against the shape that its source relies on. PARSE_ERROR where it is no JSON,
 * HTML_CHANGED where it has another shape. Throws a PageTooLargeError for more than ten values for each of
 * `page.maxElements`.
 */
export function readJson<Value>(
  page: Page,
  shape: z.ZodType<Value>,
): { readonly kind: 'read'; readonly value: Value } | Rejected {
  const maxElements = page.maxElements ?? DEFAULT_MAX_ELEMENTS;
  if (hasTooManyValues(page.text, maxElements))
    throw new PageTooLargeError(`page: more than ${maxElements * VALUES_PER_ELEMENT} values`);
  let value: unknown;
  try {
    value = JSON.parse(page.text);
  } catch {
    return { kind: 'rejected', code: 'PARSE_ERROR', message: 'the page is no JSON' };
  }
  const checked = shape.safeParse(value);
  if (checked.success) return { kind: 'read', value: checked.data };
  const { path, message } = checked.error.issues[0]!;
  return {
    kind: 'rejected',
    code: 'HTML_CHANGED',
    message: `${path.join('.') || 'the document'}: ${message}`,
  };
}

/**
 * True where a JSON text has more than ten values for each of `maxElements`, itself not counted: they are
 * counted before they are built, and marks within texts count as well.
 */
export function hasTooManyValues(text: string, maxElements: number): boolean {
  const most = maxElements * VALUES_PER_ELEMENT;
  if (text.length <= most) return false;
  let values = 0;
  for (let at = 0; at < text.length && values <= most; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === OPENS_ARRAY || code === OPENS_OBJECT) values++;
  }
  return values > most;
}

const COMMA = 0x2c;
const OPENS_ARRAY = 0x5b;
const OPENS_OBJECT = 0x7b;
