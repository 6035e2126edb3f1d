import { type Command, Option } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { isStack } from '../runtime/platform-for.ts';
import { examples, newCommand } from './command.ts';
import { globalOptions, withPlatform } from './context.ts';
import { InterruptedCommand, UsageError } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { tellTrouble } from './retry-answer.ts';
import { workEnrichment } from './worker-enrichment.ts';
import { workRetries } from './worker-retries.ts';

/** What there is to be worked, each in queues of its own. */
const WORKS = { retries: workRetries, enrichment: workEnrichment } as const;
type Work = keyof typeof WORKS;
const ALL = Object.keys(WORKS) as Work[];

interface WorkerOptions {
  readonly once?: boolean;
  readonly only?: Work;
}

export function workerCommand(): Command {
  return newCommand('worker')
    .option('--once', 'end when nothing is due, for cron')
    .addOption(new Option('--only <work>', 'leave the other queues alone').choices(ALL))
    .addHelpText(
      'after',
      examples('worker', 'worker --once', 'worker --once --json', 'worker --only enrichment'),
    )
    .action(async ({ once = false, only }: WorkerOptions, command: Command) => {
      if (globalOptions(command).stack !== undefined)
        throw new UsageError(
          'a stack works its queues by itself (the functions retry-items and enrich-records)',
          advise({ kind: 'ended', as: 'worker-of-a-stack' }),
        );
      await withPlatform(
        command,
        async (platform, { json = false, place }) => {
          if (isStack(platform)) return;
          const works = only === undefined ? ALL : [only];
          await interruptible(async (signal) => {
            const options = { once, json, place, signal };
            // What a retry recovers may send records, so that to do each once is to do them in this order.
            if (!once) return Promise.all(works.map((work) => WORKS[work](platform, options)));
            for (const work of works) await WORKS[work](platform, options);
            // Without --once it is up until it is interrupted: that is how it ends.
            if (signal.aborted) throw new InterruptedCommand('interrupted; the same command does the rest');
          });
        },
        tellTrouble,
      );
    });
}
