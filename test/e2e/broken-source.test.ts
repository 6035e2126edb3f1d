import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoopbackSite, serveHttp } from '../contracts/loopback-site.ts';
import { type CommandEnd, complaintOf, startCommand } from './support/command-line.ts';
import { DAY } from './support/small-site.ts';

/** A copy of the tree with two sources that run, some that cannot be loaded, one with another's table. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ROOMS = ['adapters', 'bin', 'cli', 'core', 'demo', 'lambdas', 'lib', 'runtime', 'sources'];
const LIST = `
import { loadSource } from '../core/source/sources-together.ts';
const LIST = {
  broken: async () => (await import('./broken/source.ts')).broken,
  garbled: async () => (await import('./garbled/source.ts')).garbled,
  shelves: async () => (await import('./shelves/source.ts')).shelves,
  atlas: async () => {
    const { shelves } = await import('./shelves/source.ts');
    const targets = [{ id: 'maps' }, { id: 'poems' }];
    return { ...shelves, name: 'atlas', targets, table: { ...shelves.table, name: 'atlas' } };
  },
  twin: async () => ({ ...(await import('./shelves/source.ts')).shelves, name: 'twin' }),
};
export const SOURCE_NAMES = Object.keys(LIST);
export const loadSources = (names = SOURCE_NAMES) => {
  const needed = Object.entries(LIST).slice(0, 1 + Math.max(...names.map((name) => SOURCE_NAMES.indexOf(name))));
  return Promise.all(needed.map(([name, load]) => loadSource(name, load)));
};
`;
const BROKEN = 'source "broken" is not valid: its module cannot be loaded: no colour called blau';
const TWIN = 'source "twin" is not valid: table.name: source shelves writes to the table shelf_books';

let tree: string;
let site: LoopbackSite;

beforeAll(async () => {
  tree = mkdtempSync(join(tmpdir(), 'rescrape-broken-source-'));
  for (const room of ROOMS) cpSync(join(ROOT, room), join(tree, room), { recursive: true });
  for (const file of ['package.json', 'cdk.json', 'tsconfig.json'])
    cpSync(join(ROOT, file), join(tree, file));
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  writeFileSync(join(tree, 'sources/list.ts'), LIST);
  for (const [name, text] of [
    ['broken', 'throw new Error("no colour\\n  called blau");\nexport const broken = 1;'],
    ['garbled', 'export const garbled = {{;'],
  ] as const) {
    mkdirSync(join(tree, 'sources', name));
    writeFileSync(join(tree, 'sources', name, 'source.ts'), text);
  }
  cpSync(join(ROOT, 'test/sources-of-tests/shelves.ts'), join(tree, 'sources/shelves/source.ts'));
  site = await serveHttp((request, answer) => {
    if (request.method !== 'POST') answer.writeHead(404).end();
    else {
      const books = [{ isbn: 'a', title: 'A', year: 1999 }];
      answer.writeHead(200, { 'Content-Type': 'application/json' });
      answer.end(JSON.stringify({ books, cursor: null }));
    }
  });
});

afterAll(async () => {
  await site[Symbol.asyncDispose]();
  rmSync(tree, { recursive: true, force: true });
});

let used = 0;
/** In a lake of its own. */
function rescrape(...words: string[]): Promise<CommandEnd> {
  const home = join(tree, 'homes', String(used++));
  mkdirSync(home, { recursive: true });
  const env = { RESCRAPE_SHELVES_URL: site.origin, RESCRAPE_ATLAS_URL: site.origin };
  return startCommand(words, env, home, { bin: join(tree, 'bin/rescrape.js') }).ended;
}

const window = ['--start', DAY, '--end', DAY];

it.each([
  ['broken', BROKEN],
  ['garbled', 'source "garbled" is not valid: its module cannot be loaded: '],
  ['twin', TWIN],
])('a run of the source %s, which cannot be loaded, ends with one line', async (name, line) => {
  const end = await rescrape('run', name, ...window);
  expect(end).toMatchObject({ code: 1, stdout: '' });
  expect(complaintOf(end)).toContain(line);
  expect(end.stderr).not.toContain(`warning: source "${name}"`);
});

