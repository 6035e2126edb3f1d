import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import type { Session } from '../e2e/support/session.ts';
import { CatalogsDirectory } from './support/catalogs.ts';
import { rescrape } from './support/command-line.ts';
import { sessionWithDeadLetters } from './support/dead-letters.ts';
import { leavesOf, pathOf } from './support/program.ts';
import { RecordsDirectory, tutor } from './support/records.ts';

let session: Session;
let records: RecordsDirectory;
let catalogs: CatalogsDirectory;
let batch: string;

beforeAll(async () => {
  session = await sessionWithDeadLetters();
  records = new RecordsDirectory();
  await records.push('tutor', [tutor('t-1')]);
  await records.work();
  catalogs = await CatalogsDirectory.make();
  for (const [name, value] of Object.entries(catalogs.env)) vi.stubEnv(name, value);
  batch = await catalogs.submitted('Alabama');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await catalogs.remove();
  records.remove();
  await session.close();
});

/** Each on something that it would destroy, in an order in which each finds it. */
const DESTROYS: readonly {
  readonly path: string;
  readonly words: () => readonly string[];
  readonly at: () => string;
}[] = [
  { path: 'failures clear', words: () => ['--state', 'dead'], at: () => session.directory },
  { path: 'dead-letters purge', words: () => [], at: () => session.directory },
  { path: 'entities delete', words: () => ['tutor/t-1'], at: () => records.lake },
  { path: 'batches clear', words: () => [batch], at: () => catalogs.lake },
  { path: 'reset', words: () => ['--only', 'extraction'], at: () => catalogs.lake },
  { path: 'reset', words: () => [], at: () => session.directory },
];

const dryRunOf = (stdout: string) => (JSON.parse(stdout) as { dry_run: boolean }).dry_run;

describe.each(DESTROYS)('$path', ({ path, words, at }) => {
  const say = (...more: string[]) => rescrape(at(), ...path.split(' '), ...words(), ...more);

  it('without --confirm says what it would do and changes nothing, which is no success', async () => {
    const asked = await say('--dry-run');
    expect([asked.code, asked.stderr]).toEqual([0, '']);
    expect(asked.stdout).toContain('this does it:');
    const { code, stdout, stderr } = await say();
    expect({ code, stdout }).toEqual({ code: 2, stdout: asked.stdout });
    expect(stderr).toBe('rescrape: nothing was changed; --confirm does it, and --dry-run only says what\n');
    const json = await say('--json');
    expect([json.code, dryRunOf(json.stdout)]).toEqual([2, true]);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'USAGE' } });
    expect(await say('--dry-run')).toEqual(asked);
  });

  it('refuses both at once', async () => {
    expect(await say('--dry-run', '--confirm')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'rescrape: --dry-run and --confirm exclude each other; choose one\n',
    });
  });

  it('does it with --confirm', async () => {
    const { code, stderr } = await say('--confirm');
    expect([code, stderr]).toEqual([0, path === 'batches clear' ? expect.any(String) : '']);
    // Nothing is left to be done, which is no mistake where it is not about one thing.
    const again = await say();
    expect(again.code).toBe(words().length === 1 ? 1 : 0);
  });
});

it('every command that wants to be confirmed is held to it', async () => {
  const loaded = await Promise.all(COMMANDS.map(({ load }) => load()));
  const paths = loaded
    .flatMap((command) => [command, ...leavesOf(command)])
    .filter(({ options }) => options.some(({ long }) => long === '--confirm'))
    .map((command) => (command.parent ? `${command.parent.name()} ${command.name()}` : pathOf(command)));
  expect(paths.toSorted()).toEqual([...new Set(DESTROYS.map(({ path }) => path))].toSorted());
});
