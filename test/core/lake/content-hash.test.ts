import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { contentHash } from '../../../core/lake/content-hash.ts';
import type { Column, Row } from '../../../core/schema/columns.ts';

const COLUMNS = ['race', 'horse', 'btn', '_run_id'].map((name) => ({ name })) as unknown as Column[];
const LONG = 'é–\u{1f40e}"\\\ud800'.repeat(9_000);

const row = (at: number, horse = `Horse ${at} é`): Row => ({
  race: `r${at}`,
  horse,
  btn: at / 4,
  _run_id: 'x',
});
const rows = (count: number) => Array.from({ length: count }, (_, at) => row(at));

it.each([
  ['no rows', []],
  ['one row', rows(1)],
  ['rows that lack a column', [{ horse: 'a' }, { race: 'b', btn: null }]],
  ['many rows', rows(5_000)],
  ['a row of its own length', [row(0, LONG)]],
  ['such a row among others', [...rows(700), row(1, LONG), ...rows(700), row(2, LONG), row(3, LONG)]],
])('is SHA-256 over a line of JSON for each row, without lineage: %s', (_, given: readonly Row[]) => {
  const lines = given.map(({ race = null, horse = null, btn = null }) => JSON.stringify([race, horse, btn]));
  const text = lines.map((line) => `${line}\n`).join('');
  expect(contentHash(COLUMNS, given)).toBe(createHash('sha256').update(text).digest('hex'));
});
