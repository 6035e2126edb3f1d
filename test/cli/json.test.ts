import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newProgram } from '../../cli/main.ts';
import { NO_FAULTS } from '../../demo/faults.ts';
import { racing } from '../../sources/racing/source.ts';
import type { Session } from '../e2e/support/session.ts';
import { DAY } from '../e2e/support/small-site.ts';
import { RECORDS } from '../sources/tutoring/records.ts';
import { CatalogsDirectory } from './support/catalogs.ts';
import { rescrape } from './support/command-line.ts';
import { sessionWithDeadLetters } from './support/dead-letters.ts';
import { DistrictsDirectory, HOUR_MS, TIMEOUT, WALL } from './support/districts.ts';
import { rewriteSchema, withColumn } from './support/earlier-schema.ts';
import { lawsBrokenIn } from './support/json-law.ts';
import { buildLake, nameOf, type TestLake } from './support/lake.ts';
import { leavesOf, pathOf } from './support/program.ts';
import {
  RecordsDirectory,
  session as sessionRecord,
  student as studentRecord,
  tutor,
} from './support/records.ts';

vi.mock('../../sources/list.ts', () => import('./support/sources-of-districts.ts'));

const program = await newProgram(() => true);

/** What a command prints under `--json`; `lines`: an object a line, as things happen. */
type Form = 'list' | 'object' | 'lines' | 'rows';

interface Entry {
  readonly form: Form;
  /**
   * Its arguments, asked for when it is called. In the order of this table each command finds something to
   * tell.
   */
  readonly words: () => readonly string[];
  /** What it needs to have something to tell. */
  readonly before?: () => Promise<unknown>;
  /** What stands in the first thing that it prints. */
  readonly holds?: object;
  /** @default the lake with one of everything */
  readonly in?: 'catalogs' | 'dead letters' | 'districts' | 'records';
}

let lake: TestLake;
let session: Session;
let districts: DistrictsDirectory;
let records: RecordsDirectory;
let catalogs: CatalogsDirectory;
/** A batch of pages that is in flight. */
let batch: string;
const older = () => ['--start', lake.older, '--end', lake.older];
const failed = () => `${nameOf('ire', lake.newer)}/${lake.races.changed}`;

const page = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8');

