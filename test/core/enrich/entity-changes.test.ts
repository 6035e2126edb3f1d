import { afterEach, beforeEach, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import {
  changedPartitions,
  changesOf,
  changeWrite,
  keptChange,
  type PublishedChange,
  removeChanges,
} from '../../../core/enrich/entity-changes.ts';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import { EnrichmentWorld, messageOf, sessionRecord, studentRecord, tutorRecord } from './enrichment-world.ts';

let world: EnrichmentWorld;
beforeEach(() => {
  world = new EnrichmentWorld();
});
afterEach(() => world.close());

const student = (key: string, name = key, more = {}) =>
  messageOf(`m-${key}-${name}`, 'student', studentRecord(key, { name }), more);
const PARTITION = { kind: 'student', feed: 'test', date: civilDate('2025-11-22') };

async function published(): Promise<PublishedChange[]> {
  const changes = await Array.fromAsync(changesOf(world.state, PARTITION));
  return Promise.all(
    changes.map(async (change) => {
      const entity = await new EntityStore(world.state).get(change);
      return { change, entity: entity?.revision ?? ('absent' as const) };
    }),
  );
}

it('names each partition that changed once, in the order of feed and date', async () => {
  const feeds = ['a', 'a-b', 'b'];
  for (const feed of feeds)
    for (const date of ['2025-11-20', '2025-11-21'])
      await world.batch(student('s1', feed, { feed, date }), student('s2', feed, { feed, date }));
  const partitions = await Array.fromAsync(changedPartitions(world.state, 'student'));
  expect(partitions.map(({ feed, date }) => `${feed}/${date}`).toSorted()).toEqual(
    feeds.flatMap((feed) => [`${feed}/2025-11-20`, `${feed}/2025-11-21`]).toSorted(),
  );
  const changes = await Array.fromAsync(changesOf(world.state, { ...PARTITION, feed: 'a' }));
  expect(changes).toEqual([]);
  const ofDay = await Array.fromAsync(
    changesOf(world.state, { ...PARTITION, feed: 'a', date: civilDate('2025-11-20') }),
  );
  expect(ofDay.map(({ key, content }) => [key, content.row?.record.name])).toEqual([
    ['s1', 'a'],
    ['s2', 'a'],
  ]);
});

it('lists a partition that was listed with nothing in it, and forgets it when it is published', async () => {
  await world.state.write([changeWrite({ ...PARTITION, key: '' })]);
  expect(await Array.fromAsync(changedPartitions(world.state, 'student'))).toEqual([PARTITION]);
  expect(await removeChanges(world.state, await published())).toBe(1);
  expect(await Array.fromAsync(changedPartitions(world.state, 'student'))).toEqual([]);
});

it('removes what was published and keeps what has changed since', async () => {
  await world.batch(...Array.from({ length: 130 }, (_, n) => student(`s${n}`)));
  const before = await published();
  await world.batch(student('s7', 'other', { sent_at: '2025-11-22T11:00:00Z' }));
  expect(await removeChanges(world.state, before)).toBe(129);
  expect((await published()).map(({ change }) => change.key)).toEqual(['s7']);
  expect(await removeChanges(world.state, await published())).toBe(1);
});

it('keeps a marker that another publisher removed and that was written again at revision 1', async () => {
  await world.batch(student('s1'));
  const slow = await published();
  await removeChanges(world.state, await published());
  await world.batch(student('s1', 'new', { sent_at: '2025-11-22T11:00:00Z' }));
  expect((await published())[0]?.change.revision).toBe(slow[0]!.change.revision);
  expect(await removeChanges(world.state, slow)).toBe(0);
  expect(await published()).toHaveLength(1);
});

it('loses no row of a snapshot to a record of that day that is invalid', async () => {
  await world.batch(student('s1'));
  await world.batch(messageOf('m-bad', 'student', { student_id: 's1' }));
  const [{ change } = {}] = await published();
  expect(change?.content).toMatchObject({ row: { record: { name: 's1' } } });
});

it('marks the partition of what is parked and of what is deleted', async () => {
  await world.batch(messageOf('m-x', 'session', sessionRecord('x1')));
  const sessions = { kind: 'session', feed: 'test', date: civilDate('2025-11-20') };
  const marks = () => Array.fromAsync(changesOf(world.state, sessions));
  expect(await marks()).toMatchObject([{ key: 'x1', content: {} }]);
  await world.send(messageOf('m-t', 'tutor', tutorRecord('t1')), student('s1'));
  await world.drain();
  const [change] = await marks();
  expect(await removeChanges(world.state, [{ change: change!, entity: 1 }])).toBe(1);
  await new EntityStore(world.state).delete({ kind: 'session', key: 'x1' });
  expect(await marks()).toMatchObject([{ key: 'x1' }]);
});

it('meets whoever marks the same at the same moment', async () => {
  const mark = await keptChange(world.state, { ...PARTITION, key: 's1' });
  await world.batch(student('s1'));
  expect(await world.state.write([mark])).toBe('conflict');
});
