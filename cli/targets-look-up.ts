import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { type LookedUpTarget, lookUp } from '../core/run/look-up.ts';
import { type LookUpPlan, planLookUps, type SkippedLookUp } from '../core/run/look-up-plan.ts';
import type { Source } from '../core/source/source.ts';
import type { LocalPlatform } from '../runtime/local.ts';
import { isStack } from '../runtime/platform-for.ts';
import { lockRun } from '../runtime/run-lock.ts';
import { stoppable } from '../runtime/stoppable.ts';
import { type ChoiceOptions, chosenTargets } from './chosen-targets.ts';
import { globalOptions, sourceOf, withScrapedSources } from './context.ts';
import { CountingLine } from './counting-line.ts';
import { FailedCommand, IncompleteCommand, InterruptedCommand, UsageError } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { counted, type ListOptions, printList, refuseTwoFormats, timeText } from './list.ts';
import { operator } from './operator.ts';
import { cellText } from './print.ts';
import { tellTrouble } from './retry-answer.ts';

interface LookUpTargetsOptions extends ChoiceOptions, ListOptions {
  readonly target?: readonly string[];
  readonly dryRun?: boolean;
}

type End = LookedUpTarget | SkippedLookUp;

export async function lookUpTargets(
  name: string,
  options: LookUpTargetsOptions,
  command: Command,
): Promise<void> {
  const globals = globalOptions(command);
  refuseTwoFormats({ ...globals, ...options });
  if (globals.stack !== undefined)
    throw new UsageError(
      'what targets lack is asked for from this machine, and not from the addresses of a stack',
      advise({ kind: 'ended', as: 'look-up-of-a-stack' }),
    );
  await withScrapedSources(
    command,
    async (platform) => {
      if (isStack(platform)) return;
      const source = sourceOf(platform, name);
      if (!source.register?.lookUp) throw new UsageError(`${source.name} looks up nothing of its targets`);
      const ids = (await chosenTargets(source, options.target, options)).map(({ id }) => id);
      const named = new Set(options.target === undefined ? [] : ids);
      const format = { ...globals, ...options };
      if (options.dryRun) printPlan(source, await planLookUps(platform, source, ids, named), format);
      else await carryOut(platform, source, ids, named, format);
    },
    tellTrouble,
  );
}

type Format = Parameters<typeof printList>[1];

async function carryOut(
  platform: LocalPlatform,
  source: Source,
  ids: readonly string[],
  named: ReadonlySet<string>,
  format: Format,
): Promise<void> {
  // A run would take our work for what a process that died has left.
  const unlock = await lockRun(platform, source.name);
  try {
    const { open, skipped } = await planLookUps(platform, source, ids, named);
    const ends: End[] = [...skipped];
    const line = new CountingLine();
    const onEnd = (end: End) => {
      ends.push(end);
      line.at(`${ends.length - skipped.length} of ${counted(open.length, 'target')} looked up`);
    };
    const isInterrupted = await interruptible(async (signal) => {
      const mustStop = () => signal.aborted;
      const asked = { actor: operator(), mustStop, onEnd };
      await lookUp(stoppable(platform, signal), source, open, asked).finally(() => line.end());
      return signal.aborted;
    });
    const left = open.length + skipped.length - ends.length;
    tell(source, ends, left, format);
    if (isInterrupted)
      throw new InterruptedCommand(
        `interrupted: ${counted(left, 'target')} not looked up`,
        'give the same command again to go on',
      );
    refuseNotFound(source, ends, named);
  } finally {
    unlock();
  }
}

const COLUMNS = [
  ...['target', 'result', 'found', 'needs', 'error_code', 'message', 'until'].map((name) => ({ name })),
];

/** `left`: targets that an interruption has left. */
function tell(source: Source, ends: readonly End[], left: number, format: Format): void {
  const sorted = ends.toSorted((a, b) => (a.target < b.target ? -1 : 1));
  const none = left > 0 ? 'no target was looked up' : `no target of ${source.name} lacks anything`;
  const values = sorted.map((end) => lookUpValue(source, end));
  printList({ columns: COLUMNS, rows: values.map(rowOf), values, none }, format);
  if (format.json || format.csv || ends.length === 0) return;
  const count = (result: string) => values.filter((value) => value.result === result).length;
  const asked = ends.length - count('skipped');
  console.log(
    `${counted(asked, 'target')} of ${source.name} looked up: ${count('found')} found, ${count('unknown')} not, ${count('failed')} failed; ${count('skipped')} skipped`,
  );
}

/** A look-up for `--json`. */
function lookUpValue(source: Source, end: End) {
  const isAsked = 'kind' in end;
  return {
    source: source.name,
    target: end.target,
    result: isAsked ? end.kind : 'skipped',
    found: isAsked ? end.found : {},
    needs: end.needs,
    error_code: isAsked ? end.code : null,
    reason: isAsked ? null : end.reason,
    message: end.message,
    until: isAsked ? null : end.until,
  };
}

function rowOf({ found, reason, message, until, ...value }: ReturnType<typeof lookUpValue>) {
  const pairs = Object.entries(found).map(([name, text]) => `${name}=${text}`);
  const why = [reason, message].filter((text) => text !== null).join(': ');
  return { ...value, found: pairs.join(' '), message: why, until: timeText(until) || null };
}

function printPlan(source: Source, { open, skipped }: LookUpPlan, format: Format): void {
  const columns = ['target', 'needs', 'url', 'reason', 'message'].map((name) => ({ name }));
  const isTable = !format.json && !format.csv;
  const rows = [
    ...open.map(({ target, needs, url }) => ({
      // A query of a thousand characters is no use to a reader.
      ...{ source: source.name, target: target.id, needs, url: isTable ? url.split('?')[0] : url },
      ...{ reason: null, message: null, until: null },
    })),
    ...skipped.map((each) => ({ source: source.name, url: null, ...each })),
  ].toSorted((a, b) => (a.target < b.target ? -1 : 1));
  printList({ columns, rows, none: `no target of ${source.name} lacks anything` }, format);
  if (isTable && rows.length > 0)
    console.log(`${counted(open.length, 'target')} would be looked up, ${skipped.length} not`);
}

/** Exit code 1 where nothing came of all that was asked, 3 where some were not found, or named in vain. */
function refuseNotFound({ name }: Source, ends: readonly End[], named: ReadonlySet<string>): void {
  const asked = ends.filter((end) => 'kind' in end);
  const failed = asked.filter(({ kind }) => kind === 'failed');
  const first = failed[0];
  if (first && failed.length === asked.length)
    throw new FailedCommand(
      `nothing could be looked up; ${name}/${first.target}: ${cellText([first.code, first.message].filter(Boolean).join(' '))}`,
    );
  const unknown = asked.find(({ kind }) => kind === 'unknown');
  const missed = ends.filter((end) => ('kind' in end ? end.kind !== 'found' : named.has(end.target)));
  if (missed.length === 0) return;
  throw new IncompleteCommand(
    `${counted(missed.length, 'target')} of ${name} could not be looked up`,
    advise(
      unknown
        ? { kind: 'unknown-target', source: name, target: unknown.target }
        : { kind: 'lacking', source: name },
    ),
  );
}
