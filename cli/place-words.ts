import type { Command } from 'commander';
import type { GlobalOptions } from './context.ts';

/** `--stack` or `--local` as they were typed, for a command that is to be typed next. */
export function placeWords({ local, stack }: GlobalOptions, command: Command): string[] {
  if (stack !== undefined) return ['--stack', stack];
  return command.getOptionValueSourceWithGlobals('local') === 'cli' ? ['--local', local] : [];
}
