import type { ProviderProblem } from '../ports/batch-provider.ts';
import type { ExtractContext } from './extract-context.ts';

const FIRST_WAIT_MS = 2_000;
/** What a provider asks for beyond it is waited for between two waves. */
const LONGEST_WAIT_MS = 60_000;

/** Worth asking again at once: the others stay as they are. */
const PASSES: ReadonlySet<ProviderProblem['cause']> = new Set(['rate-limited', 'unreachable', 'server']);

/**
 * Asks a provider until it answers, at most `attempts` times, waiting 2 s, 4 s … or as long as it says.
 * Returns the last problem where it never did.
 */
export async function askAgain<T extends object>(
  { clock, signal }: Pick<ExtractContext, 'clock' | 'signal'>,
  attempts: number,
  ask: () => Promise<T | ProviderProblem>,
): Promise<T | ProviderProblem> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask();
    if (!isProblem(answer) || !PASSES.has(answer.cause) || attempt >= attempts) return answer;
    const wait = Math.max(FIRST_WAIT_MS * 2 ** (attempt - 1), answer.retryAfterMs ?? 0);
    await clock.sleep(Math.min(wait, LONGEST_WAIT_MS), signal);
  }
}

export function isProblem<T extends object>(answer: T | ProviderProblem): answer is ProviderProblem {
  return 'kind' in answer && answer.kind === 'problem';
}
