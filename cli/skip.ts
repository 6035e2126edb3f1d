import type { Command } from 'commander';
import { stepText } from '../core/advice/render.ts';
import type { Step } from '../core/advice/step.ts';
import { queueOpen } from '../core/failures/queue-failures.ts';
import { unaskedDates } from '../core/run/unasked.ts';
import { targetsNamed } from '../core/source/partition.ts';
import type { Source } from '../core/source/source.ts';
import { flagged, unflagged } from '../core/targets/flags.ts';
import { isSkipped, type SkipFlag, type TargetRecord } from '../core/targets/target.ts';
import { TargetStore } from '../core/targets/target-store.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { adviseAt } from './advice.ts';
import {
  type Changed,
  type ChoiceOptions,
  refuseUnchanged,
  targetsToChange,
  withChoice,
} from './chosen-targets.ts';
import { examples, newCommand } from './command.ts';
import { sourceOf, withScrapedSources } from './context.ts';
import { expiryOf } from './expiry.ts';
import { UsageError } from './failure.ts';
import { type Scope, scopesOf } from './filter.ts';
import { printItems } from './json.ts';
import { counted, type ListOptions, number, printList, timeText, withCsv } from './list.ts';
import { operator } from './operator.ts';
import { cellText } from './print.ts';
import { type TargetFilterOptions, targetMatcher, withTargetFilter } from './target-filter.ts';
import { namedRecord } from './target-names.ts';

export function skipCommand(): Command {
  const skip = newCommand('skip').addHelpText(
    'after',
    examples(
      'skip list',
      'skip add racing fr --reason "site is down until Monday" --expires 3d',
      'skip remove racing fr',
    ),
  );
  withTargetFilter(withCsv(skip.command('list').description('list the targets that are skipped, and why')))
    .argument('[source]', 'only this source')
    .option('--target <target>', 'only this target')
    .option('--reason <text>', 'only flags whose reason holds this')
    .addHelpText(
      'after',
      examples('skip list', 'skip list racing --json', 'skip list --reason auto_flag --csv'),
    )
    .action(listSkipped);
  withChoice(
    skip
      .command('add')
      .description('leave targets out of every run, from now on or until their flag expires'),
  )
    .requiredOption('--reason <text>', 'why, for whoever finds the flag later')
    .option('--expires <when>', 'a span or a date: then one probe goes, and lifts the flag if it succeeds')
    .addHelpText(
      'after',
      examples(
        'skip add racing fr --reason "site is down until Monday"',
        'skip add racing fr ire --reason "they asked us to wait" --expires 30d',
      ),
    )
    .action(addSkips);
  withChoice(
    skip.command('remove').description('take targets into the runs again, their counters back at zero'),
  )
    .option('--reason <text>', 'why, for the history of the target')
    .addHelpText('after', examples('skip remove racing fr', 'skip remove racing --targets mended.csv'))
    .action(removeSkips);
  return skip;
}

/** True for a target of the source that is meant, by its id or the value of its partitions. */
function isNamed(scopes: readonly Scope[], name: string, target: string): boolean {
  const scope = scopes.find(({ source }) => source.name === name);
  const named = scope ? targetsNamed(scope.source, scope.source.targets, scope.targets) : [];
  return !('unknown' in named) && named.some(({ id }) => id === target);
}

interface SkipListOptions extends ListOptions, TargetFilterOptions {
  readonly target?: string;
  readonly reason?: string;
}

async function listSkipped(
  name: string | undefined,
  options: SkipListOptions,
  command: Command,
): Promise<void> {
  await withScrapedSources(command, async (platform, globals) => {
    const asked = options.target === undefined ? undefined : [options.target];
    const scopes = scopesOf(platform, name === undefined ? [] : [name], asked);
    const sources = scopes.map(({ source }) => source);
    const isLike = targetMatcher(sources, options);
    const isMeant = (source: string, target: string) =>
      isLike(source, target) && (asked === undefined || isNamed(scopes, source, target));
    const now = platform.clock.now();
    const skipped: (TargetRecord & { readonly skip: SkipFlag })[] = [];
    for await (const record of recordsOf(platform, sources)) {
      const { skip } = record;
      if (skip?.reason.includes(options.reason ?? '') && isMeant(record.source, record.target))
        skipped.push({ ...record, skip });
    }
    const columns = [
      { name: 'target' },
      { name: 'reason' },
      { name: 'since' },
      { name: 'by' },
      { name: 'expires' },
      { name: 'consecutive_blocks', title: 'walls in a row', ...number },
      { name: 'consecutive_not_found', title: '404s in a row', ...number },
      { name: 'last_error_code', title: 'last error' },
    ];
    const rows = skipped.map((record) => ({
      target: `${record.source}/${record.target}`,
      reason: record.skip.reason,
      since: timeText(record.skip.since),
      by: record.skip.actor,
      expires: `${timeText(record.skip.expiresAt)}${isSkipped(record, now) ? '' : ' (a probe may go)'}`,
      consecutive_blocks: record.consecutiveBlocks,
      consecutive_not_found: record.consecutiveNotFound,
      last_error_code: record.lastErrorCode,
    }));
    const none =
      skipped.length === 0 && options.reason === undefined ? 'no target is skipped' : 'no flag matches';
    printList({ columns, rows, values: skipped.map(namedRecord), none }, { ...globals, ...options });
  });
}

