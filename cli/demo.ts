import { type Command, InvalidArgumentError } from 'commander';
import { clockOf } from '../runtime/clock.ts';
import { refuseUnknownVariables } from '../runtime/setting-names.ts';
import { EXTRACTIONS } from '../sources/extractions.ts';
import { listedSources } from '../sources/index.ts';
import { examples, newCommand } from './command.ts';
import { globalOptions } from './context.ts';
import { catalogsDemo } from './demos/catalogs.ts';
import { closingText } from './demos/closing.ts';
import type { Demo, DemoEnd } from './demos/demo.ts';
import { menusDemo } from './demos/menus.ts';
import { racingDemo } from './demos/racing.ts';
import { schedulesDemo } from './demos/schedules.ts';
import { demoRecord, printDemo, printSummary, refuseWrong } from './demos/summary.ts';
import { tutoringDemo } from './demos/tutoring.ts';
import { UsageError } from './failure.ts';
import { printObject } from './json.ts';
import { Progress } from './progress.ts';

interface DemoOptions {
  readonly seed: number;
  readonly faults: boolean;
}

/** In the order in which they are played. */
const DEMOS: readonly Demo[] = [racingDemo, schedulesDemo, menusDemo, tutoringDemo, catalogsDemo];

export function demoCommand(): Command {
  return newCommand('demo')
    .argument('[name...]', `only these: ${DEMOS.map(({ name }) => name).join(', ')} (default: all)`)
    .option('--seed <n>', 'which sites: the same number is the same sites', wholeNumber, 1)
    .option('--no-faults', 'sites without faults')
    .addHelpText(
      'after',
      examples('demo', 'demo racing', 'demo schedules menus --local /tmp/try', 'demo --no-faults --seed 7'),
    )
    .action(async (names: string[], options: DemoOptions, command: Command) => {
      const { local, json, stack, place } = globalOptions(command);
      if (stack !== undefined) throw new UsageError('the demo runs on this machine', 'leave --stack out');
      const demos = demosOf(names);
      refuseUnknownVariables(process.env, listedSources, EXTRACTIONS);
      const clock = clockOf(process.env);
      const ends: DemoEnd[] = [];
      for (const [at, demo] of demos.entries()) {
        console.error(`${at > 0 ? '\n' : ''}${demo.name} (${at + 1} of ${demos.length}): ${demo.about}`);
        const progress = new Progress();
        const { seed, faults } = options;
        const end = await demo.play({ directory: local, clock, seed, hasFaults: faults, progress });
        if (!json) await printDemo(end, place);
        ends.push(end);
      }
      if (json) printObject({ demos: ends.map(demoRecord) });
      else {
        printSummary(ends);
        const crawled = ends.filter((end) => end.kind === 'crawled');
        if (crawled.length > 0) console.log(closingText(crawled, place));
      }
      refuseWrong(ends);
    });
}

function demosOf(names: readonly string[]): readonly Demo[] {
  const unknown = names.find((name) => DEMOS.every((demo) => demo.name !== name));
  if (unknown !== undefined)
    throw new UsageError(
      `there is no demo ${JSON.stringify(unknown)}`,
      `there is: ${DEMOS.map(({ name }) => name).join(', ')}`,
    );
  return names.length === 0 ? DEMOS : DEMOS.filter(({ name }) => names.includes(name));
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('give a whole number');
  return value;
}
