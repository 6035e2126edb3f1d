import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepsText } from '../core/advice/render.ts';
import { partitionName } from '../core/lake/layout.ts';
import { hasDataBefore } from '../core/report/run-summary.ts';
import { makePlan, otherDates, type Plan } from '../core/run/make-plan.ts';
import type { Source } from '../core/source/source.ts';
import type { InvalidSource } from '../core/source/sources-together.ts';
import { canLookUp } from '../core/targets/schedule-status.ts';
import { namesText } from '../core/wording/names.ts';
import type { LocalPlatform } from '../runtime/local.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import type { RunEnd } from '../runtime/run-end.ts';
import type { StackPlatform } from '../runtime/stack.ts';
import { adviseAt, type Place } from './advice.ts';
import { askedRuns, type Request, type RunOptions } from './asked-runs.ts';
import { withTargetsFile } from './chosen-targets.ts';
import { examples, newCommand } from './command.ts';
import { type GlobalOptions, windowOf, withPlatform } from './context.ts';
import { FailedCommand, IncompleteCommand, InterruptedCommand } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { printItems } from './json.ts';
import { planRecord, runRecord } from './json-records.ts';
import { counted } from './list.ts';
import { cellText } from './print.ts';
import { Progress } from './progress.ts';
import { resultsOf } from './publication-text.ts';
import { printRunEnd } from './run-summary.ts';
import { isTargetFiltered, withTargetFilter } from './target-filter.ts';

export function runCommand(): Command {
  return withTargetsFile(withTargetFilter(newCommand('run')), ', due or not')
    .argument('[source...]', 'sources to run (default: all)')
    .option('--start <date>', 'first date, YYYY-MM-DD (default: the window of the source)')
    .option('--end <date>', 'last date, YYYY-MM-DD (default: today in the time zone of the source)')
    .option(
      '--target <target...>',
      'only these targets, by id or partition value, due or not; without a source, of every source that has them',
    )
    .option('--all', 'of targets that are crawled one by one also those that are not due')
    .option('--force', 'ask for every page in full, even where it did not change')
    .option('--resume <run>', 'a new run with the input of one that failed or was stopped')
    .option('--dry-run', 'print the plan and do nothing')
    .addHelpText(
      'after',
      examples(
        'run racing',
        'run racing --start 2025-11-11 --end 2025-11-17 --target gb',
        'run racing --dry-run',
        'run racing --targets retry.csv',
        'run menus --all --state AZ --dry-run',
        'run --resume 019a8c5e-7d2b-7c41-9f0e-2f6d1c3b5a70',
      ),
    )
    .action(async (names: string[], options: RunOptions, command: Command) => {
      const progress = new Progress();
      await withPlatform(
        command,
        async (platform, { json, place }) => {
          const asked = await askedRuns(platform, names, options);
          if (options.dryRun) {
            const plans = asked.map(async ({ source, request }) => ({
              source,
              plan: await makePlan(platform, request),
            }));
            return printPlans(await Promise.all(plans), json, place);
          }
          const ends: RunEnd[] = [];
          for (const { source, request: before } of asked) {
            // The runs before it may have taken the rest of the day.
            const window =
              options.resume === undefined ? windowOf(source, platform.clock.now(), options) : {};
            const request = { ...before, ...window };
            const refused = isStack(platform) && otherDates(source, request, platform.clock.now());
            if (refused) throw refused;
            const run = isStack(platform)
              ? followWithProgress(platform, request, progress)
              : runWithProgress(platform, request, progress);
            const end = await run;
            ends.push(end);
            if (end.kind === 'aborted') break;
          }
          // Who names sources or targets, or says what these are like, has not asked for all.
          const isNamed = names.length > 0 || options.resume !== undefined;
          const isAll = !isNamed && options.target === undefined && !isTargetFiltered(options);
          const unrun = isAll ? (platform.invalidSources ?? []) : [];
          report(platform, ends, unrun, { json, place });
        },
        (event) => progress.onPipeline(event),
        { runs: options.resume === undefined ? names : [] },
      );
    });
}

/** Runs one source; Ctrl-C ends it in order, and the next run takes it up again. */
export async function runWithProgress(
  platform: LocalPlatform,
  request: Request,
  progress: Progress,
): Promise<RunEnd> {
  // A plan that is only printed needs none of the stages.
  const { runLocally } = await import('../runtime/local-run.ts');
  return interruptible((signal) =>
    runLocally(platform, {
      ...request,
      signal,
      onStart: (start) => progress.onStart(request, start),
      onWorkflowEvent: (event) => progress.onWorkflow(event),
    }),
  ).finally(() => progress.end());
}

/** Starts one source in a stack and follows it; Ctrl-C ends the following, and the run goes on. */
async function followWithProgress(
  platform: StackPlatform,
  request: Request,
  progress: Progress,
): Promise<RunEnd> {
  const { runOnStack } = await import('../runtime/aws-run.ts');
  return interruptible((signal) =>
    runOnStack(platform, {
      ...request,
      env: process.env,
      signal,
      onStart: (start) => progress.onStart(request, start),
      onEvent: (event) => progress.onPipeline(event),
    }),
  ).finally(() => progress.end());
}

