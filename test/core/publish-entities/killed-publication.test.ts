import { describe, expect, it } from 'vitest';
import { CLAIM_MS } from '../../../core/publish-derived/publication-claim.ts';
import { query } from '../../e2e/support/sql.ts';
import { diesBeforeWrite } from '../../e2e/support/watched-stores.ts';
import { SESSION, STUDENT, TUTOR, TutoringWorld } from './tutoring-world.ts';

/** A world with something to publish in three partitions of three tables, a parked record among it. */
async function worldToPublish(): Promise<TutoringWorld> {
  const world = new TutoringWorld();
  await world.handle('tutor', [{ record: TUTOR }]);
  await world.handle('student', [{ record: STUDENT }]);
  const parked = { ...SESSION, session_id: 'x-3', tutor_id: 't-9' };
  await world.handle('session', [{ record: SESSION }, { record: parked }]);
  return world;
}

const killedAt = (world: TutoringWorld, write: number) =>
  diesBeforeWrite(world.platform, write, (mortal) => world.publish({}, mortal));

/** What an analyst sees, ids of runs and versions left out. */
async function picture(world: TutoringWorld) {
  const { platform } = world;
  const leftBehind: string[] = [];
  for await (const { partition } of platform.state.scan())
    if (/^(entity-changes|publication)/.test(partition)) leftBehind.push(partition);
  return {
    leftBehind,
    sessions: await query(platform, 'SELECT session_id, date, tutor_id FROM sessions ORDER BY 1'),
    people: await query(platform, 'SELECT tutor_id FROM tutors UNION ALL SELECT student_id FROM students'),
    commits: await query(
      platform,
      // One that confirms what a dead one has put on record says the truth as well.
      `SELECT source, partition_date, items_found, items_failed, rows FROM commits
      WHERE status = 'committed' ORDER BY 1, 2`,
    ),
    judged: await world.judged('sessions'),
  };
}

describe('a publication that is killed', () => {
  it('is made good by the next one, whichever write it was killed before', async () => {
    const quiet = await worldToPublish();
    await quiet.publish();
    const expected = await picture(quiet);
    await quiet.close();
    expect(expected.commits).toHaveLength(3);
    expect(expected.leftBehind).toEqual([]);
    let write = 1;
    for (let isKilled = true; isKilled; write++) {
      const world = await worldToPublish();
      isKilled = await killedAt(world, write);
      await world.publish();
      expect(await picture(world), `killed before write ${write}`).toEqual(expected);
      expect((await world.publish()).partitions).toEqual([]);
      await world.close();
    }
    expect(write).toBeGreaterThan(25);
  }, 120_000);

  it('leaves its partition to others when its claim is over, and not before', async () => {
    const world = await worldToPublish();
    await killedAt(world, 2);
    const early = await world.publish({ isAlone: false });
    expect(early.partitions.map(({ name, outcome }) => [name, outcome.kind])).toEqual([
      ['tutors/north/2026-11-17', 'claimed'],
      ['students/north/2026-11-17', 'published'],
      ['sessions/north/2026-11-17', 'published'],
    ]);
    world.now += CLAIM_MS;
    const late = await world.publish({ isAlone: false });
    expect(late.partitions.map(({ name, outcome }) => [name, outcome.kind])).toEqual([
      ['tutors/north/2026-11-17', 'published'],
    ]);
    expect((await picture(world)).commits).toHaveLength(3);
    await world.close();
  });

  it('and one beside it take nothing from each other', async () => {
    const world = await worldToPublish();
    await Promise.all([world.publish({ isAlone: false }), world.publish({ isAlone: false })]);
    await world.publish();
    const { sessions, people, leftBehind } = await picture(world);
    expect([sessions.length, people.length]).toEqual([1, 2]);
    expect(leftBehind).toEqual([]);
    await world.close();
  });
});
