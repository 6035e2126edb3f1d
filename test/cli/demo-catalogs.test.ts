import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../adapters/local/sqlite-state-store.ts';
import { resultKeyOf } from '../../core/extract/result-object.ts';
import { keyKinds, undocumented } from '../contracts/state-keys.ts';
import { rescrape, rescrapeItems, rescrapeJson, type Said } from './support/command-line.ts';
import { lawsBrokenIn } from './support/json-law.ts';

interface BatchItem {
  readonly batch_id: string;
  readonly counts: { readonly invalid_lines: number } | null;
}

let directory: string;
let first: Said;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-demo-catalogs-'));
  first = await rescrape(directory, 'demo', 'catalogs');
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const VERDICT =
  'catalogs finished: 35 of 42 pages read, 2 exhausted, 3 waiting for the page before, 2 without an image; each page as it must be';

it('ends with its batches, what failed, how often, and the verdict against the truth', () => {
  expect(first.code).toBe(0);
  const lines = first.stdout.split('\n');
  for (const state of ['done', 'failed', 'cancelled', 'expired'])
    expect(lines.some((line) => new RegExp(`^│ \\S+ │ ${state} +│ batches/\\w+-\\d+`).test(line))).toBe(true);
  for (const [page, attempt, code] of [
    ['Alabama:Vale Academy:1860:2', '3/3', 'BLOCKED_CONTENT'],
    ['New York:Brant & Dunmore Seminary:1849:3', '2/3', 'MISSING_RESULT'],
    ['Ohio:Cedar Creek College:1855:3', '2/3', 'VALIDATION_ERROR'],
    ['Alabama:Larch Hill College:1852:2', '1/3', 'TRUNCATED'],
    ['Ohio:Xenworth Seminary:1868:2', '1/3', 'API_ERROR'],
  ] as const)
    expect(lines.filter((line) => [page, attempt, code].every((text) => line.includes(text)))).toHaveLength(
      1,
    );
  expect(lines).toContain('page Ohio:Quill Seminary:1861:3 has used up its 3 tries: VALIDATION_ERROR');
  expect(lines).toContain('page Ohio:Cedar Creek College:1855:3 was read on try 3, after VALIDATION_ERROR');
  expect(first.stdout).toMatch(/New York:Free School No\. 4:1866:3 +│ waits for page 2/);
  expect(lines).toContain(VERDICT);
});

it('tells on the way what went wrong', () => {
  for (const line of [
    'label Ohio/Quill Seminary/notes.json: a label is {state}/{school}/{year}/{page}.json',
    'no image: there is none of 2.jpg, 2.png, 2.webp',
    'its job was submitted before, and found again: batches/',
    'HTTP 502 with text/html',
    'INVALID_LINE',
    'expired: 4 The job was not done within 48 hours.',
    'VALIDATION_ERROR (courses: Invalid input: expected array, received undefined), try 3/3',
  ])
    expect(first.stderr).toContain(line);
});

it('leaves a file a page, and the library', () => {
  const page = { state: 'Alabama', school: 'Larch Hill College', year: 1851, page: 1 };
  const result = JSON.parse(readFileSync(join(directory, 'lake', resultKeyOf(page)), 'utf8'));
  expect(result).toMatchObject({ school_name: 'Larch Hill College', catalog_year: '1851' });
  expect(existsSync(join(directory, 'demo/catalogs/images/Alabama/Vale Academy/1860/3.png'))).toBe(true);
});

it('keeps a line that nobody can read, and tells where', async () => {
  const batches = (await rescrapeItems(directory, 'batches', 'list')) as BatchItem[];
  const id = batches.find(({ counts }) => counts?.invalid_lines === 1)!.batch_id;
  const { lines } = (await rescrapeJson(directory, 'batches', 'show', id)) as { lines: string };
  expect(lines).toBe(join(directory, 'lake', 'extraction-failures', '_lines', id, '/'));
  const [file, ...others] = readdirSync(lines);
  expect(others).toEqual([]);
  const kept = readFileSync(join(lines, file!), 'utf8');
  expect(kept).toContain('Ohio:Normal School at Orle:1890:4');
  expect(() => JSON.parse(kept)).toThrow(SyntaxError);
  expect((await rescrape(directory, 'batches', 'show', id)).stdout).toContain(
    `lines    1 line of no page of it, kept below ${lines}`,
  );
  const whole = batches.find(({ counts }) => counts?.invalid_lines === 0)!.batch_id;
  expect(await rescrapeJson(directory, 'batches', 'show', whole)).toMatchObject({ lines: null });
});

it('keeps nothing in the state whose key is not written down', async () => {
  const state = openSqliteStateStore(join(directory, 'state.sqlite'));
  try {
    const kinds = await keyKinds(state.scan());
    for (const kind of ['pages', 'batches', 'members', 'failures', 'progress', 'logged'])
      expect(kinds).toContain(`extract-${kind}`);
    expect(undocumented(kinds)).toEqual([]);
  } finally {
    state.close();
  }
});

it('has nothing left to ask when it is started again, and says the same', async () => {
  const said = (await rescrapeJson(directory, 'demo', 'catalogs')) as {
    demos: [{ run: { kind: string; sent: object }; mismatches: string[]; batches: { state: string }[] }];
  };
  expect(lawsBrokenIn(said)).toEqual([]);
  const [{ run, mismatches, batches }] = said.demos;
  expect(run).toMatchObject({ kind: 'finished', sent: { batches: 0, pages: 0 } });
  expect(mismatches).toEqual([]);
  expect(new Set(batches.map(({ state }) => state))).toEqual(
    new Set(['done', 'failed', 'cancelled', 'expired']),
  );
}, 60_000);

it('without faults reads every page at once, of another library in the same lake', async () => {
  const { code, stdout } = await rescrape(directory, 'demo', 'catalogs', '--no-faults');
  expect(code).toBe(0);
  expect(stdout).toContain('catalogs finished: 42 of 42 pages read; each page as it must be');
  expect(stdout).not.toContain('Pages that were not read');
}, 60_000);

it('fails where a page is otherwise than it must be, and says which', async () => {
  const key = resultKeyOf({ state: 'Ohio', school: 'Quill Seminary', year: 1861, page: 1 });
  const path = join(directory, 'lake', key);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"course_name": "/, '"course_name": "X'));
  const { code, stdout, stderr } = await rescrape(directory, 'demo', 'catalogs');
  expect(code).toBe(1);
  expect(stdout).toContain('; 1 page not as they must be:\n  Ohio:Quill Seminary:1861:1: ');
  expect(stderr).toMatch(/^rescrape: 1 difference from what should be there: Ohio:Quill Seminary:1861:1/m);
}, 60_000);
