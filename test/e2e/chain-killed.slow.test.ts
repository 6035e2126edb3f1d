import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { booksIn, ChainSite, CURSORS, expectWhole } from './support/chain-site.ts';

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

it('an item of four requests is whole wherever its process is killed, and no page on record is asked for again', async () => {
  const undisturbed = await site.play(home, 'undisturbed');
  await expectWhole(home, 'undisturbed', undisturbed);
  if (undisturbed === 'killed') throw new Error('nobody killed it');
  for (let killAt = 1; killAt <= undisturbed.writes; killAt++) {
    const name = `killed-${killAt}`;
    site.asked.length = 0;
    expect(await site.play(home, name, { killAt })).toBe('killed');
    const wasPublished = (await booksIn(home, name)).length > 0;
    await expectWhole(home, name, await site.play(home, name));
    // The one page whose answer was not on record yet; a run that had ended is followed by a new one.
    const isNewRun = wasPublished && site.asked.length === 2 * CURSORS.length;
    if (!isNewRun)
      expect(site.asked.length, `killed at ${killAt}: ${site.asked}`).toBeLessThanOrEqual(CURSORS.length + 1);
  }
});
