import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepText } from '../core/advice/render.ts';
import { type Failure, isClaimed, isUnresolved, timesRedriven } from '../core/failures/failure.ts';
import { FailureStore } from '../core/failures/failure-store.ts';
import { MAX_RETRIES, triesLeft } from '../core/failures/retry-policy.ts';
import { itemName } from '../core/lake/layout.ts';
import { countsText } from '../core/report/failed-items.ts';
import { isDayOver } from '../core/source/partition.ts';
import { TargetStore } from '../core/targets/target-store.ts';
import { adviseAt } from './advice.ts';
import { withScrapedSources } from './context.ts';
import { NotFoundError } from './failure.ts';
import { itemOf } from './filter.ts';
import { printObject } from './json.ts';
import { failureRecord } from './json-records.ts';
import { counted, timeText } from './list.ts';
import { cellText } from './print.ts';

type Line = readonly [title: string, text: string];

/** Tries that are listed: the rest is in the table `attempts`. */
const LAST_TRIES = 10;

export async function showFailure(name: string, _options: object, command: Command): Promise<void> {
  await withScrapedSources(command, async (platform, { json, place }) => {
    const { source, partition, item } = itemOf(platform, name);
    const failure = await new FailureStore(platform.state).get({ source: source.name, partition, item });
    if (!failure)
      throw new NotFoundError(
        `no failure of ${cellText(name)} is on record`,
        advise({ kind: 'not-on-record', name }),
      );
    const skip = await new TargetStore(platform.state).flagOf(source.name, failure.target);
    const now = platform.clock.now();
    const isOver = isDayOver(source, failure.date, now);
    const isEvery = source.cadence.kind === 'every';
    const next = adviseAt(place, { kind: 'failure', failure, now, skip, isOver, isEvery });
    if (json) return printObject({ ...failureRecord(failure), triesLeft: triesLeft(failure) ?? null, next });
    const lines: Line[] = [
      ...statusLines(failure, now),
      ...historyLines(failure),
      ...(skip
        ? [['skipped', `since ${timeText(skip.since)} by ${skip.actor}: ${skip.reason}`] as const]
        : []),
      ...next.map((step): Line => ['next', stepText(step)]),
    ];
    let before = '';
    for (const [title, text] of lines) {
      console.log(`${(title === before ? '' : title).padEnd(8)} ${cellText(text)}`);
      before = title;
    }
  });
}

function statusLines(failure: Failure, now: number): Line[] {
  const { state, transitions, code, message, claim } = failure;
  const last = transitions.at(-1);
  const since = last?.state === state ? ` since ${timeText(last.at)}` : '';
  const tried = `${counted(failure.attempts, 'try', 'tries')} in ${counted(failure.runs, 'run')}`;
  const counts = countsText(failure.counts);
  const lines: Line[] = [
    ['failure', itemName(failure)],
    ['state', `${state}${since}`],
    ['error', `${code}${message ? `: ${message}` : ''}`],
    ['address', failure.url],
    ['tries', isUnresolved(failure) ? `${tried}: ${counts}` : 'none: closing it cleared its counts'],
    ['opened', `${timeText(failure.openedAt)} by run ${failure.firstRunId}`],
    ['last', `${timeText(failure.lastFailedAt)} in run ${failure.lastRunId}`],
    ['capture', failure.capture ?? 'none: no response came'],
    ...retryLines(failure, now),
  ];
  if (claim && isClaimed(failure, now)) {
    const who = claim.asked ? 'a person asked for it' : 'its message came';
    lines.push(['claimed', `by run ${claim.runId} until ${timeText(claim.until)}: ${who}`]);
  } else if (claim) {
    const what = 'the worker died; whoever comes next goes on from there';
    lines.push(['claimed', `by run ${claim.runId}, which ran out at ${timeText(claim.until)}: ${what}`]);
  }
  return lines;
}

function retryLines(failure: Failure, now: number): Line[] {
  const { retry } = failure;
  const left = triesLeft(failure);
  if (!retry || left === undefined) return [];
  const times = timesRedriven(failure);
  const redriven = times === 0 ? '' : `; put back ${counted(times, 'time')} from the dead letters`;
  if (retry.deadAt !== null)
    return [['due', `never by itself: dead since ${timeText(retry.deadAt)}${redriven}`]];
  const due = retry.dueAt > now ? `${timeText(retry.dueAt)} (${inMinutes(retry.dueAt - now)})` : 'now';
  return [['due', `${due}, ${left} of ${MAX_RETRIES} tries left${redriven}`]];
}

function inMinutes(ms: number): string {
  return `in ${counted(Math.ceil(ms / 60_000), 'minute')}`;
}

function historyLines({ transitions, outcomes }: Failure): Line[] {
  const shown = outcomes.slice(-LAST_TRIES);
  return [
    ...transitions.map(
      ({ state, at, by, why }): Line => [
        'history',
        `${timeText(at)} ${state} by ${by}${why ? `: ${why}` : ''}`,
      ],
    ),
    ...shown.map(
      ({ at, runId, code, message }): Line => [
        'tried',
        `${timeText(at)} ${code}${message ? ` (${message})` : ''}; run ${runId}`,
      ],
    ),
  ];
}
