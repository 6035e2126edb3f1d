import { CommanderError } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepsText } from '../core/advice/render.ts';
import { type Step, stepsAt } from '../core/advice/step.ts';
import type { CommandSubject } from '../core/advice/subject.ts';
import { CorruptLakeError } from '../core/lake/manifest.ts';
import { StageError } from '../core/platform.ts';
import { StorageError } from '../core/ports/storage-error.ts';
import { WarehouseError } from '../core/ports/warehouse.ts';
import { DecisionError } from '../core/publish/decisions.ts';
import { RunInProgressError } from '../runtime/run-lock.ts';
import { SettingError } from '../runtime/setting-error.ts';
import {
  CommandError,
  DamagedLakeError,
  type ErrorCode,
  FailedCommand,
  type Hint,
  IncompleteCommand,
  InterruptedCommand,
  NotFoundError,
  NothingToDoError,
  UsageError,
} from './failure.ts';
import { cellText } from './print.ts';

interface Kind {
  readonly code: ErrorCode;
  readonly exitCode: 1 | 2 | 3 | 130;
  /** What to do next, where the error itself does not say. */
  readonly hint: Hint;
}

/** How a command ended otherwise than well. `isExpected`: its message is the one line that the user needs. */
interface CommandEnd extends Kind {
  readonly message: string;
  /** True where the message says what to do itself, so that a person needs no second sentence. */
  readonly isExpected: boolean;
}

function hintOf(as: (CommandSubject & { readonly kind: 'ended' })['as']): readonly Step[] {
  return advise({ kind: 'ended', as });
}

const HELP = 'add --help for what there is';
const AGAIN = 'mend what the message names, and give the same command again';
const USAGE: Kind = { code: 'USAGE', exitCode: 2, hint: HELP };

type ErrorClass = abstract new (...given: never[]) => Error;

/** Every expected error: the first class that fits rules. */
const KINDS: readonly (readonly [ErrorClass, Kind])[] = [
  [UsageError, USAGE],
  [SettingError, { ...USAGE, hint: hintOf('bad-setting') }],
  [IncompleteCommand, { code: 'INCOMPLETE', exitCode: 3, hint: hintOf('failed-items') }],
  [InterruptedCommand, { code: 'INTERRUPTED', exitCode: 130, hint: 'give the same command again to go on' }],
  [NotFoundError, { code: 'NOT_FOUND', exitCode: 1, hint: 'check the name' }],
  [NothingToDoError, { code: 'CONFLICT', exitCode: 1, hint: 'there is nothing to do' }],
  [DamagedLakeError, { code: 'CORRUPT_LAKE', exitCode: 1, hint: hintOf('damaged-lake') }],
  [CorruptLakeError, { code: 'CORRUPT_LAKE', exitCode: 1, hint: hintOf('damaged-lake') }],
  [RunInProgressError, { code: 'CONFLICT', exitCode: 1, hint: 'wait until the other process ends' }],
  [DecisionError, { code: 'CONFLICT', exitCode: 1, hint: hintOf('no-decision') }],
  [StorageError, { code: 'STORAGE', exitCode: 1, hint: AGAIN }],
  [WarehouseError, { code: 'QUERY', exitCode: 1, hint: hintOf('bad-query') }],
  [StageError, { code: 'FAILED', exitCode: 1, hint: AGAIN }],
  [FailedCommand, { code: 'FAILED', exitCode: 1, hint: AGAIN }],
];

const INTERNAL: Kind = {
  code: 'INTERNAL',
  exitCode: 1,
  hint: 'this is a bug: the same command without --json shows where',
};

/** The one place that decides the exit code. */
function commandEnd(error: unknown): CommandEnd {
  if (error instanceof CommanderError) return { ...USAGE, message: usageText(error), isExpected: true };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StageError && error.name === 'BadInput')
    return { ...USAGE, message, isExpected: true };
  const kind = KINDS.find(([errorClass]) => error instanceof errorClass)?.[1];
  if (!kind) return { ...INTERNAL, message, isExpected: false };
  const { problem, hint } = toldBy(error);
  return { ...kind, ...(hint !== undefined && { hint }), message: problem ?? message, isExpected: true };
}

/** What is wrong and what to do, of an error that knows them apart. */
function toldBy(error: unknown): { readonly problem?: string; readonly hint?: Hint | undefined } {
  if (error instanceof CommandError) return { hint: error.hint };
  return error instanceof DecisionError && error.next.length > 0
    ? { problem: error.problem, hint: error.next }
    : {};
}

function usageText({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'a command is missing';
  return message
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ');
}

/**
 * Says how a command ended: one line for a person, one line of JSON for a program. `place`: where it worked,
 * as it was typed.
 */
export function reportError(
  error: unknown,
  { json, place }: { readonly json: boolean; readonly place: readonly string[] },
): number {
  const end = commandEnd(error);
  const { code, message, exitCode, isExpected } = end;
  const hint = typeof end.hint === 'string' ? end.hint : hintText(stepsAt(place, stepsOf(end.hint)), error);
  if (json) console.error(JSON.stringify({ error: { code, message, hint } }));
  else if (!isExpected) console.error(error);
  else if (!isHelpPrinted(error))
    console.error(`rescrape: ${isSplit(error) ? `${message}; ${hint}` : message}`);
  return exitCode;
}

/** The whole help stands there already. */
function isHelpPrinted(error: unknown): boolean {
  return error instanceof CommanderError && error.code === 'commander.help';
}

/** Other messages of the core say themselves what to do. */
function isSplit(error: unknown): boolean {
  return error instanceof CommanderError || toldBy(error).hint !== undefined;
}

function stepsOf(hint: Exclude<Hint, string>): readonly Step[] {
  return 'kind' in hint ? advise(hint) : hint;
}

/** Of the ways that a decision leaves open one is enough. */
function hintText(steps: readonly Step[], error: unknown): string {
  return cellText(stepsText(steps, { alternatives: error instanceof DecisionError }));
}