const ENTRIES: Readonly<Record<string, Entry>> = {
  completeness: { form: 'list', words: () => ['--lake'] },
  why: { form: 'object', words: () => [failed()] },
  'partitions list': { form: 'list', words: () => [] },
  'partitions show': { form: 'object', words: () => [nameOf('ire', lake.older)] },
  'partitions history': { form: 'list', words: () => [nameOf('gb', lake.newer)] },
  'failures list': { form: 'list', words: () => [] },
  'failures summary': { form: 'list', words: () => [] },
  'failures by-error': { form: 'list', words: () => [] },
  'failures by-target': { form: 'list', words: () => [] },
  'failures show': { form: 'object', words: () => [failed()] },
  'failures export': { form: 'list', words: () => ['--state', 'all'] },
  attempts: { form: 'list', words: () => [] },
  blocks: { form: 'list', words: () => [] },
  errors: { form: 'list', words: () => [] },
  'reports daily': { form: 'list', words: () => [] },
  'reports weekly': { form: 'list', words: () => [] },
  'reports success-rate': { form: 'list', words: () => [] },
  'skip list': { form: 'list', words: () => [] },
  enrich: {
    form: 'lines',
    words: () => ['--kind', 'tutor', join(lake.directory, 'tutors.jsonl')],
    before: () => writeFile(join(lake.directory, 'tutors.jsonl'), `${JSON.stringify(RECORDS.tutor)}\n`),
    holds: { success: true, derived_fields: { subject_count: 2 } },
  },
  query: { form: 'rows', words: () => ['SELECT recorded_at, status FROM commits'] },
  views: { form: 'list', words: () => [] },
  config: { form: 'list', words: () => [] },
  'partitions align': { form: 'list', words: () => [] },
  'partitions rollback': { form: 'object', words: () => [nameOf('gb', lake.newer)] },
  'partitions accept': { form: 'object', words: () => [nameOf('ire', lake.older)] },
  reparse: { form: 'list', words: () => ['racing', ...older()] },
  'skip add': { form: 'list', words: () => ['racing', 'gb', '--reason', 'to see'] },
  'skip remove': {
    form: 'list',
    words: () => ['racing', 'fr'],
    // Passes over the flagged target, whose date then is undone.
    before: () => rescrape(lake.directory, 'run', 'racing', ...older(), '--target', 'fr'),
    holds: {
      queued: expect.any(Number),
      next: [
        {
          command: expect.stringMatching(
            /^rescrape run racing --target fr --start \S+ --end \S+ --local \S+$/,
          ),
        },
      ],
    },
  },
  run: { form: 'list', words: () => ['racing', ...older(), '--target', 'ire'] },
  'partitions reject': {
    form: 'object',
    words: () => [nameOf('ire', lake.older)],
    before: () => rescrape(lake.directory, 'run', 'racing', ...older(), '--target', 'ire'),
  },
  retry: { form: 'object', words: () => ['--all'] },
  'failures clear': { form: 'object', words: () => ['--state', 'all', '--dry-run'] },
  'retry-list': { form: 'list', words: () => ['districts'], in: 'districts' },
  'auto-flag': { form: 'list', words: () => ['--blocks', '1', '--dry-run'], in: 'districts' },
  'targets list': { form: 'list', words: () => [], in: 'districts' },
  'targets pause': { form: 'list', words: () => ['districts', '0600002'], in: 'districts' },
  'targets resume': { form: 'list', words: () => ['districts', '0600002'], in: 'districts' },
  'targets set': {
    form: 'list',
    words: () => ['districts', '0600002', '--frequency', '60'],
    in: 'districts',
  },
  'targets show': { form: 'object', words: () => ['districts', '0600002'], in: 'districts' },
  'targets export': { form: 'list', words: () => ['districts'], in: 'districts' },
  'targets look-up': {
    form: 'list',
    words: () => ['districts', '--dry-run'],
    in: 'districts',
  },
  'targets import': {
    form: 'object',
    words: () => ['districts', join(districts.path, 'more.csv')],
    before: () => writeFile(join(districts.path, 'more.csv'), 'target,name,state\n1700009,Elm,IL\n,Fir,IL\n'),
    in: 'districts',
  },
  health: { form: 'list', words: () => [], in: 'districts' },
  'enrich push': {
    form: 'object',
    words: () => ['--kind', 'tutor', records.file([tutor('t-1')])],
    in: 'records',
  },
  'enrich publish': { form: 'object', words: () => [], in: 'records' },
  'enrich stats': { form: 'object', words: () => [], in: 'records' },
  'entities list': { form: 'list', words: () => [], in: 'records' },
  'entities count': { form: 'list', words: () => [], in: 'records' },
  'entities show': { form: 'object', words: () => ['student/u-1'], in: 'records' },
  'entities delete': { form: 'object', words: () => ['student/u-1', '--confirm'], in: 'records' },
  'parked list': { form: 'list', words: () => [], in: 'records' },
  'parked show': { form: 'object', words: () => ['session/s-1'], in: 'records' },
  'parked retry': { form: 'object', words: () => [], in: 'records' },
  'extract run': {
    form: 'object',
    words: () => ['--states', 'Ohio', '--schools', 'Quill Seminary', 'Xenworth Seminary'],
    in: 'catalogs',
    holds: { kind: 'finished', pages: { done: 6, exhausted: 1 } },
  },
  'extract status': { form: 'object', words: () => [], in: 'catalogs' },
  'extract scan': { form: 'list', words: () => [], in: 'catalogs' },
  'extract force': { form: 'list', words: () => ['Ohio:Quill Seminary:1861:1'], in: 'catalogs' },
  'failures by-state': { form: 'list', words: () => [], in: 'catalogs' },
  'failures by-school': { form: 'list', words: () => [], in: 'catalogs' },
  'batches list': { form: 'list', words: () => [], in: 'catalogs' },
  'batches show': {
    form: 'object',
    words: () => [batch],
    before: async () => {
      batch = await catalogs.submitted('Alabama');
    },
    in: 'catalogs',
  },
  'batches cancel': { form: 'object', words: () => [batch], in: 'catalogs' },
  'batches resume': { form: 'object', words: () => [batch], in: 'catalogs', holds: { state: 'done' } },
  'batches clear': {
    form: 'object',
    words: () => [batch, '--confirm'],
    before: async () => {
      batch = await catalogs.submitted('Alabama');
    },
    in: 'catalogs',
    holds: { state: 'cleared' },
  },
  'dead-letters list': { form: 'list', words: () => [], in: 'dead letters' },
  'dead-letters show': { form: 'list', words: () => [deadLetterName()], in: 'dead letters' },
  'dead-letters redrive': { form: 'object', words: () => [], in: 'dead letters' },
  worker: { form: 'lines', words: () => ['--once'], in: 'dead letters' },
  'dead-letters purge': { form: 'object', words: () => ['--confirm'], in: 'dead letters' },
  reset: { form: 'object', words: () => ['--dry-run'] },
  'schema diff': {
    form: 'list',
    words: () => [],
    before: () =>
      rewriteSchema(lake.directory, racing.table, { value: 'gb', date: lake.older }, (descriptor) =>
        withColumn(descriptor, 'stable'),
      ),
    holds: { change: 'newer-program' },
  },
};
/** Held against the same rules by test/e2e/demo.slow.test.ts: a whole demo takes its time. */
const SLOW = ['demo'];

