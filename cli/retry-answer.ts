import type { PipelineEvent } from '../core/platform.ts';
import type { RetryAnswer } from '../core/retry/claimed-retry.ts';
import { counted, timeText } from './list.ts';
import { cellText } from './print.ts';

/** What became of a try, as one line for a person. `now`: milliseconds. */
export function answerText(answer: RetryAnswer, now: number): string {
  switch (answer.kind) {
    case 'recovered': {
      const { result, runId } = answer;
      return `recovered: ${result.status}, ${counted(result.rows, 'row')} in its partition (run ${runId})`;
    }
    case 'closed':
      return `nothing to do: ${answer.why}`;
    case 'needs-a-person':
      return `stays open for you: ${answer.why}`;
    case 'not-yet':
      return `not yet: under way elsewhere, or not due before ${timeText(now + answer.delayMs)} (what a process that died had is free within 15 minutes)`;
    case 'failed-again': {
      const { outcome, delayMs } = answer;
      const message = outcome.message ? ` (${outcome.message})` : '';
      return `failed again: ${outcome.code}${message}; tried again by itself from ${timeText(now + delayMs)}`;
    }
    case 'dead':
      return `dead: ${answer.reason}; it waits among the dead letters`;
    case 'poison':
      return `no message that can be acted upon: ${answer.reason}; it waits among the dead letters`;
  }
}

/** Tells at once of what concerns more than the item that is tried. */
export function tellTrouble(event: PipelineEvent): void {
  if (event.kind === 'flagged')
    console.error(
      cellText(`${event.source}/${event.target} is flagged and skipped from now on: ${event.reason}`),
    );
  if (event.kind === 'warning') console.error(cellText(event.message));
}
