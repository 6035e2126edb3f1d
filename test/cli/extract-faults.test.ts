import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import type { GeminiFaultPlan } from '../../demo/gemini/faults.ts';
import { CatalogsDirectory } from './support/catalogs.ts';
import { rescrape, rescrapeItems, rescrapeJson } from './support/command-line.ts';

let catalogs: CatalogsDirectory;
afterEach(async () => {
  vi.unstubAllEnvs();
  await catalogs.remove();
});

async function open(faults: GeminiFaultPlan = {}, env: Readonly<Record<string, string>> = {}) {
  catalogs = await CatalogsDirectory.make(faults);
  for (const [name, value] of Object.entries({ ...catalogs.env, ...env })) vi.stubEnv(name, value);
  return (...words: string[]) => rescrape(catalogs.lake, 'extract', ...words);
}

const timesIn = (text: string, part: string | RegExp) => text.split(part).length - 1;
const html = { kind: 'html', status: 502 } as const;

it.each<[string, GeminiFaultPlan, Readonly<Record<string, string>>, string]>([
  ['a wrong key', {}, { GEMINI_API_KEY: 'another' }, 'API key not valid'],
  [
    'a model that there is not',
    { calls: [{ call: 'create', fault: { kind: 'status', status: 404 } }] },
    { RESCRAPE_CATALOGS_MODEL: 'gemini-none' },
    'HTTP 404',
  ],
])('%s is told in one line, and no table is published because of it', async (_, faults, env, said) => {
  const run = await open(faults, env);
  const { code, stdout, stderr } = await run('run');
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(timesIn(stderr, said)).toBe(1);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^rescrape: the provider refuses what it is sent: /);
  expect(existsSync(join(catalogs.lake, 'lake', 'tables'))).toBe(false);
  // As JSON it is all there.
  const answer = JSON.parse((await run('run', '--json')).stdout);
  expect(answer).toMatchObject({ kind: 'refused', refused: expect.stringContaining(said), tables: [] });
  // Too few to be sure that it is not about the images.
  const few = await run('run', '--states', 'New York', '--limit', '2');
  expect(few).toMatchObject({ code: 1, stdout: '' });
  expect(timesIn(few.stderr, said)).toBe(1);
});

it('a proxy that answers every upload is told with its words, and publishes nothing', async () => {
  const run = await open(
    { calls: [{ call: 'start', fault: html }] },
    { RESCRAPE_CATALOGS_UPLOAD_ATTEMPTS: '1' },
  );
  const { code, stdout, stderr } = await run('run', '--states', 'Ohio');
  expect(code).toBe(1);
  const said = 'HTTP 502 with text/html in place of JSON: "Error Error"';
  // Once while it runs, and in its last line.
  expect(timesIn(stderr, said)).toBe(2);
  expect(timesIn(stdout, said)).toBe(6);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^rescrape: no page could be sent: /);
  expect(existsSync(join(catalogs.lake, 'lake', 'tables'))).toBe(false);
});

it.each(['get', 'download'] as const)(
  'what fails at every %s for a while is told once, and stops nothing',
  async (call) => {
    const run = await open({ calls: [{ call, fault: html, times: 3 }] });
    const { code, stderr } = await run('run', '--states', 'Ohio', '--limit', '1');
    expect(code).toBe(3);
    expect(timesIn(stderr, 'in place of JSON')).toBe(1);
    expect(stderr).toMatch(/1 page: 1 succeeded, 0 failed/);
  },
);

it('many odd labels are summed, and scan names all of them, as the JSON of a run does', async () => {
  const run = await open();
  const book = join(catalogs.library, 'labels', 'Ohio', 'Quill Seminary', '1861');
  mkdirSync(book, { recursive: true });
  for (let at = 0; at < 1_200; at++) writeFileSync(join(book, `note-${at}.json`), '{}');
  const plan = await run('run', '--dry-run');
  expect(timesIn(plan.stderr, /^ {2}label /m)).toBe(3);
  expect(plan.stderr).toMatch(/1\s200 more are no labels, and passed over: extract scan names all/);
  const notes = (value: unknown) => (value as { label_notes: { path: string }[] }).label_notes;
  const told = notes(await rescrapeJson(catalogs.lake, 'extract', 'run', '--dry-run'));
  expect(told).toHaveLength(1_203);
  expect(told).toContainEqual({
    kind: 'passed-over',
    path: 'Ohio/Quill Seminary/1861/note-7.json',
    reason: expect.any(String),
  });
  expect(await rescrapeItems(catalogs.lake, 'extract', 'scan')).toHaveLength(42);
  expect(timesIn((await run('scan')).stderr, /^ {2}label /m)).toBe(1_203);
});