let deadLetterName: () => string;

describe('what --json prints', () => {
  beforeAll(async () => {
    lake = await buildLake();
    session = await sessionWithDeadLetters();
    districts = await DistrictsDirectory.make();
    records = new RecordsDirectory();
    catalogs = await CatalogsDirectory.make();
    for (const [name, value] of Object.entries(catalogs.env)) vi.stubEnv(name, value);
    await records.push('student', [studentRecord('u-1'), studentRecord('u-2', { name: null })]);
    await records.push('session', [sessionRecord('s-1')]);
    await records.work();
    await districts.attempts(
      { target: '0600001', ago: HOUR_MS, ...TIMEOUT },
      { target: '1700003', ago: HOUR_MS, ...WALL },
    );
    const { item } = (await session.failures())[0]!;
    deadLetterName = () => `racing/gb/${DAY}/${item}`;
    vi.stubEnv('RESCRAPE_RACING_MIN_DELAY_MS', '0');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await session.close();
    await lake.remove();
    await districts.remove();
    records.remove();
    await catalogs.remove();
  });

  it('has an entry here for every command that there is', () => {
    const known = [...Object.keys(ENTRIES), ...SLOW];
    expect(leavesOf(program).map(pathOf).toSorted()).toEqual(known.toSorted());
  });

  it('is told of every command in docs/json.md', () => {
    for (const command of leavesOf(program)) expect(page).toContain(`\`${pathOf(command)}\``);
  });

  it.each(Object.entries(ENTRIES))('keeps the rules for %s', async (path, entry) => {
    lake.site.setFaults({
      ...NO_FAULTS,
      ...(path === 'partitions reject' && { emptyDays: [{ country: 'ire', date: lake.older }] }),
    });
    vi.stubEnv('RESCRAPE_RACING_URL', (entry.in === 'dead letters' ? session : lake).site.url);
    await entry.before?.();
    const { code, stdout, stderr } = await rescrape(
      directoryOf(entry),
      ...path.split(' '),
      ...entry.words(),
      '--json',
    );
    expect([0, 3], stderr).toContain(code);
    const values = valuesIn(stdout, entry.form);
    expect(values.length).toBeGreaterThan(0);
    expect(values.flatMap((value) => lawsBrokenIn(value))).toEqual([]);
    if (entry.holds) expect(values[0]).toMatchObject(entry.holds);
    expect(values.flatMap(listsIn).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  const withCsv = leavesOf(program).filter(({ options }) => options.some(({ long }) => long === '--csv'));
  // The names of a statement are the user's own.
  const lists = withCsv.map(pathOf).filter((path) => path !== 'query');

  it.each(lists)('has the names of %s in the header of its CSV in snake_case, too', async (path) => {
    const entry = ENTRIES[path]!;
    // What was found in a lake is no list.
    const words = entry.words().filter((word) => word !== '--lake');
    const { stdout } = await rescrape(directoryOf(entry), ...path.split(' '), ...words, '--csv');
    const [header] = stdout.split('\r\n');
    expect(header).toMatch(/^[a-z0-9_]+(?:,[a-z0-9_]+)*$/);
  });

  it('is a list for one source as for several, a plan as well as a run', async () => {
    const { stdout } = await rescrape(lake.directory, 'run', 'racing', '--dry-run', '--json');
    expect(valuesIn(stdout, 'list').flatMap((value) => lawsBrokenIn(value))).toEqual([]);
  });

  it('keeps the rules for what a worker says of records, and for dead letters of them', async () => {
    await records.push('tutor', [{ tutor_id: 't-2' }]);
    const { stdout } = await records.work('--json');
    expect(valuesIn(stdout, 'lines').flatMap((value) => lawsBrokenIn(value))).toEqual([]);
    const listed = valuesIn((await records.cli('dead-letters', 'list', '--json')).stdout, 'list');
    expect(listed.length).toBeGreaterThan(1);
    expect(listed.flatMap((value) => lawsBrokenIn(value))).toEqual([]);
    expect(listed.flatMap(listsIn).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it.each<[string, Form, ...string[]]>([
    ['failures list', 'list', '--only', 'extraction'],
    ['failures summary', 'list', '--only', 'extraction'],
    ['failures by-error', 'list', '--only', 'extraction'],
    ['failures export', 'list', '--only', 'extraction'],
    ['failures show', 'object', 'Ohio:Quill Seminary:1861:3'],
    ['failures clear', 'object', '--all', '--dry-run'],
    ['extract run', 'object', '--dry-run'],
    ['reset', 'object', '--only', 'extraction', '--dry-run'],
  ])('keeps the rules for %s of an extraction, too', async (path, form, ...words) => {
    const { stdout, stderr } = await rescrape(catalogs.lake, ...path.split(' '), ...words, '--json');
    const values = valuesIn(stdout, form);
    expect(values.length, stderr).toBeGreaterThan(0);
    expect(values.flatMap((value) => lawsBrokenIn(value))).toEqual([]);
    expect(values.flatMap(listsIn).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('keeps the names of a statement as the statement has them', async () => {
    const { stdout } = await rescrape(lake.directory, 'query', 'SELECT 1 AS "someName", 0 AS at', '--json');
    expect(valuesIn(stdout, 'rows')).toEqual([{ someName: 1, at: 0 }]);
  });
});

/** Names of the lists that stand in a thing itself. */
function listsIn(value: unknown): string[] {
  return Object.entries(value as object).flatMap(([name, inner]) => (Array.isArray(inner) ? [name] : []));
}

function directoryOf({ in: place }: Entry): string {
  if (place === 'districts') return districts.path;
  if (place === 'records') return records.lake;
  if (place === 'catalogs') return catalogs.lake;
  return place === undefined ? lake.directory : session.directory;
}

/** What was printed, taken apart as its form says; throws where it has another form. */
function valuesIn(stdout: string, form: Form): unknown[] {
  if (form === 'lines')
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const value = JSON.parse(stdout);
  if (form === 'object') {
    expect(value).toEqual(expect.any(Object));
    expect(Array.isArray(value)).toBe(false);
    return [value];
  }
  if (form === 'rows') {
    expect(value).toEqual(expect.any(Array));
    return value;
  }
  expect(value).toEqual({ items: expect.any(Array) });
  return value.items;
}