async function* recordsOf(
  { state }: CommandPlatform,
  sources: readonly Source[],
): AsyncGenerator<TargetRecord> {
  const store = new TargetStore(state);
  for (const { name } of sources) yield* store.list(name);
}

interface AddOptions extends ChoiceOptions {
  readonly reason: string;
  readonly expires?: string;
}

async function addSkips(
  name: string,
  names: readonly string[],
  options: AddOptions,
  command: Command,
): Promise<void> {
  const reason = cellText(options.reason).trim();
  if (reason === '') throw new UsageError('--reason is empty', 'say why, for whoever finds the flag later');
  await withScrapedSources(command, async (platform, { json }) => {
    const source = sourceOf(platform, name);
    const store = new TargetStore(platform.state);
    const at = platform.clock.now();
    const expiresAt = options.expires === undefined ? null : expiryOf(options.expires, at, source.timeZone);
    const by = { actor: operator(), at, reason };
    const request = { ...by, ...(expiresAt !== null && { minutes: (expiresAt - at) / 60_000 }) };
    const records: TargetRecord[] = [];
    for (const { id } of await targetsToChange(source, names, options)) {
      const { skip: before } = await store.get(source.name, id);
      await store.update(source.name, id, (record) => flagged(record, request), by);
      records.push(await store.get(source.name, id));
      const until = expiresAt === null ? `from now on${forGood(before)}` : `until ${timeText(expiresAt)}`;
      const instead = before
        ? `; it was skipped already (${cellText(before.reason)}, since ${timeText(before.since)})`
        : '';
      if (!json) console.log(`${source.name}/${id} is skipped ${until}: ${reason}${instead}`);
    }
    if (json) printItems(records.map(namedRecord));
    refuseUnchanged(source.name, records);
  });
}

/** What becomes of a flag that would have ended by itself. */
function forGood(before: SkipFlag | null): string {
  const endsAt = before?.expiresAt ?? null;
  return endsAt === null ? '' : `, for good (it would have ended on ${timeText(endsAt)})`;
}

interface RemoveOptions extends ChoiceOptions {
  readonly reason?: string;
}

async function removeSkips(
  name: string,
  names: readonly string[],
  options: RemoveOptions,
  command: Command,
): Promise<void> {
  await withScrapedSources(command, async (platform, { json, place }) => {
    const source = sourceOf(platform, name);
    const store = new TargetStore(platform.state);
    const changes: Changed[] = [];
    const lifted: object[] = [];
    for (const { id } of await targetsToChange(source, names, options)) {
      const before = await store.get(source.name, id);
      if (!before.skip) {
        // Of those that are only described, most are not flagged, and nobody said that they are.
        if (names.length > 0) changes.push({ target: id, why: 'is not skipped: there is nothing to lift' });
        continue;
      }
      changes.push({ target: id });
      const at = platform.clock.now();
      const by = { actor: operator(), at, ...(options.reason !== undefined && { reason: options.reason }) };
      await store.update(source.name, id, (record) => unflagged(record, at), by);
      const { skip } = before;
      const queued = await queueOpen(platform, { source: source.name, target: id }, operator());
      const left = await unaskedDates(platform, source, id, skip.since);
      const next = left
        ? adviseAt(place, { kind: 'undone', source: source.name, target: id, dates: left })
        : [];
      lifted.push({ ...namedRecord(await store.get(source.name, id)), queued, next });
      if (!json) tellLifted({ ...before, skip }, queued, next);
    }
    if (json) printItems(lifted);
    refuseUnchanged(source.name, changes);
  });
}

function tellLifted(
  before: TargetRecord & { readonly skip: SkipFlag },
  queued: number,
  next: readonly Step[],
): void {
  const { source, target, skip, consecutiveBlocks, consecutiveNotFound } = before;
  console.log(
    `${source}/${target} is scraped again from the next run on (it was skipped since ${timeText(skip.since)}: ` +
      `${cellText(skip.reason)}); its counters of walls (${consecutiveBlocks}) and of 404s ` +
      `(${consecutiveNotFound}) are back at zero.`,
  );
  for (const step of next) console.log(stepText(step));
  if (queued > 0)
    console.log(`${counted(queued, 'failed item')} of it back in the queue, to be tried again by itself.`);
}
