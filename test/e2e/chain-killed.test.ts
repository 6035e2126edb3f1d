import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ChainSite, CURSORS } from './support/chain-site.ts';
import { logRows } from './support/lake-reading.ts';

let site: ChainSite;
beforeEach(async () => {
  site = await ChainSite.start();
});
afterEach(() => site.close());

it('an item of four requests is gone on with at the third, where its process was killed after two', async () => {
  let kill = () => {};
  site.hold = (nth) => {
    if (nth === 3) kill();
    return nth === 3;
  };
  const onStart: NonNullable<Parameters<ChainSite['play']>[1]>['onStart'] = (child) => {
    kill = () => void child.kill('SIGKILL');
  };
  expect(await site.play('lake', { onStart })).toBe('killed');
  expect(site.asked).toEqual([null, 'p2', 'p3']);
  await site.expectWhole('lake', await site.play('lake'));
  expect(site.asked.slice(3)).toEqual(['p3', 'p4']);
  const attempts = await logRows(join(site.home, 'lake'), 'attempts');
  expect(
    attempts.filter(({ item_id, error_code }) => item_id === 'novels' && error_code === 'SUCCESS'),
  ).toHaveLength(CURSORS.length);
});
