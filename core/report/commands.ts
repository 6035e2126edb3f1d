import { partitionName } from '../lake/layout.ts';
import type { Partition } from '../source/source.ts';

/** Commands that a report recommends, ready to be pasted. */

export function whyCommand(source: string, partition: Partition): string {
  return command('why', partitionName(source, partition));
}

/** `force`: every page in full, as if nothing were known. */
export function rerunCommand(source: string, { target, date }: Partition, force = false): string {
  const options = force ? ['--force'] : [];
  return command('run', source, '--target', target, '--start', date, '--end', date, ...options);
}

export function rollbackCommand(source: string, partition: Partition): string {
  return command('partitions', 'rollback', partitionName(source, partition));
}

export function reparseCommand(source: string, { target, date }: Partition): string {
  return command('reparse', source, '--target', target, '--start', date, '--end', date);
}

export function failuresCommand(source: string, { target, date }: Partition): string {
  return command('failures', 'list', '--source', source, '--target', target, '--start', date, '--end', date);
}

export function decideCommand(decision: 'accept' | 'reject', source: string, partition: Partition): string {
  return command('partitions', decision, partitionName(source, partition));
}

export function skipRemoveCommand(source: string, target: string): string {
  return command('skip', 'remove', source, target);
}

/** What a POSIX shell takes literally without quotes. */
const PLAIN_WORD = /^[A-Za-z0-9_./:@%+=,-]+$/;

function command(...words: readonly string[]): string {
  return ['rescrape', ...words].map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
