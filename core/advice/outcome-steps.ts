import type { OutcomeCode } from '../outcome/outcome.ts';
import type { Partition } from '../source/source.ts';
import { reparseCommand, rerunCommand } from './commands.ts';
import type { Step } from './step.ts';
import type { Advice, OutcomeSubject } from './subject.ts';
import { liftFirst } from './target-steps.ts';

type CommandName = 'rerun' | 'reparse';

/** What a person can do about an outcome that stays; undefined where there is nothing to do. */
const REMEDIES: Readonly<Record<OutcomeCode, readonly [text: string, command?: CommandName] | undefined>> = {
  SUCCESS: undefined,
  NOT_MODIFIED: undefined,
  RATE_LIMITED: ['the site asked for fewer requests: run it again later', 'rerun'],
  BLOCKED: ['look at the site in a browser; where it lets you in, run again', 'rerun'],
  BLOCKED_PROXY: ['run it again through another proxy', 'rerun'],
  NOT_FOUND: ['the site has no such page; nothing to do unless it should have one'],
  AUTH_FAILED: ['the site refuses access to the page: find out what it wants, then run again', 'rerun'],
  TIMEOUT: ['the site was too slow: run it again', 'rerun'],
  NETWORK_ERROR: ['the connection failed: run it again', 'rerun'],
  SERVER_ERROR: ['the site had trouble of its own: run it again', 'rerun'],
  TOO_LARGE: [
    'raise limits.maxDecodedBytes or limits.maxElements of the source if the page is right, then run again',
    'rerun',
  ],
  REFUSED: ['no request was sent: robots.txt forbids the page, or its address is private'],
  HTML_CHANGED: [
    'compare the capture with what the parser looks for, mend the parser, then parse again',
    'reparse',
  ],
  PARSE_ERROR: ['mend the parser against the capture, then parse again', 'reparse'],
  VALIDATION_ERROR: ['mend the parser or the schema against the capture, then parse again', 'reparse'],
  NO_RECORDS: ['the page had nothing in it yet: run it again later', 'rerun'],
  QUEUE_FULL: ['run it again when the queue has drained', 'rerun'],
  UNKNOWN_ERROR: ['this is a bug: keep the message for a report, then run it again', 'rerun'],
};

const COMMANDS: Readonly<Record<CommandName, (source: string, partition: Partition) => string>> = {
  rerun: rerunCommand,
  reparse: reparseCommand,
};

/** Of a date of which nothing can be asked for any more. */
export const DAY_OVER: Step = { text: 'its day is over: what was there then can be found no more' };

export const OUTCOME_ADVICE: Advice<OutcomeSubject> = { outcomes: outcomeSteps };

/** What to do about the outcomes of a partition's items, each advice once. */
export function outcomeSteps({ codes, place }: Omit<OutcomeSubject, 'kind'>): Step[] {
  const steps = [...new Set(codes)].flatMap((code): Step[] => {
    const remedy = REMEDIES[code];
    if (!remedy) return [];
    const [text, then] = remedy;
    return [{ text, ...(then && place && { command: COMMANDS[then](place.source, place.partition) }) }];
  });
  if (!place) return steps;
  const rerun = rerunCommand(place.source, place.partition);
  const asks = steps.some(({ command }) => command === rerun);
  if (place.isOver && asks) return [...steps.filter(({ command }) => command !== rerun), DAY_OVER];
  return asks && place.skip ? [liftFirst(place.source, place.skip.target), ...steps] : steps;
}
