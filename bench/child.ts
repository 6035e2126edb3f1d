import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  readonly nodeOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a script, relative to this folder, in a process of its own and answers the JSON that it prints.
 * Rejects with what it printed where it fails.
 */
export async function runChild<Answer>(...asked: Parameters<typeof printedBy>): Promise<Answer> {
  return JSON.parse(await printedBy(...asked)) as Answer;
}

/** As above, and answers its standard output as it is. */
export async function printedBy(
  script: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<string> {
  const { nodeOptions = [], env = {} } = options;
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...nodeOptions, path, ...args],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  );
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${script} ended with ${code}\n${printed.stdout}\n${printed.stderr}`);
  return printed.stdout;
}
