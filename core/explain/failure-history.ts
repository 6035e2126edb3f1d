import { type Failure, isClaimed, isOverdue, isUnresolved } from '../failures/failure.ts';
import { MAX_RETRIES } from '../failures/retry-policy.ts';
import { errorText } from '../outcome/outcome.ts';
import { counted } from '../wording/figures.ts';
import { isoTime } from '../wording/times.ts';
import type { WhyFacts } from './facts.ts';
import { whoIs } from './wording.ts';

type Background = Pick<WhyFacts, 'now' | 'commits' | 'retries' | 'skip'>;

/** How it failed: `RATE_LIMITED (HTTP 406), 4 tries in 1 run, first in run …`. */
export function failedText(failure: Failure): string {
  const { attempts, runs, firstRunId, openedAt } = failure;
  const what = errorText(failure);
  const first = `first in run ${firstRunId} at ${isoTime(openedAt)}`;
  if (attempts === 0) return `${what}, ${first}`;
  return `${what}, ${counted(attempts, 'try', 'tries')} in ${counted(runs, 'run')}, ${first}`;
}

/**
 * Where it stands, without the name of its state: when it is due, who tries it, since when, by whom and why.
 */
export function statusText(failure: Failure, facts: Background): string {
  const { claim, state, retry } = failure;
  if (claim && isClaimed(failure, facts.now)) {
    const which = claim.asked
      ? 'a try that a person asked for'
      : `try ${retry?.tries ?? 1} of ${MAX_RETRIES}`;
    return `${which} is under way in the retry ${claim.runId} (claimed until ${isoTime(claim.until)})`;
  }
  if (state !== 'queued') return movedText(failure, facts);
  const late = isOverdue(failure, facts.now) ? ' (overdue: nobody seems to work the queue)' : '';
  const due = retry ? `due ${isoTime(retry.dueAt)}${late}` : 'its message is under way';
  const flagged = facts.skip ? ', not while its target is flagged' : '';
  return `${due}, ${nextTryText(failure)}${flagged}`;
}

/** Which of its tries comes next. */
function nextTryText({ claim, retry }: Failure): string {
  // A try that was broken off has been counted.
  const number = (retry?.tries ?? 0) + (claim && !claim.asked ? 0 : 1);
  const broken = claim ? `, which the retry ${claim.runId} broke off and which is taken up again` : '';
  return `try ${Math.min(number, MAX_RETRIES)} of ${MAX_RETRIES}${broken}`;
}

/** Since when it is in its state, who brought it there, and why. */
function movedText(failure: Failure, facts: Background): string {
  const { state, code, openedAt, closedAt, closedBy } = failure;
  const move = failure.transitions.findLast((transition) => transition.state === state);
  const at = isoTime(move?.at ?? closedAt ?? openedAt);
  const by = move?.by ?? closedBy;
  const why = move?.why && move.why !== code ? move.why : '';
  if (!isUnresolved(failure)) {
    const reason = why === '' ? '' : state === 'recovered' ? `, ${why}` : `: ${why}`;
    return `at ${at} by ${whoIs(facts, by ?? 'nobody on record')}${reason}`;
  }
  return `since ${at}${why === '' ? '' : `: ${why}`}`;
}

/** What the failure of an item means for it, as a clause of its answer. */
export function failureClause(failure: Failure, facts: Background): string {
  const { state, code, firstRunId, retry, claim, transitions } = failure;
  if (claim && isClaimed(failure, facts.now)) return statusText(failure, facts);
  const why = transitions.at(-1)?.why ?? '';
  // Its last outcome has been told by then.
  const reason = why === '' || why.startsWith(code) ? '' : ` (${why})`;
  switch (state) {
    case 'queued': {
      const from = retry ? ` from ${isoTime(retry.dueAt)}` : '';
      if (facts.skip) return 'it is queued, and not tried while its target is flagged';
      return isOverdue(failure, facts.now)
        ? `it was to be tried again by itself${from}, and nobody seems to work the queue`
        : `it is tried again by itself${from} (${nextTryText(failure)})`;
    }
    case 'dead':
      return `its tries are used up${reason}: it is a dead letter since ${isoTime(retry?.deadAt ?? failure.lastFailedAt)}`;
    case 'open':
      return facts.skip
        ? `nothing tries it again while its target is flagged${reason}`
        : `nothing tries it again by itself but the next run that covers it${reason}`;
    case 'recovered':
    case 'dismissed':
      return `it failed in run ${firstRunId} (${code}) and was ${state} ${movedText(failure, facts)}`;
  }
}

/** What happens to the failed items of a partition, by what happens; undefined where none is unresolved. */
export function failuresClause({
  failures,
  now,
  skip,
}: Pick<WhyFacts, 'failures' | 'now' | 'skip'>): string | undefined {
  const unresolved = failures.filter(isUnresolved);
  if (unresolved.length === 0) return undefined;
  const parts: string[] = [];
  const say = (group: readonly Failure[], one: string, many: string) => {
    if (group.length > 0) parts.push(group.length === 1 ? `1 ${one}` : `${group.length} ${many}`);
  };
  const of = (state: Failure['state']) => unresolved.filter((each) => each.state === state);
  const [late, inTime] = [true, false].map((overdue) =>
    of('queued').filter((each) => isOverdue(each, now) === overdue),
  ) as [Failure[], Failure[]];
  if (skip) {
    const behind = 'queued, and not tried while the target is flagged';
    say(of('queued'), `is ${behind}`, `are ${behind}`);
  } else {
    const first = Math.min(...inTime.flatMap(({ retry }) => retry?.dueAt ?? []));
    const from = Number.isFinite(first) ? ` from ${isoTime(first)}` : '';
    say(inTime, `is tried again by itself${from}`, `are tried again by themselves${from}`);
    const idle = 'queued and overdue because nobody seems to work the queue';
    say(late, `is ${idle}`, `are ${idle}`);
  }
  say(of('dead'), 'is a dead letter', 'are dead letters');
  say(of('open'), 'waits for a person', 'wait for a person');
  return parts.join(', ');
}
