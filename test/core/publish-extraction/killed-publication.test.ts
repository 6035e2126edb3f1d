import { afterEach, describe, expect, it } from 'vitest';
import { CLAIM_MS } from '../../../core/publish-derived/publication-claim.ts';
import { diesBeforeWrite, watchedPlatform } from '../../e2e/support/watched-stores.ts';
import { answerText, CatalogWorld, pagesOf } from './catalog-world.ts';

let worlds: CatalogWorld[] = [];
afterEach(async () => {
  for (const world of worlds) await world.close();
  worlds = [];
});

/** Two pages with a result, one that is exhausted and one behind it. */
async function worldToPublish(): Promise<CatalogWorld> {
  const world = new CatalogWorld(pagesOf(1, 2, 5, 6), { settings: { maxRetries: 1 } });
  worlds.push(world);
  world.answers[pagesOf(2)[0]!] = answerText('no course');
  world.answers[pagesOf(5)[0]!] = 'no answer';
  await world.run();
  return world;
}

const killedAt = (world: CatalogWorld, write: number) =>
  diesBeforeWrite(world.platform, write, (mortal) => world.publish({}, mortal));

/** What an analyst sees, ids of runs and versions left out, and what is left to be done. */
async function picture(world: CatalogWorld) {
  const leftBehind: string[] = [];
  for await (const { partition } of world.platform.state.scan())
    if (/^(extract-changes|publication)/.test(partition)) leftBehind.push(partition);
  return {
    leftBehind,
    // One statement: to open a lake anew for each takes most of the time.
    rows: await world.query(
      `SELECT 'catalog_pages' AS what, page || ': ' || text AS told FROM catalog_pages
      UNION ALL SELECT 'courses', page || ': ' || course_name FROM courses
      UNION ALL SELECT 'commits', concat_ws(' ', source, items_expected, items_found, items_empty, items_failed, items_pending, rows)
        FROM commits WHERE status = 'committed'
      UNION ALL SELECT 'progress', concat_ws(' ', pages, done, waiting, exhausted) FROM v_extraction_progress
      ORDER BY ALL`,
    ),
    judged: [await world.judged('catalog_pages'), await world.judged('courses')],
  };
}

describe('a publication of pages that is killed', () => {
  it('is made good by the next one, whichever write it was killed before', async () => {
    const quiet = await worldToPublish();
    await quiet.publish();
    const expected = await picture(quiet);
    expect(expected.leftBehind).toEqual([]);
    const [first] = pagesOf(1);
    expect(expected.rows.map(({ what, told }) => `${what} ${told}`)).toEqual([
      `catalog_pages 1: ${first}`,
      'catalog_pages 2: no course',
      'commits catalog-pages 4 2 0 1 1 2',
      'commits courses 4 1 1 1 1 1',
      `courses 1: on ${first}`,
      'progress 4 2 1 1',
    ]);
    let write = 1;
    for (let isKilled = true; isKilled; write++) {
      const world = await worldToPublish();
      isKilled = await killedAt(world, write);
      for (const each of await Promise.all([world.judged('catalog_pages'), world.judged('courses')]))
        expect(each?.status, `killed before write ${write}`).not.toBe('complete');
      await world.publish();
      expect(await picture(world), `killed before write ${write}`).toEqual(expected);
      expect((await world.publish()).partitions).toEqual([]);
      await world.close();
      worlds.pop();
    }
    expect(write).toBeGreaterThan(15);
  }, 120_000);

  it('leaves its partition to others when its claim is over, and not before', async () => {
    const world = await worldToPublish();
    await killedAt(world, 4);
    expect(await world.published({ isAlone: false })).toEqual([
      'catalog-pages/Ohio/1851-01-01 claimed',
      'courses/Ohio/1851-01-01 claimed',
    ]);
    world.clock.advance(CLAIM_MS);
    expect(await world.published({ isAlone: false })).toEqual([
      'catalog-pages/Ohio/1851-01-01 committed',
      'courses/Ohio/1851-01-01 committed',
    ]);
  });

  it('and one beside it take nothing from each other', async () => {
    const world = await worldToPublish();
    await Promise.all([world.publish({ isAlone: false }), world.publish({ isAlone: false })]);
    await world.publish();
    const { rows, leftBehind } = await picture(world);
    expect([rows.length, leftBehind]).toEqual([6, []]);
  });

  it('that saw the pages before another one takes nothing away that the other one found', async () => {
    const world = await worldToPublish();
    await world.publish();
    // The next result comes between the look of a slow publication and its first write.
    delete world.answers[pagesOf(5)[0]!];
    const { state } = world.platform;
    let isBetween = true;
    const slow = watchedPlatform(world.platform, async () => {
      if (!isBetween) return;
      isBetween = false;
      await world.run();
      await world.publish({ isAlone: false });
    });
    world.keys = [...pagesOf(1, 2, 5, 6), ...pagesOf(9)];
    await world.publish({ isAlone: false }, slow);
    const { current } = await world.why('catalog_pages', pagesOf(9)[0]!);
    expect(current).toMatchObject({ kind: 'version', item: { state: 'found', rows: 1 } });
    await world.publish();
    expect(await world.query('SELECT page FROM catalog_pages')).toHaveLength(3);
    expect(await Array.fromAsync(state.query('extract-changes#catalogs'))).toEqual([]);
    expect(await world.judged('catalog_pages')).toMatchObject({ found: 3, failed: 1 });
  });
});
