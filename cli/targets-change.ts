import type { Command } from 'commander';
import { minutesOf } from '../core/source/cadence.ts';
import type { Source } from '../core/source/source.ts';
import { checkedAttributes } from '../core/targets/raw-target.ts';
import { targetsWithRecords } from '../core/targets/register.ts';
import type { TargetRecord } from '../core/targets/target.ts';
import { TargetStore } from '../core/targets/target-store.ts';
import { paused, resumed, type TargetSettings, withSettings } from '../core/targets/transitions.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { type Changed, type ChoiceOptions, refuseUnchanged, targetsToChange } from './chosen-targets.ts';
import { sourceOf, withScrapedSources } from './context.ts';
import { UsageError } from './failure.ts';
import { printItems } from './json.ts';
import { timeText } from './list.ts';
import { operator } from './operator.ts';
import { cellText } from './print.ts';
import { attributesOf } from './target-attributes.ts';
import { listedTarget } from './target-list.ts';
import { targetRecord } from './target-views.ts';

interface ChangeOptions extends ChoiceOptions {
  readonly reason?: string;
}

/** What is done to each record, and what is said of it. */
interface Change {
  /** The same record where there is nothing to do. */
  apply(record: TargetRecord, at: number): TargetRecord;
  done(record: TargetRecord): string;
  /** Why there was nothing to do. */
  undone(record: TargetRecord): string;
  /** True where `apply` throws for a record that it does not fit. */
  readonly canRefuse?: boolean;
}

const PAUSE: Change = {
  apply: (record) => (record.status === 'paused' ? record : paused(record)),
  done: () => 'is paused: no run crawls it until "rescrape targets resume"',
  undone: () => 'is paused already',
};

const RESUME: Change = {
  apply: resumed,
  done: ({ nextCrawlAt }) => `is active again, due ${nextCrawlAt === null ? 'now' : timeText(nextCrawlAt)}`,
  undone: () => 'is active: there is nothing to resume',
};

type Act = (
  name: string,
  names: readonly string[],
  options: ChangeOptions,
  command: Command,
) => Promise<void>;

export const pauseTargets: Act = (name, names, options, command) =>
  changeTargets(name, names, options, command, () => PAUSE);

export const resumeTargets: Act = (name, names, options, command) =>
  changeTargets(name, names, options, command, () => RESUME);

interface SetOptions extends ChangeOptions {
  readonly frequency?: number | 'default';
  readonly maxRetries?: number | 'default';
  readonly name?: string;
  readonly attribute?: readonly string[];
}

export async function setTargets(
  name: string,
  names: readonly string[],
  options: SetOptions,
  command: Command,
): Promise<void> {
  const { frequency, maxRetries, attribute } = options;
  if ([frequency, maxRetries, options.name, attribute].every((each) => each === undefined))
    throw new UsageError(
      'there is nothing to set',
      'give --frequency, --max-retries, --name or --attribute name=value',
    );
  await changeTargets(name, names, options, command, (source) => settingOf(source, options));
}

function settingOf(source: Source, { frequency, maxRetries, name, attribute = [] }: SetOptions): Change {
  if (frequency !== undefined && source.cadence.kind === 'daily')
    throw new UsageError(
      `${source.name} is scraped day by day, all targets at once`,
      'leave --frequency away',
    );
  const given = attributesOf(source, attribute);
  const settings: TargetSettings = {
    ...(frequency !== undefined && { crawlFrequencyMinutes: orNull(frequency) }),
    ...(maxRetries !== undefined && { maxRetries: orNull(maxRetries) }),
    ...(name !== undefined && { name: name.trim() === '' ? null : name.trim() }),
  };
  return {
    canRefuse: given.size > 0,
    apply: (record) => {
      const attributes = given.size > 0 ? merged(source, record, given) : undefined;
      const next = withSettings(
        record,
        { ...settings, ...(attributes && { attributes }) },
        minutesOf(source.cadence),
      );
      return isSame(record, next) ? record : next;
    },
    done: () => 'is set',
    undone: () => 'has these settings already',
  };
}

/** Null is as the source says. */
function orNull(value: number | 'default'): number | null {
  return value === 'default' ? null : value;
}

/** Throws a UsageError of one line where the source does not take the attributes that come of it. */
function merged(
  source: Source,
  { target, attributes }: TargetRecord,
  given: ReturnType<typeof attributesOf>,
): NonNullable<TargetSettings['attributes']> {
  const all = Object.entries({ ...attributes, ...Object.fromEntries(given) });
  const next = Object.fromEntries(
    all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  if (!source.register) throw new UsageError(`the targets of ${source.name} are in its code`);
  const checked = checkedAttributes(source, target, next);
  if (typeof checked === 'string') throw new UsageError(checked, 'nothing was changed');
  return checked;
}

function isSame(before: TargetRecord, after: TargetRecord): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

async function changeTargets(
  name: string,
  names: readonly string[],
  options: ChangeOptions,
  command: Command,
  changeOf: (source: Source) => Change,
): Promise<void> {
  await withScrapedSources(command, async (platform, { json }) => {
    const source = sourceOf(platform, name);
    const change = changeOf(source);
    const changes: Changed[] = [];
    const values: unknown[] = [];
    const targets = await targetsToChange(source, names, options);
    // What one of them does not take is told before any is changed.
    const { state, clock } = platform;
    const ids = change.canRefuse ? targets.map(({ id }) => id) : [];
    for (const { record } of await targetsWithRecords(state, source, ids)) change.apply(record, clock.now());
    for (const { id } of targets) {
      const { isDone, record } = await changeOne(platform, source, id, change, options.reason);
      changes.push({ target: id, ...(!isDone && { why: change.undone(record) }) });
      values.push(targetRecord(listedTarget(source, record, platform.clock.now())));
      if (!json && isDone) console.log(`${source.name}/${id} ${cellText(change.done(record))}`);
    }
    if (json) printItems(values);
    refuseUnchanged(source.name, changes);
  });
}

async function changeOne(
  { state, clock }: CommandPlatform,
  source: Source,
  id: string,
  change: Change,
  reason: string | undefined,
): Promise<{ readonly isDone: boolean; readonly record: TargetRecord }> {
  const store = new TargetStore(state);
  const at = clock.now();
  let isDone = false;
  const by = { actor: operator(), at, ...(reason !== undefined && { reason }) };
  await store.update(
    source.name,
    id,
    (record) => {
      const next = change.apply(record, at);
      isDone = next !== record;
      return next;
    },
    by,
  );
  return { isDone, record: await store.get(source.name, id) };
}
