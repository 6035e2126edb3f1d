import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { withEntityTables } from '../../../core/enrich/entity-source.ts';
import type { Platform } from '../../../core/platform.ts';
import type { Source } from '../../../core/source/source.ts';
import { currentRows } from '../../e2e/support/lake-reading.ts';
import { FEED, TUTOR, TutoringWorld } from './tutoring-world.ts';

let world: TutoringWorld;
beforeEach(() => {
  world = new TutoringWorld();
});
afterEach(() => world.close());

/** The program with a field of tutors that came along until now and had no column. */
function nextProgram({ platform }: TutoringWorld): Platform {
  const enrichers = platform.enrichers.map((enricher) =>
    enricher.kind === 'tutor'
      ? { ...enricher, schema: enricher.schema.extend({ shoe_size: z.int().nullable().optional() }) }
      : enricher,
  );
  return { ...platform, enrichers, sources: withEntityTables([], enrichers) as readonly Source[] };
}

const tutors = async () =>
  [...(await currentRows(world.directory, 'tutors'))].map(([partition, rows]) => [
    partition,
    rows.map(({ tutor_id, shoe_size, extra }) => [tutor_id, shoe_size, extra]),
  ]);

describe('entities whose table has another schema now', () => {
  it('are written again from their records by the next publication, whether they changed or not', async () => {
    const record = { ...TUTOR, shoe_size: 43 };
    await world.bring('tutor', { record });
    await world.bring('tutor', { record: { ...record, tutor_id: 't-2' }, feed: 'south' });
    await world.publish();
    expect(await tutors()).toEqual([
      [`feed=${FEED}/date=2026-11-17`, [['t-1', undefined, '{"shoe_size":43}']]],
      ['feed=south/date=2026-11-17', [['t-2', undefined, '{"shoe_size":43}']]],
    ]);
    const next = nextProgram(world);
    const again = await world.publish({}, next);
    expect(again.partitions.map(({ name }) => name)).toHaveLength(2);
    expect(await tutors()).toEqual([
      [`feed=${FEED}/date=2026-11-17`, [['t-1', 43, null]]],
      ['feed=south/date=2026-11-17', [['t-2', 43, null]]],
    ]);
    expect((await world.publish({}, next)).partitions).toEqual([]);
  });

  it('are left as they are by the program of before, which commits over none of them', async () => {
    await world.bring('tutor', { record: TUTOR });
    await world.publish();
    const next = nextProgram(world);
    await world.publish({}, next);
    expect((await world.publish()).partitions).toEqual([]);
    await world.bring('tutor', { record: { ...TUTOR, tutor_id: 't-2', shoe_size: 40 } });
    const [refused] = (await world.publish()).partitions;
    expect(refused!.outcome).toMatchObject({ result: { status: 'failed' } });
    await world.publish({}, next);
    expect((await tutors())[0]![1]).toEqual([
      ['t-1', null, null],
      ['t-2', 40, null],
    ]);
  });
});
