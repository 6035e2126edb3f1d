import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { newProgram } from '../../cli/main.ts';
import { rescrape } from './support/command-line.ts';
import { leavesOf, pathOf } from './support/program.ts';

const program = await newProgram(() => true);
const everyCommand = [
  ...leavesOf(program),
  ...program.commands.filter(({ commands }) => commands.length > 0),
];

/** What `--help` prints of it, examples included. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

describe('the program', () => {
  it('loads each command under the name that its help lists', async () => {
    for (const { name, load } of COMMANDS) expect((await load()).name()).toBe(name);
  });

  it.each(everyCommand.map((command) => [pathOf(command), command] as const))(
    'has examples in the help of %s',
    (path, command) => {
      const example = new RegExp(`^Examples:\\n {2}\\$ rescrape .*\\b${path}\\b`, 'm');
      expect(helpOf(command)).toMatch(example);
      expect(command.description()).not.toBe('');
    },
  );

  it('tells its version', async () => {
    expect(await rescrape('nowhere', '--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it('suggests the command that was meant, and the one of a group', async () => {
    expect((await rescrape('nowhere', 'failurs')).stderr).toBe(
      "rescrape: unknown command 'failurs' (Did you mean failures?); add --help for what there is\n",
    );
    expect((await rescrape('nowhere', 'failures', 'lst')).stderr).toContain('(Did you mean list?)');
  });

  it('finds the command after options that have a value', async () => {
    const { code, stdout } = await rescrape('nowhere', '--json', '--local', 'run', 'views', '--help');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('rescrape views') });
  });
});

describe('an error', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'rescrape-errors-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each([
    [['failures', 'list', '--state', 'x'], 2, 'USAGE', 'there is no state "x"', /^there is: unresolved, /],
    [['failures'], 2, 'USAGE', 'a command is missing', /--help/],
    [['nonsense'], 2, 'USAGE', "unknown command 'nonsense'", /--help/],
    [['query'], 2, 'USAGE', "missing required argument 'sql'", /--help/],
    [['partitions', 'show', 'racing/gb/2025-11-17'], 1, 'NOT_FOUND', /was never scraped/, /rescrape why/],
    [['partitions', 'rollback', 'racing/gb/2025-11-17'], 1, 'CONFLICT', /has no version yet/, /history/],
    [['dead-letters', 'show', 'x'], 1, 'NOT_FOUND', 'there is no dead letter "x"', /dead-letters list/],
    [['retry', '--run', 'x'], 1, 'NOT_FOUND', 'no run x is on record', /failures list/],
    [['query', 'SELEC'], 1, 'QUERY', /syntax error/, /rescrape views/],
    [
      ['query', 'SELECT 1', '--csv', '/nowhere/x.csv', '--json'],
      2,
      'USAGE',
      /exclude each other/,
      /choose one/,
    ],
    [['completeness', 'racing', '--exit-code'], 3, 'INCOMPLETE', 'incomplete: racing', /rescrape why/],
  ])('%j under --json is one object on standard error', async (words, exitCode, code, message, hint) => {
    const { code: ended, stderr } = await rescrape(directory, ...words, '--json');
    expect(ended).toBe(exitCode);
    const lines = stderr.trimEnd().split('\n');
    expect(lines.filter((line) => line.startsWith('{'))).toEqual([lines.at(-1)]);
    expect(JSON.parse(lines.at(-1)!)).toEqual({
      error: {
        code,
        message: typeof message === 'string' ? message : expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      },
    });
  });
});
