import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addDays } from '../../core/calendar/civil-date.ts';
import type { CompletenessReport } from '../../core/completeness/completeness.ts';
import { lawsBrokenIn } from '../cli/support/json-law.ts';
import { complaintOf, startCommand } from './support/command-line.ts';
import { TODAY } from './support/test-time.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-demo-'));
  mkdirSync(join(root, 'cwd'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface SaidDemo {
  readonly source: string;
  readonly imported: { readonly created: number } | null;
  readonly runs: readonly { readonly kind: string }[];
  readonly counts: readonly Record<
    'crawled' | 'found' | 'failed' | 'skipped' | 'not_ready' | 'rows',
    number
  >[];
  readonly changes: readonly Record<'appeared' | 'gone' | 'prices' | 'stock', number>[] | null;
  readonly completeness: CompletenessReport;
  readonly enriched: { readonly kinds: readonly { readonly processed: number }[] } | null;
}

async function demo(...words: readonly string[]): Promise<readonly SaidDemo[]> {
  const end = await startCommand(['demo', ...words, '--json'], {}, join(root, 'cwd')).ended;
  expect(end).toMatchObject({ code: 0 });
  const said = JSON.parse(end.stdout) as { demos: readonly SaidDemo[] };
  expect(lawsBrokenIn(said)).toEqual([]);
  return said.demos;
}

const total = (demo: SaidDemo, name: keyof SaidDemo['counts'][number]) =>
  demo.counts.reduce((sum, each) => sum + each[name], 0);

it('the demos of targets crawl what is ready, and a second start leaves out what is not due', async () => {
  const demos = await demo('menus', 'schedules');
  expect(demos.map(({ source }) => source)).toEqual(['schedules', 'menus']);
  const [schedules, menus] = demos as [SaidDemo, SaidDemo];
  expect([schedules.imported?.created, menus.imported?.created]).toEqual([60, 40]);
  expect([total(schedules, 'crawled'), total(schedules, 'not_ready')]).toEqual([59, 1]);
  expect(total(schedules, 'skipped')).toBe(3);
  expect(menus.runs.map(({ kind }) => kind)).toEqual(['finished', 'finished']);
  expect([total(menus, 'skipped'), total(menus, 'not_ready')]).toEqual([2, 4]);
  for (const each of demos) expect(total(each, 'found') + total(each, 'failed')).toBe(total(each, 'crawled'));
  expect(menus.changes).toHaveLength(2);
  for (const change of menus.changes!)
    for (const count of Object.values(change).filter((value) => typeof value === 'number'))
      expect(count).toBeGreaterThan(0);
  for (const again of await demo('schedules', 'menus')) {
    expect(again.runs.map(({ kind }) => kind)).toEqual(['nothing-due']);
    expect([total(again, 'crawled'), again.changes]).toEqual([0, null]);
  }
}, 120_000);

it('the demo of tutoring finds in its tables what its site says, and at a second start nothing new', async () => {
  const [first] = await demo('tutoring');
  expect(first).toMatchObject({
    enriched: { wrong: [] },
    runs: [{ kind: 'finished' }, { kind: 'finished' }],
  });
  expect(total(first!, 'failed')).toBe(0);
  const [again] = await demo('tutoring');
  expect(again).toMatchObject({ enriched: { wrong: [] }, runs: [{ kind: 'finished' }] });
  expect(again!.enriched!.kinds.map(({ processed }) => processed)).toEqual([0, 0, 0, 0]);
}, 120_000);

it('an unknown demo is one line', async () => {
  const end = await startCommand(['demo', 'harness'], {}, join(root, 'cwd')).ended;
  expect(end).toMatchObject({ code: 2, stdout: '' });
  expect(complaintOf(end)).toMatch(
    /there is no demo "harness"; there is: racing, schedules, menus, tutoring, catalogs/,
  );
});

it('the demo scrapes the last seven days as its clock has them: today is open, and all before are whole', async () => {
  const [{ completeness }] = (await demo('racing', '--no-faults')) as [SaidDemo];
  const isChristmasSeen = Array.from({ length: 6 }, (_, day) => addDays(TODAY, day - 6)).some((date) =>
    date.endsWith('-12-25'),
  );
  const verdict = isChristmasSeen ? 'suspicious' : 'open';
  expect(completeness).toMatchObject({ start: addDays(TODAY, -6), end: TODAY, verdict });
  const dates = completeness.targets.map((target) => target.dates.map(({ date }) => date));
  const week = Array.from({ length: 7 }, (_, day) => addDays(TODAY, day - 6));
  expect(dates).toEqual([week, week, week]);
  for (const { dates } of completeness.targets) {
    expect(dates.at(-1)).toMatchObject({ date: TODAY, status: 'open' });
    // Nobody races at Christmas, and a day without races among days with many is doubted.
    for (const { date, status } of dates.slice(0, -1))
      expect(status).toBe(date.endsWith('-12-25') ? 'suspicious' : 'complete');
  }
});

it.each(['SIGINT', 'SIGKILL'] as const)(
  'a demo of catalogs that %s ended half way reads the rest when it is started again',
  async (signal) => {
    const words = ['demo', 'catalogs', '--json', '--local', join(root, `catalogs-${signal}`)];
    const { child, ended } = startCommand(words, {}, join(root, 'cwd'));
    let said = '';
    let isTold = false;
    child.stderr!.on('data', (chunk) => {
      said += chunk;
      // Once: a second Ctrl-C is another thing, and a process that is gone cannot be told anything.
      if (isTold || !/try 2\/3/.test(said)) return;
      isTold = child.kill(signal);
    });
    expect(await ended).toMatchObject({ code: signal === 'SIGINT' ? 130 : null, stdout: '' });
    const again = await startCommand(words, {}, join(root, 'cwd')).ended;
    expect(again).toMatchObject({ code: 0 });
    const [{ run, mismatches, pages }] = JSON.parse(again.stdout).demos;
    expect(run).toMatchObject({ kind: 'finished', active: 0 });
    expect(run.sent.pages).toBeLessThan(pages.length);
    expect(mismatches).toEqual([]);
  },
  60_000,
);
