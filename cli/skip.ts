import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepText } from '../core/advice/render.ts';
import { queueOpen } from '../core/failures/queue-failures.ts';
import { unaskedDates } from '../core/run/unasked.ts';
import { flagged, unflagged } from '../core/targets/flags.ts';
import type { TargetRecord } from '../core/targets/target.ts';
import { TargetStore } from '../core/targets/target-store.ts';
import { examples, newCommand } from './command.ts';
import { sourceOf, targetsOf, withPlatform } from './context.ts';
import { UsageError } from './failure.ts';
import { scopeOf } from './filter.ts';
import { printObject } from './json.ts';
import { counted, type ListOptions, number, printList, timeText, withCsv } from './list.ts';
import { operator } from './operator.ts';
import { cellText } from './print.ts';

export function skipCommand(): Command {
  const skip = newCommand('skip').addHelpText(
    'after',
    examples('skip list', 'skip add racing fr --reason "site is down until Monday"', 'skip remove racing fr'),
  );
  withCsv(skip.command('list').description('list the targets that are skipped, and why'))
    .argument('[source]', 'only this source')
    .addHelpText('after', examples('skip list', 'skip list racing --json'))
    .action(listSkipped);
  skip
    .command('add')
    .description('leave a target out of every run from now on')
    .argument('<source>')
    .argument('<target>')
    .requiredOption('--reason <text>', 'why, for whoever finds the flag later')
    .addHelpText('after', examples('skip add racing fr --reason "site is down until Monday"'))
    .action(addSkip);
  skip
    .command('remove')
    .description('take a target into the runs again, its counters back at zero')
    .argument('<source>')
    .argument('<target>')
    .addHelpText('after', examples('skip remove racing fr'))
    .action(removeSkip);
  return skip;
}

async function listSkipped(name: string | undefined, options: ListOptions, command: Command): Promise<void> {
  await withPlatform(command, async (platform, globals) => {
    const { sources } = scopeOf(platform, name === undefined ? {} : { source: name });
    const store = new TargetStore(platform.state);
    const skipped: TargetRecord[] = [];
    for (const source of sources) {
      for await (const record of store.list(source.name)) if (record.skip) skipped.push(record);
    }
    const columns = [
      { name: 'target' },
      { name: 'reason' },
      { name: 'since' },
      { name: 'by' },
      { name: 'blocks', title: 'walls in a row', ...number },
      { name: 'notFound', title: '404s in a row', ...number },
      { name: 'lastError', title: 'last error' },
    ];
    const rows = skipped.map((record) => ({
      target: `${record.source}/${record.target}`,
      reason: record.skip?.reason,
      since: timeText(record.skip?.since),
      by: record.skip?.actor,
      blocks: record.consecutiveBlocks,
      notFound: record.consecutiveNotFound,
      lastError: record.lastErrorCode,
    }));
    printList({ columns, rows, values: skipped, none: 'no target is skipped' }, { ...globals, ...options });
  });
}

async function addSkip(
  name: string,
  target: string,
  { reason }: { readonly reason: string },
  command: Command,
): Promise<void> {
  const why = cellText(reason).trim();
  if (why === '') throw new UsageError('--reason is empty', 'say why, for whoever finds the flag later');
  await withPlatform(command, async (platform, { json }) => {
    const source = sourceOf(platform, name);
    targetsOf(source, [target]);
    const store = new TargetStore(platform.state);
    const { skip: before } = await store.get(source.name, target);
    const by = { actor: operator(), at: platform.clock.now() };
    await store.update(source.name, target, (record) => flagged(record, { reason: why, ...by }), by);
    if (json) return printObject(await store.get(source.name, target));
    const instead = before
      ? `; it was skipped already (${cellText(before.reason)}, since ${timeText(before.since)})`
      : '';
    console.log(`${source.name}/${target} is skipped from now on: ${why}${instead}`);
  });
}

async function removeSkip(name: string, target: string, _options: object, command: Command): Promise<void> {
  await withPlatform(command, async (platform, { json }) => {
    const source = sourceOf(platform, name);
    targetsOf(source, [target]);
    const store = new TargetStore(platform.state);
    const before = await store.get(source.name, target);
    if (before.skip) {
      const by = { actor: operator(), at: platform.clock.now() };
      await store.update(source.name, target, (record) => unflagged(record, by.at), by);
    }
    const queued = before.skip ? await queueOpen(platform, { source: source.name, target }, operator()) : 0;
    const left = before.skip && (await unaskedDates(platform, source, target, before.skip.since));
    const next = left ? advise({ kind: 'undone', source: source.name, target, dates: left }) : [];
    if (json) return printObject({ ...(await store.get(source.name, target)), queued, next });
    if (!before.skip) return console.log(`${source.name}/${target} is not skipped: there is nothing to lift`);
    console.log(
      `${source.name}/${target} is scraped again from the next run on (it was skipped since ${timeText(before.skip.since)}: ` +
        `${cellText(before.skip.reason)}); its counters of walls (${before.consecutiveBlocks}) and of 404s ` +
        `(${before.consecutiveNotFound}) are back at zero.`,
    );
    for (const step of next) console.log(stepText(step));
    if (queued > 0)
      console.log(`${counted(queued, 'failed item')} of it back in the queue, to be tried again by itself.`);
  });
}
