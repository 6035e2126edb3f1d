import { type Command, InvalidArgumentError } from 'commander';
import { civilDateAt } from '../core/calendar/window.ts';
import { completeness } from '../core/completeness/completeness.ts';
import { demoFaults, NO_FAULTS } from '../demo/faults.ts';
import { startDemoSite } from '../demo/site.ts';
import { clockOf } from '../runtime/clock.ts';
import { openLocalPlatform } from '../runtime/local.ts';
import { refuseUnknownVariables } from '../runtime/setting-names.ts';
import { invalidSources, listedSources, sources } from '../sources/index.ts';
import { examples, newCommand } from './command.ts';
import { printCompleteness } from './completeness.ts';
import { globalOptions, sourceOf, windowOf } from './context.ts';
import { UsageError } from './failure.ts';
import { printObject } from './json.ts';
import { completenessRecord, runRecord } from './json-records.ts';
import { Progress } from './progress.ts';
import { refuseInterrupted, runWithProgress } from './run.ts';
import { printRunEnd } from './run-summary.ts';

interface DemoOptions {
  readonly seed: number;
  readonly faults: boolean;
}

/** What the demo site can bear: it is ours, and stands on this machine. */
const DEMO_SETTINGS = {
  RESCRAPE_RACING_MIN_DELAY_MS: '0',
  RESCRAPE_RACING_CONCURRENCY: '8',
  RESCRAPE_RACING_TIMEOUT_MS: '2000',
};

/** What follows would be sent to the address that the source itself names: nobody has asked for that. */
const gone = (
  address: string,
) => `\nThe demo site is closed now. What asks a site (run, retry, worker) would go to the address of the source itself, ${address}:
name another in RESCRAPE_RACING_URL first, as in RESCRAPE_RACING_URL=http://127.0.0.1:8080 beside "npx node demo/main.ts --port 8080".`;

export function demoCommand(): Command {
  return newCommand('demo')
    .option('--seed <n>', 'which site: the same number is the same site', wholeNumber, 1)
    .option('--no-faults', 'a site without faults')
    .addHelpText('after', examples('demo', 'demo --no-faults --seed 7 --local /tmp/try'))
    .action(async (options: DemoOptions, command: Command) => {
      const { local, json, stack } = globalOptions(command);
      if (stack !== undefined) throw new UsageError('the demo runs on this machine', 'leave --stack out');
      refuseUnknownVariables(process.env, listedSources);
      const racing = sourceOf({ sources, invalidSources }, 'racing');
      const clock = clockOf(process.env);
      // One instant for the site and the window: a run that crosses midnight still asks for days that the
      // site has.
      const now = clock.now();
      const today = civilDateAt(now, racing.timeZone);
      const site = await startDemoSite({
        seed: options.seed,
        today,
        now: clock.now,
        markup: 'mix',
        faults: options.faults ? demoFaults(today) : NO_FAULTS,
      });
      const progress = new Progress();
      const platform = openLocalPlatform({
        directory: local,
        clock,
        env: { ...DEMO_SETTINGS, RESCRAPE_RACING_URL: site.url },
        onEvent: (event) => progress.onPipeline(event),
      });
      try {
        const window = windowOf(racing, now, {});
        const end = await runWithProgress(platform, { source: 'racing', ...window, force: false }, progress);
        refuseInterrupted(end);
        const report = await completeness(platform.state, racing, { ...window, today });
        if (json) return printObject({ ...runRecord(end), completeness: completenessRecord(report) });
        printRunEnd(platform, end);
        printCompleteness(report);
        console.log(gone(String(racing.baseUrl)));
      } finally {
        await platform.close();
        await site.close();
      }
    });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('give a whole number');
  return value;
}
