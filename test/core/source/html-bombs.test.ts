import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readHtml, textOf } from '../../../core/source/html.ts';
import { PageBudget, PageTooLargeError } from '../../../core/source/page-budget.ts';
import { BOMBS } from './bombs.ts';

it('a process with a heap of 128 MB outlives every page that is made to end it', () => {
  const main = fileURLToPath(new URL('./bomb-main.ts', import.meta.url));
  const flags = ['--no-warnings', '--max-old-space-size=128'];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, main], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(Object.fromEntries(JSON.parse(stdout))).toEqual(
    Object.fromEntries(Object.entries(BOMBS).map(([name, { ends }]) => [name, ends])),
  );
}, 180_000);

it('a source decides how many elements a page may have, by either reader', () => {
  const rows = (count: number) => '<i></i>'.repeat(count);
  // html, head and body are elements.
  for (const start of ['', '<p "=1>'])
    for (const [count, limit] of [
      [90, 100],
      [60_000, 100_000],
    ] as const) {
      expect(readHtml(start + rows(count), limit).tag).toBe('#page');
      expect(() => readHtml(start + rows(limit), limit)).toThrow(PageTooLargeError);
    }
});

it.each([2 ** 28, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER, Infinity])(
  'a source that allows %d elements reads a page of a few',
  (limit) => {
    expect(textOf(readHtml('<p a=b>c</p>', limit))).toBe('c');
  },
);

it('what is counted is elements, parts and depth', () => {
  const budget = new PageBudget(10);
  budget.parts(80);
  expect(() => budget.parts(1)).toThrow(/more than 80 texts/);
  expect(() => budget.element(5_001)).toThrow(/deep/);
});