it('another source is run as if it were not there', async () => {
  const end = await rescrape('run', 'shelves', ...window);
  expect(end).toMatchObject({ code: 0 });
  expect(end.stdout).toContain('2 of 2 items found');
  expect(end.stderr).toContain(`warning: ${BROKEN}\n`);
});

it('a run of all runs those that can be run, names the others, and fails', async () => {
  const end = await rescrape('run', ...window);
  expect(end).toMatchObject({ code: 1 });
  expect(end.stdout).toContain('2 of 2 items found');
  expect(complaintOf(end)).toContain(BROKEN);
  expect(complaintOf(end)).toContain(TWIN);
});

it('commands that read are told of it and go on; its variables are known', async () => {
  const home = join(tree, 'homes', 'config');
  mkdirSync(home, { recursive: true });
  const env = { RESCRAPE_BROKEN_URL: 'http://127.0.0.1:1', RESCRAPE_BROKEN_KEY_OF_ITS_OWN: 'k' };
  const file = { sources: { broken: { key_of_its_own: 'k' } } };
  writeFileSync(join(home, 'rescrape.config.json'), JSON.stringify(file));
  const end = await startCommand(['config'], env, home, { bin: join(tree, 'bin/rescrape.js') }).ended;
  expect(end).toMatchObject({ code: 0 });
  expect(end.stdout).toContain('RESCRAPE_SHELVES_URL');
  expect(end.stderr).toContain(`warning: ${BROKEN}\n`);
});

it.each([
  ['that stand in the list', 'shelf_books', [BROKEN]],
  ['behind one of which an invalid source stands', 'shelf_books, atlas', [BROKEN]],
  ['that are nowhere', 'shelf_books, nowhere', [BROKEN, TWIN]],
])('a statement about tables %s is told once of what it looked at', async (_, tables, told) => {
  const end = await rescrape('query', `SELECT count(*) AS n FROM ${tables}`, '--json');
  const isThere = !tables.includes('nowhere');
  expect(end).toMatchObject({ code: isThere ? 0 : 1 });
  for (const line of told) expect(end.stderr.split(`warning: ${line}\n`)).toHaveLength(2);
  if (!isThere) expect(end.stderr).toContain('Table with name nowhere does not exist');
});

it('a deployment is refused with one line', async () => {
  const end = await startCommand([], {}, tree, { bin: join(tree, 'bin/app.ts') }).ended;
  expect(end).toMatchObject({ code: 1, stdout: '' });
  expect(end.stderr.trim().split('\n')).toHaveLength(1);
  expect(end.stderr).toContain(BROKEN);
});

const DEMANDS = [
  'run --dry-run',
  'completeness',
  'partitions list',
  'attempts',
  'blocks',
  'failures list',
  'failures summary',
  'failures clear --dry-run',
  'retry --all --dry-run',
  'dead-letters list',
  'skip list',
];

it.each(DEMANDS)(
  '%s --target is about every source that has the target; one line where none has',
  async (words) => {
    const [one, none] = await Promise.all(
      ['maps', 'nowhere'].map((target) => rescrape(...words.split(' '), '--target', target)),
    );
    expect(one).toMatchObject({ code: 0 });
    expect(one!.stdout).not.toMatch(/novels|shelves/);
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(complaintOf(none!)).toBe(
      'rescrape: there is no target "nowhere"; there is: shelves/novels, shelves/poems, atlas/maps, atlas/poems',
    );
  },
);

it('a run of targets is one of the sources that have them', async () => {
  const one = await rescrape('run', '--target', 'maps', ...window);
  expect(one).toMatchObject({ code: 0 });
  expect(one.stdout).toContain('atlas/maps/');
  expect(one.stdout).not.toMatch(/shelves|poems/);
  const both = await rescrape('run', '--target', 'poems', 'novels', ...window);
  expect(both).toMatchObject({ code: 0 });
  for (const name of ['shelves/novels', 'shelves/poems', 'atlas/poems']) expect(both.stdout).toContain(name);
  expect(both.stdout).not.toContain('maps');
});
