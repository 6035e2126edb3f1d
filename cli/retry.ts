import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepText } from '../core/advice/render.ts';
import { stepsAt } from '../core/advice/step.ts';
import type { Failure } from '../core/failures/failure.ts';
import { itemName, partitionName } from '../core/lake/layout.ts';
import { forwardRecords } from '../core/publish-entities/forward.ts';
import { planRetry, type RetryPlan } from '../core/retry/retry-failures.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import type { Place } from './advice.ts';
import { examples, newCommand } from './command.ts';
import { withScrapedSources } from './context.ts';
import { IncompleteCommand, InterruptedCommand, UsageError } from './failure.ts';
import { failuresThatMatch } from './failure-filter.ts';
import { listOf } from './failure-views.ts';
import { type FilterOptions, isItemName, itemOf, partitionOf, withDates, withScope } from './filter.ts';
import { interruptible } from './interrupt.ts';
import { printObject } from './json.ts';
import { answerRecord, failureRecord } from './json-records.ts';
import { counted, printList } from './list.ts';
import { cellText } from './print.ts';
import { runOnRecord, unknownRun } from './resumed-run.ts';
import { tellTrouble } from './retry-answer.ts';
import { retryHere, retryOnStack, type TryEnd } from './retry-ends.ts';

interface RetryOptions extends FilterOptions {
  readonly all?: boolean;
  readonly partition?: string;
  readonly run?: string;
  readonly code?: string;
  readonly dryRun?: boolean;
}

export function retryCommand(): Command {
  const retry = newCommand('retry')
    .option('--all', 'every failure that another try may heal')
    .option(
      '--partition <name>',
      'those of one partition (source/target/date), or one item (source/target/date/item)',
    )
    .option('--run <id>', 'those that a run left behind');
  withScope(retry)
    .option(
      '--code <code>',
      'only this error code; also one that another try is not expected to heal, as in NOT_FOUND',
    )
    .option('--dry-run', 'print what would be tried and do nothing');
  return withDates(retry)
    .addHelpText(
      'after',
      examples(
        'retry --all --dry-run',
        'retry --partition racing/gb/2025-11-17',
        'retry --partition racing/gb/2025-11-17/4711',
        'retry --run 019a8c5e-7d2b-7c41-9f0e-2f6d1c3b5a70',
        'retry --all --code NOT_FOUND --target gb',
      ),
    )
    .action((options: RetryOptions, command: Command) =>
      withScrapedSources(
        command,
        async (platform, { json = false, place }) => {
          const failures = await selected(platform, options);
          const plan = planAt(place, await planRetry(platform, failures, isNamed(options)));
          if (options.dryRun) printPlan(plan, json);
          else await carryOut(platform, plan, json);
        },
        tellTrouble,
      ),
    );
}

/** A code or a single item is named: the person knows what is asked for. */
function isNamed({ code, partition }: RetryOptions): boolean {
  return code !== undefined || (partition !== undefined && isItemName(partition));
}

async function selected(platform: CommandPlatform, options: RetryOptions): Promise<Failure[]> {
  const { all, partition, run } = options;
  if ([all, partition, run].filter((choice) => choice !== undefined).length !== 1)
    throw new UsageError(
      'nothing says which failures are meant',
      'give one of --all, --partition source/target/date, --run ID',
    );
  const isMeant = meant(platform, options);
  if (run !== undefined) await refuseUnknownRun(platform, run, isMeant);
  return (await failuresThatMatch(platform, { ...options, state: 'unresolved' })).filter(isMeant);
}

/**
 * A run is known by its record, or by a failure of any state that names it: a retry has no record of its own.
 */
async function refuseUnknownRun(
  platform: CommandPlatform,
  run: string,
  isOfRun: (failure: Failure) => boolean,
): Promise<void> {
  if (await runOnRecord(platform, run)) return;
  if ((await failuresThatMatch(platform, { state: 'all' })).some(isOfRun)) return;
  throw unknownRun(run);
}

function meant(platform: CommandPlatform, { partition, run }: RetryOptions): (failure: Failure) => boolean {
  if (run !== undefined)
    return ({ firstRunId, lastRunId, outcomes }) =>
      firstRunId === run || lastRunId === run || outcomes.some(({ runId }) => runId === run);
  if (partition === undefined) return () => true;
  if (isItemName(partition)) {
    const { source, partition: of, item } = itemOf(platform, partition);
    const name = itemName({ source: source.name, ...of, item });
    return (failure) => itemName(failure) === name;
  }
  const named = partitionOf(platform, partition);
  const name = partitionName(named.source.name, named.partition);
  return (failure) => itemName(failure).startsWith(`${name}/`);
}

/** The plan with commands about the place where this one works. */
function planAt(place: Place, { tried, left }: RetryPlan): RetryPlan {
  return { tried, left: left.map((each) => ({ ...each, next: stepsAt(place, each.next) })) };
}

function printPlan({ tried, left }: RetryPlan, json: boolean): void {
  if (json) {
    printObject({
      tried: tried.map(failureRecord),
      left: left.map(({ failure, ...more }) => ({ ...failureRecord(failure), ...more })),
    });
    return;
  }
  printList({ ...listOf(tried), none: NONE }, {});
  if (tried.length > 0)
    console.log(
      `${counted(tried.length, 'item')} would be tried, each with one request (a day of which nothing is published yet is read as a whole)`,
    );
  printLeft(left);
}

const NONE = 'no failures that match and that another try may heal';

function printLeft(left: RetryPlan['left']): void {
  const texts = left.map(({ why, next }) => [why, ...next.map(stepText)].join('; '));
  for (const [text, group] of Map.groupBy(texts, (each) => each))
    console.log(cellText(`${counted(group.length, 'item')} left alone: ${text}`));
}

async function carryOut(platform: CommandPlatform, plan: RetryPlan, json: boolean): Promise<void> {
  const { tried, left } = plan;
  const ends: TryEnd[] = [];
  const onEnd = (end: TryEnd): void => {
    ends.push(end);
    console.error(`[${ends.length}/${tried.length}] ${cellText(`${end.failure} ${end.text}`)}`);
  };
  const retry = isStack(platform) ? retryOnStack : retryHere;
  const interrupted = await interruptible(async (signal) => {
    if (tried.length > 0) await retry(platform, tried, { signal, onEnd });
    if (!isStack(platform)) await forwardRecords(platform);
    return signal.aborted;
  });
  const count = (...kinds: TryEnd['kind'][]) => ends.filter(({ kind }) => kinds.includes(kind)).length;
  const unhealed = count('failed-again', 'dead', 'needs-a-person');
  if (json) {
    printObject({
      answers: ends.map(({ text: _, ...end }) => answerRecord(end)),
      left: left.map(({ failure, ...more }) => ({
        ...{ failure: itemName(failure), error_code: failure.code },
        ...more,
      })),
      interrupted,
    });
  } else {
    if (tried.length === 0) console.log(NONE);
    else
      console.log(
        `${count('recovered')} recovered, ${unhealed} not, ${count('closed')} closed by others, ${count('not-yet')} under way elsewhere; ${tried.length - ends.length} not tried`,
      );
    printLeft(left);
  }
  if (interrupted)
    throw new InterruptedCommand(
      'interrupted',
      isStack(platform) ? 'the stack goes on' : 'give the same command again to go on',
    );
  if (unhealed > 0)
    throw new IncompleteCommand(
      `${counted(unhealed, 'item')} could not be recovered`,
      advise({ kind: 'ended', as: 'failed-items' }),
    );
}
