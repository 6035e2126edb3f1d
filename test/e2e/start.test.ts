import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { startDemoSite } from '../../demo/site.ts';
import { startCommand } from './support/command-line.ts';

const root = mkdtempSync(join(tmpdir(), 'rescrape-start-'));
const cwd = join(root, 'cwd');
mkdirSync(cwd);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Preloaded: tells every module that is loaded, and at the end what Node loaded of its own. */
const TELLER = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
const tell = (what) => appendFileSync(process.env.LOADED, what + '\\n');
registerHooks({ load: (url, context, next) => { tell(url); return next(url, context); } });
process.on('exit', () => { for (const name of process.moduleLoadList) tell(name); });
`;

/** What is loaded by the processes of a command: addresses of modules, names of Node's own. */
async function loadedBy(...args: string[]): Promise<string[]> {
  return loadedWith({}, ...args);
}

async function loadedWith(own: Readonly<Record<string, string>>, ...args: string[]): Promise<string[]> {
  const [teller, told] = [join(root, 'teller.mjs'), join(root, 'loaded.txt')];
  writeFileSync(teller, TELLER);
  writeFileSync(told, '');
  const env = { ...own, NODE_OPTIONS: `--import=${teller}`, LOADED: told };
  expect(await startCommand(args, env, cwd).ended).toMatchObject({ code: 0 });
  const loaded = readFileSync(told, 'utf8').split('\n');
  expect(loaded.some((url) => url.endsWith('/cli/main.ts'))).toBe(true);
  return loaded;
}

const NETWORK = /\/adapters\/web\/|NativeModule (?:http|https|tls|internal\/deps\/undici\/undici)$/;
const SELDOM =
  /@duckdb|@aws-sdk|@smithy|csv-parse|\/core\/publish-extraction\/|\/adapters\/llm\/|NativeModule child_process$/;

/** What a statement that names no view, and its rows as JSON, have no use for. */
const UNSAID = /console-table-printer|\/core\/completeness\/views|\/core\/advice\/advise/;

// Half of what a short command takes is loading modules: these are not to come back unseen.
describe('what a command loads', () => {
  it('of --help is the command line alone', async () => {
    const loaded = await loadedBy('--help');
    expect(loaded.filter((url) => /\/(?:core|sources|adapters|runtime)\//.test(url))).toEqual([
      expect.stringMatching(/\/core\/version\.ts$/),
    ]);
    expect(loaded.filter((url) => /\/node_modules\/(?!commander\/)/.test(url))).toEqual([]);
  });

  it.each([
    ['completeness', 'racing'],
    ['partitions', 'list', 'racing'],
    ['failures', 'list'],
    ['why', 'racing/gb/2026-11-20'],
    ['targets', 'list', 'schedules'],
    ['batches', 'list'],
    ['run', 'racing', '--dry-run'],
  ])('of %s %s is nothing that asks sites, DuckDB or AWS', async (...args) => {
    const loaded = await loadedBy(...args);
    expect(loaded.filter((url) => NETWORK.test(url) || SELDOM.test(url))).toEqual([]);
  });

  it('of statements over the lake is DuckDB, and nothing that asks sites', async () => {
    const loaded = await loadedBy('errors', '--json');
    expect(loaded.some((url) => url.includes('@duckdb'))).toBe(true);
    expect(loaded.filter((url) => NETWORK.test(url) || UNSAID.test(url))).toEqual([]);
  });

  it('of a run over http is no TLS', async () => {
    const today = civilDate('2025-10-31');
    const site = await startDemoSite({ seed: 1, today, racesPerDay: 0.25, fieldSize: 3 });
    try {
      const env = { RESCRAPE_RACING_URL: site.url, RESCRAPE_RACING_MIN_DELAY_MS: '0' };
      const loaded = await loadedWith(env, 'run', 'racing', '--start', today, '--end', today);
      expect(loaded).toContain('NativeModule http');
      expect(loaded.filter((name) => /^NativeModule (?:https|tls)$/.test(name))).toEqual([]);
    } finally {
      await site.close();
    }
  });
});
