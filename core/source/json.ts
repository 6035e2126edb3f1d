import type * as z from 'zod';
import type { Page } from './page.ts';
import { DEFAULT_MAX_ELEMENTS, PageTooLargeError } from './page-budget.ts';
import type { Rejected } from './source.ts';

/** Values of a document for each element that a page of HTML may have. */
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
  const most = (page.maxElements ?? DEFAULT_MAX_ELEMENTS) * VALUES_PER_ELEMENT;
  if (valuesIn(page.text, most) > most) throw new PageTooLargeError(`page: more than ${most} values`);
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
 * Values of a JSON text, counted before they are built, up to one more than `most`: marks within texts count
 * as well.
 */
function valuesIn(text: string, most: number): number {
  let values = 1;
  for (let at = 0; at < text.length && values <= most; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2c || code === 0x3a || code === 0x5b) values++;
  }
  return values;
}
