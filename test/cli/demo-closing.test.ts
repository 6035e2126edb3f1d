import { expect, it } from 'vitest';
import { closingText } from '../../cli/demos/closing.ts';

const ENDS = [
  { source: 'racing', imported: null, completeness: { table: 'racing_results' } },
  {
    source: 'menus',
    imported: { created: 1, updated: 0, unchanged: 0, refused: 0, problems: [] },
    completeness: { table: 'menu_products' },
  },
];
const commands = (text: string) => text.split('\n').filter((line) => line.startsWith('  npx rescrape '));

it('each command that the demo names at its end is about the directory that it was given', () => {
  const usual = commands(closingText(ENDS));
  expect(usual).toHaveLength(5);
  expect(usual.filter((line) => line.includes('--local'))).toEqual([]);
  expect(commands(closingText(ENDS, ['--local', '/tmp/try']))).toEqual(
    usual.map((line) => `${line} --local /tmp/try`),
  );
  expect(commands(closingText(ENDS, ['--local', "my dir's"]))).toEqual(
    usual.map((line) => `${line} --local 'my dir'\\''s'`),
  );
});

it('says of which sites there is nothing to start again', () => {
  expect(closingText(ENDS)).toContain('sites of schedules, menus and tutoring are there only while');
  expect(closingText(ENDS.slice(0, 1))).not.toContain('menus');
});
