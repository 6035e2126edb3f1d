import { fileURLToPath } from 'node:url';
import { printedBy } from './measured-process.ts';

/**
 * Runs a script, relative to this folder, in a process of its own and answers the JSON that it prints.
 * Rejects with what it printed where it fails.
 */
export async function runChild<Answer>(
  script: string,
  args: readonly string[],
  { env = {} }: { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const quiet = '--disable-warning=ExperimentalWarning';
  return JSON.parse(await printedBy(process.execPath, [quiet, path, ...args], env)) as Answer;
}
