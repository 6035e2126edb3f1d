import type { Failure } from '../core/failures/failure.ts';
import { queueAsked } from '../core/failures/queue-failures.ts';
import { itemName } from '../core/lake/layout.ts';
import type { PublishResult } from '../core/lake/publish-result.ts';
import type { Outcome } from '../core/outcome/outcome.ts';
import type { RetryAnswer } from '../core/retry/claimed-retry.ts';
import { followFailures } from '../core/retry/follow-failures.ts';
import { retryFailures } from '../core/retry/retry-failures.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { stoppable } from '../runtime/stoppable.ts';
import { FailedCommand } from './failure.ts';
import { counted, timeText } from './list.ts';
import { answerText } from './retry-answer.ts';

/** How the try of one failure ended. */
export interface TryEnd {
  /** `racing/gb/2026-11-17/4711` */
  readonly failure: string;
  readonly kind: RetryAnswer['kind'];
  /** Of a try that failed again. */
  readonly outcome?: Outcome;
  /** Of one that recovered its item. */
  readonly result?: PublishResult;
  /** For a person. */
  readonly text: string;
}

interface RetryOptions {
  readonly signal: AbortSignal;
  readonly onEnd: (end: TryEnd) => void;
}

/** Milliseconds to wait for the stack's function before somebody should look whether it works at all. */
const PATIENCE_MS = 5 * 60_000;

/** Tries failures from this machine. */
export async function retryHere(
  platform: CommandPlatform,
  failures: readonly Failure[],
  { signal, onEnd }: RetryOptions,
): Promise<void> {
  await retryFailures(stoppable(platform, signal), failures, {
    mustStop: () => signal.aborted,
    onAnswer: (failure, answer) => {
      const text = answerText(answer, platform.clock.now());
      onEnd({ failure: itemName(failure), ...answer, text });
    },
  });
}

/** Has the stack try failures, with its settings and from its addresses, and follows them. */
export async function retryOnStack(
  platform: CommandPlatform,
  failures: readonly Failure[],
  { signal, onEnd }: RetryOptions,
): Promise<void> {
  const asked = await queueAsked(platform, failures);
  console.error(
    `${counted(asked.length, 'item')} sent to the queue of the stack; its function retry-items tries them now`,
  );
  let ended = 0;
  for await (const failure of followFailures(platform, failures, {
    signal,
    patienceMs: PATIENCE_MS,
  })) {
    ended++;
    onEnd({ failure: itemName(failure), ...endOf(failure) });
  }
  if (ended < failures.length && !signal.aborted)
    throw new FailedCommand(
      `nothing has come of ${counted(failures.length - ended, 'item')} for ${PATIENCE_MS / 60_000} minutes`,
      'see whether the function retry-items works (docs/runbook.md, "Failed items stuck")',
    );
}

/** What became of a failure, told by its state now. */
function endOf({ state, code, message, closedBy, retry }: Failure): Omit<TryEnd, 'failure'> {
  const error = message ? `${code} (${message})` : code;
  switch (state) {
    case 'recovered':
      return { kind: 'recovered', text: `recovered by run ${closedBy}` };
    case 'dismissed':
      return { kind: 'closed', text: `dismissed by ${closedBy}` };
    case 'queued':
      return {
        kind: 'failed-again',
        text: `failed again: ${error}; tried again by itself from ${timeText(retry?.dueAt)}`,
      };
    case 'dead':
      return { kind: 'dead', text: `failed again: ${error}; it stays among the dead letters` };
    case 'open':
      return { kind: 'needs-a-person', text: `stays open for you: ${error}` };
  }
}
