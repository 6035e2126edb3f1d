import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ChainSite, CURSORS, expectWhole } from './support/chain-site.ts';
import { logRows } from './support/lake-reading.ts';

let home: string;
let site: ChainSite;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'rescrape-chain-'));
  site = await ChainSite.start();
});
afterEach(async () => {
  await site.close();
  rmSync(home, { recursive: true, force: true });
});

it('an item of four requests is gone on with at the third, where its process was killed after two', async () => {
  let kill = () => {};
  site.hold = (nth) => {
    if (nth === 3) kill();
    return nth === 3;
  };
  const onStart: NonNullable<Parameters<ChainSite['play']>[2]>['onStart'] = (child) => {
    kill = () => void child.kill('SIGKILL');
  };
  expect(await site.play(home, 'lake', { onStart })).toBe('killed');
  expect(site.asked).toEqual([null, 'p2', 'p3']);
  await expectWhole(home, 'lake', await site.play(home, 'lake'));
  expect(site.asked.slice(3)).toEqual(['p3', 'p4']);
  const attempts = await logRows(join(home, 'lake'), 'attempts');
  expect(
    attempts.filter(({ item_id, error_code }) => item_id === 'novels' && error_code === 'SUCCESS'),
  ).toHaveLength(CURSORS.length);
});
