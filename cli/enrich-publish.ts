import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { type PublishedEnrichment, publishEnriched } from '../core/publish-entities/publish-enriched.ts';
import { publishLocally } from '../runtime/local-enrichment.ts';
import { isStack } from '../runtime/platform-for.ts';
import { examples, newCommand } from './command.ts';
import { withPlatform } from './context.ts';
import { FailedCommand, IncompleteCommand, InterruptedCommand } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { printObject } from './json.ts';
import { counted } from './list.ts';
import { Progress } from './progress.ts';
import { publicationLines, publicationRecord, resultsOf } from './publication-text.ts';

export function enrichPublishCommand(): Command {
  return newCommand('publish')
    .description('commit the entities that changed into their tables, and send on what waits for that')
    .addHelpText(
      'after',
      examples('enrich publish', 'enrich publish --json', '--stack rescrape-dev-pipeline enrich publish'),
    )
    .action(async (_options: object, command: Command) => {
      const progress = new Progress();
      await withPlatform(
        command,
        async (platform, { json = false }) => {
          const published = await interruptible((signal) => {
            const mustStop = () => signal.aborted;
            return isStack(platform)
              ? publishEnriched(platform, { mustStop })
              : publishLocally(platform, mustStop);
          }).finally(() => progress.end());
          if (json) printObject(publicationRecord(published));
          else for (const line of publicationLines(published)) console.log(line);
          if (published.isStopped)
            throw new InterruptedCommand('interrupted; the same command publishes the rest');
          refuseDoubt(published);
        },
        (event) => progress.onPipeline(event),
      );
    });
}

/** Throws where a partition could not be published, or where what was published is not whole. */
function refuseDoubt(published: PublishedEnrichment): void {
  const results = resultsOf(published);
  const stuck = results.filter(({ status }) => status === 'failed' || status === 'held');
  if (stuck.length > 0) {
    const more = stuck.length > 1 ? ` (and ${stuck.length - 1} more)` : '';
    throw new FailedCommand(`${stuck[0]!.name}${more} could not be published: ${stuck[0]!.reason}`);
  }
  const lacking = results.filter(({ stats }) => stats.failed > 0);
  const claimed = published.partitions.filter(({ outcome }) => outcome.kind === 'claimed');
  const [first] = [...lacking, ...claimed];
  if (!first) return;
  const records = lacking.reduce((sum, { stats }) => sum + stats.failed, 0);
  const named = [
    ...(records > 0 ? [`${counted(records, 'record')} parked or dead`] : []),
    ...(claimed.length > 0 ? [`${counted(claimed.length, 'partition')} left to another publication`] : []),
  ];
  throw new IncompleteCommand(
    `${named.join(', ')}, the first in ${first.name}`,
    advise({ kind: 'ended', as: 'parked-or-dead' }),
  );
}
