import { isUnresolved } from '../failures/failure.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import {
  decideCommand,
  failuresCommand,
  reparseCommand,
  rerunCommand,
  rollbackCommand,
  whyCommand,
} from './commands.ts';
import { failureSteps } from './failures-steps.ts';
import { DAY_OVER, outcomeSteps } from './outcome-steps.ts';
import { eachOnce, type Step } from './step.ts';
import type { Advice, PartitionSubject, Place } from './subject.ts';
import { liftFirst } from './target-steps.ts';

type OneKind<K extends PartitionSubject['kind']> = PartitionSubject & { readonly kind: K };

const REPEATED: Step = {
  text: 'look at the pages of both items; the source has to take one of them away',
};

export const PARTITION_ADVICE: Advice<PartitionSubject> = {
  unscraped,
  interrupted: ({ source, partition }) => [
    {
      text: 'publish what the run that was interrupted had fetched, from its captures',
      command: reparseCommand(source, partition),
    },
  ],
  'under-way': ({ isOver }) => [
    {
      text: isOver
        ? 'wait; where no process is at it any more, the next run puts on record what it had fetched'
        : 'wait; where no process is at it any more, the same command takes the run up again',
    },
  ],
  held: ({ source, partition }) => [
    {
      text: 'where the source is right, make the held version current',
      command: decideCommand('accept', source, partition),
    },
    { text: 'where it is not, drop it', command: decideCommand('reject', source, partition) },
  ],
  withdrawn: (place) => [bringBack(place)],
  repeated: () => [REPEATED],
  refreshed,
  'not-refreshed': ({ source, partition }) => [
    { text: `${byItself(partition.date)}, or do it now`, command: rerunCommand(source, partition) },
  ],
  'lacks-items': ({ source, partition }) => [
    { text: `${byItself(partition.date)}; see them`, command: failuresCommand(source, partition) },
  ],
  story: ({ source, partition }) => [{ text: 'see why', command: whyCommand(source, partition) }],
};

function byItself(date: string): string {
  return `the next run that covers ${date} tries again by itself`;
}

function unscraped({
  source,
  partition,
  skip,
  isOver,
}: Pick<OneKind<'unscraped'>, 'source' | 'partition' | 'skip' | 'isOver'>): Step[] {
  if (isOver) return [DAY_OVER];
  const scrape = { text: 'scrape it', command: rerunCommand(source, partition) };
  return skip ? [liftFirst(source, skip.target), scrape] : [scrape];
}

/** What helps where the index took away what it should not have. */
function bringBack({ source, partition }: Place): Step {
  const command = `${rollbackCommand(source, partition)} --dry-run`;
  return { text: 'where the source is wrong, see what a rollback would bring back', command };
}

/** A person has seen to it since. */
const DECIDED: ReadonlySet<string> = new Set(['rolled_back', 'accepted', 'rejected']);

/** By the failures on record; of items that have none (the state was reset), by their last try. */
function refreshed(facts: OneKind<'refreshed'>): Step[] {
  const { failures, attempts } = facts;
  const { failed, status, withdrawn, repeated } = facts.lastRefresh;
  if (DECIDED.has(status)) return [];
  const steps = failureSteps(facts);
  if (withdrawn.count > 0) steps.push(bringBack(facts));
  if (repeated.length > 0) steps.push(REPEATED);
  if (status !== 'failed' && failed <= failures.filter(isUnresolved).length) return steps;
  const known = new Set(failures.map(({ item }) => item));
  const last = new Map(attempts.map((attempt) => [attempt.item_id, attempt]));
  const outcomes = [...last.values()].flatMap(({ item_id, error_code: code, error_message, target }) =>
    known.has(item_id) || DISPOSITIONS[code].verdict === 'accept'
      ? []
      : [{ code, message: error_message, target }],
  );
  const all = eachOnce([...steps, ...outcomeSteps({ outcomes, place: facts })]);
  if (all.length > 0) return all;
  if (status === 'failed') return unscraped(facts);
  // Items that were not tried before a flag have neither a failure nor an attempt.
  return failed > failures.length ? unscraped(facts) : [];
}
