import { type Command, Option } from 'commander';
import { stepText } from '../core/advice/render.ts';
import { planReset, type ResetPlan } from '../core/run/reset.ts';
import { isStack } from '../runtime/platform-for.ts';
import { resetState } from '../runtime/reset.ts';
import { adviseAt } from './advice.ts';
import { examples, newCommand } from './command.ts';
import { type ConfirmOptions, isDryRun, refuseUnconfirmed, withConfirmation } from './confirmation.ts';
import { withPlatform } from './context.ts';
import { CountingLine } from './counting-line.ts';
import { printObject } from './json.ts';
import { counted, number } from './list.ts';
import { cellText, printTable } from './print.ts';
import { extractionRows, resetExtractionHere } from './reset-extraction.ts';

interface ResetOptions extends ConfirmOptions {
  readonly only?: 'extraction';
}

export function resetCommand(): Command {
  const only = new Option('--only <what>', 'forget nothing else').choices(['extraction']);
  return withConfirmation(newCommand('reset').addOption(only), 'what would be forgotten')
    .addHelpText(
      'after',
      examples(
        'reset --dry-run',
        'reset --confirm',
        'reset --only extraction --dry-run',
        '--stack rescrape-dev-pipeline reset --dry-run',
      ),
    )
    .action(async ({ only, ...asked }: ResetOptions, command: Command) => {
      if (only === 'extraction') return resetExtractionHere(asked, command);
      const dryRun = isDryRun(asked);
      await withPlatform(command, async (platform, globals) => {
        const line = new CountingLine();
        const onDeleted = (done: number, all: number) => line.at(`${done} of ${all} documents deleted`);
        const plan = dryRun
          ? await planReset(platform)
          : await resetState(platform, onDeleted).finally(() => line.end());
        const place = isStack(platform) ? `the stack ${platform.resources.stack}` : platform.directory;
        if (globals.json) {
          const { documents, ...counts } = plan;
          printObject({ dryRun, place, documents: documents.length, ...counts });
          return refuseUnconfirmed(asked, countIn(plan));
        }
        printPlan(plan, place, dryRun);
        if (dryRun && countIn(plan) > 0)
          for (const step of adviseAt(globals.place, { kind: 'dry-run', words: ['reset'] }))
            console.log(stepText(step));
        refuseUnconfirmed(asked, countIn(plan));
      });
    });
}

function printPlan(plan: ResetPlan, place: string, dryRun: boolean): void {
  const rows = rowsOf(plan).filter(({ count }) => count > 0);
  if (countIn(plan) === 0) {
    console.log(`${place} has no state: there is nothing to forget`);
    return;
  }
  const columns = [
    { name: 'what' },
    { name: 'count', ...number },
    { name: 'cost', title: 'what that costs' },
  ];
  printTable(columns, rows);
  if (plan.retrying > 0)
    console.log(
      `under way: ${counted(plan.retrying, 'retry', 'retries')}; --confirm waits for nobody, and refuses meanwhile`,
    );
  for (const run of plan.running)
    console.log(`under way, or interrupted: run ${cellText(run)}; what a live run writes later stays`);
  console.log(`the state of ${place} ${dryRun ? 'would be forgotten; nothing was changed' : 'is forgotten'}`);
  console.log('the lake keeps every row; the next run asks for everything in its window');
}

function countIn(plan: ResetPlan): number {
  return rowsOf(plan).reduce((sum, { count }) => sum + count, 0);
}

function rowsOf(plan: ResetPlan): { what: string; count: number; cost: string }[] {
  const { targets, flagged, failures, runs, partitions, held, hosts, others, queue, enrichment } = plan;
  const flags = flagged.map(({ target, reason }) => `${target} (${reason})`).join(', ');
  const states = Object.entries(failures).filter(([, count]) => count > 0);
  const sum = states.reduce((total, [, count]) => total + count, 0);
  return [
    {
      what: 'targets',
      count: targets,
      cost: `counters at zero${flagged.length > 0 ? `; ${counted(flagged.length, 'flag')} lifted: ${flags}` : ''}`,
    },
    {
      what: 'failures',
      count: sum,
      cost: `forgotten: ${states.map(([state, count]) => `${count} ${state}`).join(', ')}`,
    },
    { what: 'runs', count: runs, cost: 'no longer listed; an interrupted one is not taken up again' },
    {
      what: 'partitions',
      count: partitions,
      cost: `"completeness" reports their dates as never scraped (MISSING, INCOMPLETE) until a run covers them${held.length > 0 ? `; held versions are no longer listed ("partitions rollback --to" can still choose one): ${held.join(', ')}` : ''}`,
    },
    { what: 'hosts', count: hosts, cost: 'their pace begins anew' },
    {
      what: 'entities',
      count: plan.entities,
      cost: 'their rows stay in the lake; they are stored anew when their records come again',
    },
    { what: 'parked records', count: plan.parked, cost: 'gone for good, unless they are sent again' },
    ...extractionRows(plan.extraction),
    { what: 'other documents', count: others, cost: 'markers of what was counted' },
    {
      what: 'queued messages',
      count: queue.due + queue.delayed + queue.inFlight,
      cost: 'not tried again by themselves',
    },
    {
      what: 'queued records',
      count: enrichment.due + enrichment.delayed + enrichment.inFlight,
      cost: 'not enriched; gone for good, unless they are sent again',
    },
    { what: 'dead letters', count: queue.dead + enrichment.dead, cost: 'gone for good' },
  ];
}