function report(
  platform: CommandPlatform,
  ends: readonly RunEnd[],
  unrun: readonly InvalidSource[],
  { json, place }: Pick<GlobalOptions, 'json' | 'place'>,
): void {
  if (json) printItems(ends.map(runRecord));
  else for (const end of ends) printRunEnd(platform, end, place);
  refuseInterrupted(ends.at(-1));
  const problems = [...ends.flatMap(problemOf), ...unrun.map(({ problem }) => problem)];
  if (problems.length > 0) throw new FailedCommand(problems.join('; '));
  const incomplete = ends.flatMap((end) =>
    end.kind === 'finished' && end.summary.run.status !== 'succeeded' ? [end.summary.run] : [],
  );
  refuseUnenriched(ends);
  const lost = ends.flatMap((end) => (end.kind === 'finished' ? unstoredText(end) : []));
  if (incomplete.length === 0 && lost.length > 0)
    throw new IncompleteCommand(lost.join(', '), advise({ kind: 'ended', as: 'parked-or-dead' }));
  if (incomplete.length > 0)
    throw new IncompleteCommand(
      incomplete.map(({ source, status }) => `${source} is ${status}`).join(', '),
      advise({ kind: 'incomplete-run', source: incomplete[0]!.source }),
    );
}

/** Of a run some of whose records were not stored. */
function unstoredText({ summary, enrichment }: Extract<RunEnd, { kind: 'finished' }>): string[] {
  if (enrichment?.kind !== 'done') return [];
  const results = resultsOf(enrichment.publication);
  const lost = results.reduce((sum, { stats }) => sum + stats.failed, 0);
  return lost === 0 ? [] : [`${counted(lost, 'record')} of ${summary.run.source} parked or dead`];
}

/** Throws where records of a run were not enriched. */
function refuseUnenriched(ends: readonly RunEnd[]): void {
  for (const end of ends)
    if (end.kind === 'finished' && end.enrichment?.kind === 'failed')
      throw new FailedCommand(
        `the records of ${end.summary.run.source} are not all enriched: ${end.enrichment.message}`,
      );
}

/** Throws where Ctrl-C ended the run. */
export function refuseInterrupted(end: RunEnd | undefined): void {
  if (end?.kind === 'aborted') throw new InterruptedCommand(end.message);
}

/** Why the command failed; nothing where every partition was refreshed, even if single items failed. */
function problemOf(end: RunEnd): string[] {
  if (end.kind === 'nothing-due') return [];
  if (end.kind !== 'finished') return [end.message];
  const { partitions } = end.summary;
  const stale = partitions.flatMap(({ name, result }) =>
    result !== 'broken' && result.status === 'failed' ? [{ name, message: result.reason ?? 'unknown' }] : [],
  );
  const stuck = [...end.problems, ...stale];
  const [first] = stuck;
  if (!first) return [];
  const others = stuck.length > 1 ? ` (and ${stuck.length - 1} more)` : '';
  const before = stuck.map(({ name }) => {
    const one = partitions.find((partition) => partition.name === name);
    return one && hasDataBefore(one);
  });
  return [`${first.name}${others} could not be refreshed: ${first.message}; ${staysText(before)}`];
}

/** `before`: of each partition whether there is data from before, as far as anybody knows. */
function staysText(before: readonly (boolean | undefined)[]): string {
  if (before.every((has) => has === true)) return 'the data from before stays';
  if (before.every((has) => has === false)) return 'there is no data of it from before';
  return 'the data from before stays, where there is any';
}

interface PlanOfSource {
  readonly source: Source;
  readonly plan: Plan;
}

function printPlans(plans: readonly PlanOfSource[], json: boolean | undefined, place: Place): void {
  if (json) {
    printItems(plans.map(({ plan }) => planRecord(plan)));
    return;
  }
  // Of ten thousand targets each has a line: one write for all of them.
  const lines: string[] = [];
  for (const { source, plan } of plans) {
    lines.push(`${plan.source}: ${plan.work.length} partitions from ${plan.start} to ${plan.end}`);
    for (const partition of plan.work) {
      const { targets } = partition;
      const of = targets ? ` (${counted(targets.length, 'target')}: ${namesText(targets, 10)})` : '';
      lines.push(`  ${partitionName(plan.source, partition)}${of}`);
    }
    for (const { target, reason, since } of plan.skipped) {
      lines.push(`  ${plan.source}/${target} is skipped since ${since}: ${cellText(reason)}`);
    }
    for (const { target, reason, until } of plan.leftOut)
      if (reason !== 'SKIPPED')
        lines.push(`  ${plan.source}/${target} is left out: ${reason}${until ? ` until ${until}` : ''}`);
    const reasons = Map.groupBy(plan.leftOut, ({ reason }) => reason);
    if (reasons.size > 0)
      lines.push(
        `  left out: ${[...reasons].map(([reason, { length }]) => `${length} ${reason}`).join(', ')}`,
      );
    if (plan.leftOut.some(({ reason }) => canLookUp(source, reason)))
      lines.push(`  ${stepsText(adviseAt(place, { kind: 'lacking', source: plan.source }))}`);
  }
  console.log(lines.join('\n'));
}
