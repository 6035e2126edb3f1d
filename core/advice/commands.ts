import type { DateRange } from '../calendar/window.ts';
import { itemName, partitionName } from '../lake/layout.ts';
import type { Partition } from '../source/source.ts';
import { shellText } from '../wording/shell.ts';

/** Commands that advice names, ready to be pasted. Only this room composes them. */

export function whyCommand(source: string, partition: Partition): string {
  return command('why', partitionName(source, partition));
}

/** `force`: every page in full, as if nothing were known. */
export function rerunCommand(source: string, { value: target, date }: Partition, force = false): string {
  const options = force ? ['--force'] : [];
  return command(...runWords(source, target, { start: date, end: date }), ...options);
}

/** Of targets that have times of their own: now, due or not, and every page in full. */
export function recrawlCommand(source: string, targets: readonly string[]): string {
  return command('run', source, '--target', ...targets, '--force');
}

/** A run of these dates of a target. */
export function runCommand(source: string, target: string, dates: DateRange): string {
  return command(...runWords(source, target, dates));
}

function runWords(source: string, target: string, { start, end }: DateRange): string[] {
  return ['run', source, '--target', target, '--start', start, '--end', end];
}

/** `to`: to that version rather than to the one before. */
export function rollbackCommand(source: string, partition: Partition, to?: string): string {
  const options = to === undefined ? [] : ['--to', to];
  return command('partitions', 'rollback', partitionName(source, partition), ...options);
}

export function reparseCommand(source: string, { value: target, date }: Partition): string {
  return command('reparse', source, '--target', target, '--start', date, '--end', date);
}

export function sourceFailuresCommand(source: string): string {
  return command('failures', 'list', '--source', source);
}

export function failuresCommand(source: string, { value: target, date }: Partition): string {
  return command('failures', 'list', '--source', source, '--target', target, '--start', date, '--end', date);
}

/** Locally it does what the retry-items function does in a stack. */
export function workerCommand(): string {
  return command('worker');
}

export function decideCommand(decision: 'accept' | 'reject', source: string, partition: Partition): string {
  return command('partitions', decision, partitionName(source, partition));
}

export function skipRemoveCommand(source: string, target: string): string {
  return command('skip', 'remove', source, target);
}

/** All failures of the partition, or one item of it. */
export function retryCommand(source: string, partition: Partition, item?: string): string {
  const name =
    item === undefined ? partitionName(source, partition) : itemName({ source, ...partition, item });
  return command('retry', '--partition', name);
}

/** All that a run left behind and another try may heal. */
export function retryRunCommand(runId: string): string {
  return command('retry', '--run', runId);
}

/** The dead letters of all targets of these dates, back into the queue. */
export function redriveDatesCommand(source: string, { start, end }: { start: string; end: string }): string {
  return command('dead-letters', 'redrive', '--source', source, '--start', start, '--end', end);
}

/** The dead letters of a partition, back into the queue. */
export function redriveCommand(source: string, { value: target, date }: Partition): string {
  return command(
    ...['dead-letters', 'redrive', '--source', source],
    ...['--target', target, '--start', date, '--end', date],
  );
}

/** Shows what it would clear: with `--confirm` behind it, it does. */
export function clearCommand(source: string, { value: target, date }: Partition, code: string): string {
  return command(
    ...['failures', 'clear', '--source', source, '--target', target],
    ...['--start', date, '--end', date, '--code', code],
  );
}

/** `rescrape` with these words, each quoted where a shell would read it otherwise. */
export function command(...words: readonly string[]): string {
  return shellText('rescrape', ...words);
}
