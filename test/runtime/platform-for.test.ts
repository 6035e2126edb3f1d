import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CommandPlatform, openPlatform } from '../../runtime/platform-for.ts';
import { SOURCE_NAMES } from '../../sources/list.ts';

let directory: string;
let platform: CommandPlatform | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-platform-'));
});
afterEach(async () => {
  await platform?.close();
  platform = undefined;
  rmSync(directory, { recursive: true, force: true });
});

async function open(runs?: readonly string[], env: Readonly<Record<string, string>> = {}) {
  platform = await openPlatform({ local: directory, runs }, env);
  return platform;
}
const namesOf = ({ sources }: Pick<CommandPlatform, 'sources'>) => sources.map(({ name }) => name);

it('a command that is about all sources has all of them, and the tables that are derived', async () => {
  const all = namesOf(await open());
  expect(all).toEqual(expect.arrayContaining([...SOURCE_NAMES]));
  expect(all.length).toBeGreaterThan(SOURCE_NAMES.length);
});

it.each(SOURCE_NAMES.slice(0, 3))(
  'a run of %s has that source and those before it in the list',
  async (name) => {
    const { sources, everySource } = await open([name]);
    expect(namesOf({ sources })).toEqual(SOURCE_NAMES.slice(0, SOURCE_NAMES.indexOf(name) + 1));
    const every = await everySource!();
    await platform!.close();
    expect(namesOf(every)).toEqual(namesOf(await open()));
  },
);

it.each([
  ['is no source', ['racing', 'nowhere'], {}],
  ['goes on to be enriched', ['tutoring'], {}],
  [
    'meets a setting that only another source may know',
    ['racing'],
    { RESCRAPE_MENUS_JANE_URL: 'http://127.0.0.1:1' },
  ],
] as const)('a run that %s has all', async (_, runs, env) => {
  const { sources, enrichers } = await open(runs, env);
  expect(sources.length).toBeGreaterThan(SOURCE_NAMES.length);
  expect(enrichers.length).toBeGreaterThan(0);
});

it('a run knows the settings that every source has, and refuses what nobody reads', async () => {
  const { sources } = await open(['racing'], { RESCRAPE_MENUS_URL: 'http://127.0.0.1:1/', RESCRAPE_NOW: '' });
  expect(namesOf({ sources })).toEqual(['racing']);
  await expect(open(['racing'], { RESCRAPE_MENUS_URLS: 'x' })).rejects.toThrow(
    'there is no setting RESCRAPE_MENUS_URLS: did you mean RESCRAPE_MENUS_URL?',
  );
});

const openFor = async (statement: string, env: Readonly<Record<string, string>> = {}) => {
  platform = await openPlatform({ local: directory, statement }, env);
  return platform;
};

it.each([
  ['SELECT count(*) FROM racing_results', ['racing']],
  ['SELECT count(*) FROM Bell_Schedules JOIN attempts USING (source)', ['racing', 'schedules']],
  ['SELECT * FROM racing_results, tutors', ['racing']],
])('for the statement %s it has %j', async (statement, names) => {
  const { sources, everySource } = await openFor(statement);
  expect(namesOf({ sources })).toEqual(names);
  const every = await everySource!();
  await platform!.close();
  expect(namesOf(every)).toEqual(namesOf(await open()));
});

it.each([
  'SELECT count(*) FROM attempts',
  'SELECT count(*) FROM tutors',
  'SELECT count(*) FROM racing_results, v_completeness',
  "SELECT view_name FROM duckdb_views() WHERE view_name IN ('racing_results', 'menu_products')",
  "FROM information_schema.tables WHERE table_name IN ('racing_results', 'menu_products')",
  "FROM (SHOW TABLES) WHERE name IN ('racing_results', 'menu_products')",
  "FROM query_table(['racing_results'])",
  "FROM query('FROM racing_results')",
])('for the statement %s it has all', async (statement) => {
  const { sources, everySource } = await openFor(statement);
  expect(sources.length).toBeGreaterThan(SOURCE_NAMES.length);
  expect(everySource).toBeUndefined();
});

it('for a statement it has all where a setting may be that of another source', async () => {
  const { sources } = await openFor('FROM racing_results', { RESCRAPE_MENUS_JANE_URL: 'http://127.0.0.1:1' });
  expect(sources.length).toBeGreaterThan(SOURCE_NAMES.length);
});
