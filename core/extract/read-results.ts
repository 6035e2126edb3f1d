import type * as z from 'zod';
import type { ModelUse, ProviderProblem, ResultLine } from '../ports/batch-provider.ts';
import { readAnswer } from './answer.ts';
import { type ExtractionFailure, extractionFailure } from './extraction-failure.ts';
import { parsePageKey } from './page-key.ts';

/** What the results of a batch say, page by page. `tokens`: of the line that is told of. */
export type ResultEvent<Answer> =
  | PageOutcome<Answer>
  /** A line of no page of the batch: INVALID_LINE, INVALID_KEY or UNKNOWN_KEY. */
  | (Lineage & { readonly kind: 'stray'; readonly key?: string; readonly failure: ExtractionFailure })
  /** A further line of a page: it was paid for, and nothing else comes of it. */
  | (Lineage & { readonly kind: 'repeated'; readonly key: string })
  /** The last event of results that broke off: pages that had no valid answer by then are not told of. */
  | ProviderProblem;

/** One for each page of the batch, unless the results broke off. */
export type PageOutcome<Answer> =
  /** The first valid answer. */
  | (Lineage & { readonly kind: 'valid'; readonly key: string; readonly answer: Answer })
  /** There is none: why the first line of the page gave none, or MISSING_RESULT, which has no line. */
  | (Partial<Lineage> & {
      readonly kind: 'failed';
      readonly key: string;
      readonly failure: ExtractionFailure;
    });

interface Lineage {
  /** The line as it came. */
  readonly raw: string;
  readonly tokens: ModelUse['tokens'];
}

/**
 * Lines in any order → valid answers and strays as they come, then the pages that failed, in the order of
 * `keys`. Failures wait for the end, because a later line of the same page may be valid. No line stops it.
 * `keepRaw`: puts the line of such a failure away, and says what is kept of it; in memory by default.
 */
export async function* readResults<Answer>(
  lines: AsyncIterable<ResultLine | ProviderProblem>,
  keys: readonly string[],
  shape: z.ZodType<Answer>,
  keepRaw: (key: string, raw: string) => Promise<string> = async (_, raw) => raw,
): AsyncGenerator<ResultEvent<Answer>, void> {
  const open = new Set(keys);
  const sent = new Set(keys);
  const failures = new Map<string, Extract<PageOutcome<Answer>, { kind: 'failed' }>>();
  for await (const line of lines) {
    if (line.kind === 'problem') return void (yield line);
    const { answer: provided, raw } = line;
    const lineage: Lineage = { raw, tokens: 'tokens' in provided ? provided.tokens : undefined };
    const stray = strayOf(line, sent);
    if (stray) {
      yield { ...lineage, ...stray };
      continue;
    }
    const key = (provided as { readonly key: string }).key;
    if (!open.has(key)) {
      yield { ...lineage, kind: 'repeated', key };
      continue;
    }
    const read = readAnswer(provided, shape);
    const failedBefore = failures.get(key);
    if (read.kind === 'valid') {
      open.delete(key);
      failures.delete(key);
      if (failedBefore) yield { kind: 'repeated', key, raw: failedBefore.raw!, tokens: failedBefore.tokens };
      yield { ...lineage, kind: 'valid', key, answer: read.answer };
    } else if (failedBefore) yield { ...lineage, kind: 'repeated', key };
    else {
      const kept = await keepRaw(key, raw);
      failures.set(key, { ...lineage, raw: kept, kind: 'failed', key, failure: read.failure });
    }
  }
  for (const key of open)
    yield failures.get(key) ?? { kind: 'failed', key, failure: extractionFailure('MISSING_RESULT') };
}

function strayOf({ answer }: ResultLine, sent: ReadonlySet<string>) {
  if (answer.kind === 'invalid-line')
    return { kind: 'stray', failure: extractionFailure('INVALID_LINE', answer.message) } as const;
  const { key } = answer;
  if (sent.has(key)) return undefined;
  const problem = parsePageKey(key);
  const failure =
    typeof problem === 'string'
      ? extractionFailure('INVALID_KEY', problem)
      : extractionFailure('UNKNOWN_KEY');
  return { kind: 'stray', key, failure } as const;
}
