import { afterEach, beforeEach, expect, it } from 'vitest';
import { ChainSite, CURSORS } from './support/chain-site.ts';

let site: ChainSite;
beforeEach(async () => {
  site = await ChainSite.start();
});
afterEach(() => site.close());

it('an item of four requests is whole wherever its process is killed, and no page on record is asked for again', async () => {
  const undisturbed = await site.play('undisturbed');
  await site.expectWhole('undisturbed', undisturbed);
  if (undisturbed === 'killed') throw new Error('nobody killed it');
  for (let killAt = 1; killAt <= undisturbed.writes; killAt++) {
    const name = `killed-${killAt}`;
    site.asked.length = 0;
    expect(await site.play(name, { killAt })).toBe('killed');
    const wasPublished = (await site.booksIn(name)).length > 0;
    await site.expectWhole(name, await site.play(name));
    // The one page whose answer was not on record yet; a run that had ended is followed by a new one.
    const isNewRun = wasPublished && site.asked.length === 2 * CURSORS.length;
    if (!isNewRun)
      expect(site.asked.length, `killed at ${killAt}: ${site.asked}`).toBeLessThanOrEqual(CURSORS.length + 1);
  }
});
