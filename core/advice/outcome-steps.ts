import { isProcessDeath, type OutcomeCode } from '../outcome/outcome.ts';
import type { Partition } from '../source/source.ts';
import { recrawlCommand, reparseCommand, rerunCommand } from './commands.ts';
import type { Step } from './step.ts';
import type { Advice, ItemOutcome, OutcomeSubject } from './subject.ts';
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
export function outcomeSteps({ outcomes, place }: Omit<OutcomeSubject, 'kind'>): Step[] {
  const died = outcomes.filter(isProcessDeath);
  const codes = outcomes.filter((outcome) => !isProcessDeath(outcome)).map(({ code }) => code);
  const steps = [...new Set(codes)].flatMap((code): Step[] => {
    const remedy = REMEDIES[code];
    if (!remedy) return [];
    const [text, then] = remedy;
    return [{ text, ...(then && place && { command: COMMANDS[then](place.source, place.partition) }) }];
  });
  const again = died.length > 0 && askAgain(died, place);
  if (again) steps.push(again);
  if (!place) return steps;
  const rerun = rerunCommand(place.source, place.partition);
  const asking = steps.filter((step) => step === again || step.command === rerun);
  if (asking.length === 0) return steps;
  if (place.isOver) return [...steps.filter((step) => !asking.includes(step)), DAY_OVER];
  return place.skip ? [liftFirst(place.source, place.skip.target), ...steps] : steps;
}

/** A process may have been killed by anybody; a page that ends it does so again. */
function askAgain(died: readonly ItemOutcome[], place: OutcomeSubject['place']): Step {
  const text =
    'where the page is not to blame, ask for it all the same; where it is, mend the parser and raise parserVersion first';
  if (!place) return { text };
  const { source, partition, isEvery } = place;
  const targets = [...new Set(died.map(({ target = partition.value }) => target))];
  const command = isEvery ? recrawlCommand(source, targets) : rerunCommand(source, partition, true);
  return { text, command };
}
