import * as z from 'zod';
import { lazily } from '../../core/source/define-source.ts';
import { readJson } from '../../core/source/json.ts';
import type { Page } from '../../core/source/page.ts';
import type { PageRequest, Rejected } from '../../core/source/source.ts';
import { rejected } from './rejected.ts';

const errorSchema = lazily(() =>
  z.object({
    message: z.string().optional(),
    extensions: z.object({ code: z.string().optional() }).nullish(),
  }),
);
const envelope = lazily(() => z.object({ errors: z.array(errorSchema()).nullish() }));

/** What the code of a GraphQL error means; any other is a fault of the server, which may pass. */
const MEANINGS: Readonly<Record<string, Rejected['code']>> = {
  PERSISTED_QUERY_NOT_FOUND: 'HTML_CHANGED',
  PERSISTED_QUERY_NOT_SUPPORTED: 'HTML_CHANGED',
  GRAPHQL_VALIDATION_FAILED: 'HTML_CHANGED',
  GRAPHQL_PARSE_FAILED: 'HTML_CHANGED',
  BAD_USER_INPUT: 'HTML_CHANGED',
  BAD_REQUEST: 'HTML_CHANGED',
  UNAUTHENTICATED: 'AUTH_FAILED',
  FORBIDDEN: 'AUTH_FAILED',
  TOO_MANY_REQUESTS: 'RATE_LIMITED',
};

/** Without it Apollo takes a GET for a forged one (CSRF) and refuses it with 400. */
const HEADERS = { 'content-type': 'application/json', 'apollo-require-preflight': 'true' };

/** A query that the server knows by its hash. `endpoint`: absolute or relative. */
export function persistedQuery(
  endpoint: string,
  operationName: string,
  variables: object,
  sha256Hash: string,
): PageRequest {
  const query = new URLSearchParams({
    operationName,
    variables: JSON.stringify(variables),
    extensions: JSON.stringify({ persistedQuery: { version: 1, sha256Hash } }),
  });
  return { url: `${endpoint}?${query}`, headers: HEADERS };
}

/** A query in full. */
export function fullQuery(endpoint: string, query: string, variables: object): PageRequest {
  return { url: endpoint, method: 'POST', headers: HEADERS, body: JSON.stringify({ query, variables }) };
}

/** An answer whose errors come first: one with errors says nothing about what it lists. */
export function readGraphql<Value>(
  page: Page,
  shape: z.ZodType<Value>,
): { readonly kind: 'read'; readonly value: Value } | Rejected {
  const checked = readJson(page, envelope());
  if (checked.kind === 'rejected') return checked;
  const [error] = checked.value.errors ?? [];
  return error ? errorOf(error) : readJson(page, shape);
}

/** What the body of a refused request says; undefined where that is no error with a code that is known. */
export function graphqlRefusal(page: Page): Rejected | undefined {
  const checked = readJson(page, envelope());
  const error = checked.kind === 'read' ? checked.value.errors?.[0] : undefined;
  return error && Object.hasOwn(MEANINGS, error.extensions?.code ?? '') ? errorOf(error) : undefined;
}

function errorOf({ message = '', extensions }: z.infer<ReturnType<typeof errorSchema>>): Rejected {
  const code = extensions?.code ?? '';
  const text = `the answer has errors: ${code} ${message}`.trim();
  if (code === 'PERSISTED_QUERY_NOT_FOUND')
    return rejected('HTML_CHANGED', `${text}: the hash of the query is out of date, set the new one`);
  return rejected(Object.hasOwn(MEANINGS, code) ? MEANINGS[code]! : 'SERVER_ERROR', text);
}
