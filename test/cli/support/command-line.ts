import { vi } from 'vitest';
import { main } from '../../../cli/main.ts';
import { STARTS_AT } from '../../e2e/support/test-time.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one command line in this process, as `bin/rescrape.js` would, at the time of the tests, and keeps what
 * it printed.
 */
export async function rescrape(directory: string, ...words: readonly string[]): Promise<Said> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const keep = (lines: string[]) => (text: string | Uint8Array) => {
    lines.push(String(text));
    return true;
  };
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((...values) => void stdout.push(`${values.join(' ')}\n`)),
    vi.spyOn(console, 'error').mockImplementation((...values) => void stderr.push(`${values.join(' ')}\n`)),
    vi.spyOn(process.stdout, 'write').mockImplementation(keep(stdout)),
    vi.spyOn(process.stderr, 'write').mockImplementation(keep(stderr)),
  ];
  const before = process.exitCode;
  process.exitCode = 0;
  const setTo = process.env.RESCRAPE_NOW;
  process.env.RESCRAPE_NOW = STARTS_AT;
  try {
    await main(['node', 'rescrape', '--local', directory, ...words]);
    return { code: Number(process.exitCode), stdout: stdout.join(''), stderr: stderr.join('') };
  } finally {
    process.exitCode = before;
    if (setTo === undefined) delete process.env.RESCRAPE_NOW;
    else process.env.RESCRAPE_NOW = setTo;
    for (const spy of spies) spy.mockRestore();
  }
}

/** The same with `--json`, and what it printed as a value; the result may be incomplete. */
export async function rescrapeJson(directory: string, ...words: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await rescrape(directory, ...words, '--json');
  if (code !== 0 && code !== 3) throw new Error(`${words.join(' ')} ended ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** The things in the list that it printed, or the rows of a query; throws where it printed neither. */
export async function rescrapeItems(directory: string, ...words: readonly string[]): Promise<unknown[]> {
  const printed = (await rescrapeJson(directory, ...words)) as { items: unknown[] } | unknown[];
  if (words[0] === 'query' && Array.isArray(printed)) return printed;
  const { items, ...beside } = printed as { items: unknown[] };
  if (!Array.isArray(items) || Object.keys(beside).length > 0)
    throw new Error(`${words.join(' ')} printed no list`);
  return items;
}
