import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { deadRecordsAbout, deadRecordsOf } from '../../../core/enrich/dead-records.ts';
import { readCounts } from '../../../core/enrich/enrichment-stats.ts';
import { changesOf } from '../../../core/enrich/entity-changes.ts';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import { expireParked } from '../../../core/enrich/expire-parked.ts';
import { batchHandler } from '../../../core/enrich/handle-batch.ts';
import { longestParkedAt, parkedRecordsOf } from '../../../core/enrich/parked-records.ts';
import { retryParked } from '../../../core/enrich/take-up.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import {
  DAY_MS,
  documentsOf,
  EnrichmentWorld,
  feedbackRecord,
  messageOf,
  sessionRecord,
  studentRecord,
  tutorRecord,
} from './enrichment-world.ts';

let world: EnrichmentWorld;
beforeEach(() => {
  world = new EnrichmentWorld();
});
afterEach(() => world.close());

const T1 = messageOf('m-t1', 'tutor', tutorRecord('t1'));
const S1 = messageOf('m-s1', 'student', studentRecord('s1'));
const X1 = messageOf('m-x1', 'session', sessionRecord('x1'));
const F1 = messageOf('m-f1', 'feedback', feedbackRecord('f1'));

const entity = (kind: string, key: string) => new EntityStore(world.state).get({ kind, key });
const kinds = (answers: readonly { kind: string }[]) => answers.map(({ kind }) => kind);
const parked = async () =>
  (
    await Promise.all(
      ['session', 'feedback'].map((kind) => Array.fromAsync(parkedRecordsOf(world.state, kind))),
    )
  ).flat();
const counts = async (kind: string) =>
  (await readCounts(world.state)).find((day) => day.kind === kind)?.counts;
const changes = async (kind: string, date: string, feed = 'test') =>
  Array.fromAsync(changesOf(world.state, { kind, feed, date: civilDate(date) }));
/** Of what nothing is left once all that was parked is stored. */
const indexes = async () =>
  [...(await documentsOf(world.state)).keys()].filter((name) => /^(parked|waiting)/.test(name));

describe('a batch', () => {
  it('stores a parent and what refers to it in one transaction, whatever their order', async () => {
    const answers = await world.batch(F1, X1, T1, S1);
    expect(kinds(answers)).toEqual(['inserted', 'inserted', 'inserted', 'inserted']);
    expect(await entity('feedback', 'f1')).toMatchObject({
      feed: 'test',
      date: '2025-11-21',
      derived: { feedback_delay_hours: 24 },
      message: { id: 'm-f1', source: 'test', origin: null },
    });
    expect(await counts('tutor')).toMatchObject({ processed: 1, enriched: 1, inserted: 1, batches: 1 });
    expect(await counts('feedback')).toMatchObject({ processed: 1, inserted: 1, batches: 0 });
    expect(await changes('feedback', '2025-11-21')).toMatchObject([{ key: 'f1', content: {} }]);
    expect(await changes('tutor', '2025-11-22')).toMatchObject([
      { key: 't1', content: { row: { record: { tutor_id: 't1' }, message: { id: 'm-t1' } } } },
    ]);
  });

  it('changes nothing when it comes again', async () => {
    await world.batch(T1, S1, X1, F1);
    const beside = async () =>
      [...(await documentsOf(world.state))].filter(([name]) => !name.startsWith('enrichment-stats'));
    const before = await beside();
    const answers = await world.batch(F1, T1, X1, S1);
    expect(kinds(answers)).toEqual(['unchanged', 'unchanged', 'unchanged', 'unchanged']);
    expect(await beside()).toEqual(before);
    expect(before).toHaveLength(9);
  });

  it('folds duplicates of one key in their order, and counts each', async () => {
    const at = (hour: number, name: string) =>
      messageOf(
        `m-${name}`,
        'student',
        studentRecord('s1', { name, updated_at: `2025-11-22T0${hour}:00:00Z` }),
      );
    const answers = await world.batch(at(2, 'b'), at(1, 'a'), at(3, 'c'), at(3, 'c'));
    expect(kinds(answers)).toEqual(['inserted', 'older', 'updated', 'unchanged']);
    expect(await entity('student', 's1')).toMatchObject({ revision: 1, record: { name: 'c' } });
    expect(await counts('student')).toMatchObject({
      inserted: 1,
      updated: 1,
      older: 1,
      unchanged: 1,
      processed: 4,
    });
  });

  it('never lets an older record overwrite a newer one', async () => {
    await world.batch(
      messageOf('m2', 'student', studentRecord('s1', { name: 'new', updated_at: '2025-11-22T02:00:00Z' })),
    );
    const old = studentRecord('s1', { name: 'old', updated_at: '2025-11-22T01:00:00Z' });
    expect(
      kinds(await world.batch(messageOf('m3', 'student', old, { sent_at: '2025-11-23T00:00:00Z' }))),
    ).toEqual(['older']);
    expect(await entity('student', 's1')).toMatchObject({ record: { name: 'new' } });
  });

  it.each([
    ['microseconds', '02:00:00.000900Z', '02:00:00.000100Z'],
    ['nanoseconds', '02:00:00.123456789Z', '02:00:00.123456788Z'],
  ])('tells older from newer by %s too', async (_, newer, older) => {
    const record = (name: string, time: string) =>
      studentRecord('s1', { name, updated_at: `2025-11-22T${time}` });
    await world.batch(messageOf('m2', 'student', record('new', newer)));
    const late = messageOf('m3', 'student', record('old', older), { sent_at: '2025-11-23T00:00:00Z' });
    expect(kinds(await world.batch(late))).toEqual(['older']);
    expect(await entity('student', 's1')).toMatchObject({ record: { name: 'new' } });
  });

  it('remembers that the same was sent again later: what was sent in between is older', async () => {
    const sent = (id: string, hour: string, name: string) =>
      messageOf(id, 'student', studentRecord('s1', { name }), { sent_at: `2025-11-22T${hour}:00:00Z` });
    expect(kinds(await world.batch(sent('a', '01', 'a')))).toEqual(['inserted']);
    expect(kinds(await world.batch(sent('c', '03', 'a')))).toEqual(['unchanged']);
    expect(kinds(await world.batch(sent('b', '02', 'b')))).toEqual(['older']);
    expect(await entity('student', 's1')).toMatchObject({ record: { name: 'a' }, message: { id: 'a' } });
  });

  it('marks both partitions of an entity that moves', async () => {
    await world.batch(T1, S1, X1);
    const moved = sessionRecord('x1', { scheduled_start: '2025-11-25T23:30:00-05:00' });
    await world.batch(messageOf('m-x1b', 'session', moved, { sent_at: '2025-11-22T11:00:00Z' }));
    expect(await entity('session', 'x1')).toMatchObject({ date: '2025-11-25' });
    expect(await changes('session', '2025-11-25')).toHaveLength(1);
    expect(await changes('session', '2025-11-20')).toHaveLength(1);
  });

  it('keeps the row of each day of a snapshot, also of one that comes late', async () => {
    const day = (date: string, name: string, sent: string) =>
      messageOf(`m-${name}`, 'tutor', tutorRecord('t1', { name }), {
        date,
        sent_at: `2025-11-2${sent}T00:00:00Z`,
      });
    await world.batch(day('2025-11-20', 'a', '0'), day('2025-11-22', 'c', '2'));
    expect(kinds(await world.batch(day('2025-11-21', 'b', '1')))).toEqual(['older']);
    expect(kinds(await world.batch(day('2025-11-20', 'older', '0'), day('2025-11-21', 'b', '1')))).toEqual([
      'older',
      'older',
    ]);
    const names = async (date: string) =>
      (await changes('tutor', date)).map(({ content }) => content.row?.record.name);
    expect(await names('2025-11-20')).toEqual(['older']);
    expect(await names('2025-11-21')).toEqual(['b']);
    expect(await names('2025-11-22')).toEqual(['c']);
    expect(await entity('tutor', 't1')).toMatchObject({ record: { name: 'c' } });
  });

  it('is one of several at the same key: the newest stays, and each is counted once', async () => {
    const versions = Array.from({ length: 8 }, (_, n) => {
      const record = studentRecord('s1', { name: `v${n}`, updated_at: `2025-11-22T0${n}:00:00Z` });
      return messageOf(`m${n}`, 'student', record);
    });
    const answers = await Promise.all(versions.map((message) => world.batch(message)));
    expect(kinds(answers.flat()).filter((kind) => kind === 'inserted')).toHaveLength(1);
    expect(await entity('student', 's1')).toMatchObject({ record: { name: 'v7' } });
    const counted = await counts('student');
    expect(counted).toMatchObject({ processed: 8, inserted: 1, batches: 8 });
    expect(counted!.updated + counted!.older).toBe(7);
  });

  it('is cut where one transaction cannot hold it, parents before what refers to them', async () => {
    const sizes: number[] = [];
    const state = over(world.state, (writes) => sizes.push(writes.length));
    const sessions = Array.from({ length: 120 }, (_, n) =>
      messageOf(`m-${n}`, 'session', sessionRecord(`x${n}`)),
    );
    const answers = await batchHandler({ ...world.stores, state })(
      [...sessions, T1, S1].map((message, at) => ({
        kind: message.kind,
        delivery: { id: `d${at}`, body: JSON.stringify(message), deliveries: 1 },
      })),
    );
    expect(new Set(kinds(answers))).toEqual(new Set(['inserted']));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    expect(sizes).toHaveLength(3);
    expect(await counts('session')).toMatchObject({ inserted: 120, processed: 120 });
    expect((await counts('tutor'))?.batches).toBe(1);
  });

  it('is cut by its size too', async () => {
    const sizes: number[] = [];
    const state = over(world.state, (writes) => sizes.push(writes.length));
    const large = Array.from({ length: 40 }, (_, n) =>
      messageOf(`m-${n}`, 'student', studentRecord(`s${n}`, { notes: 'é'.repeat(90_000) })),
    );
    const answers = await batchHandler({ ...world.stores, state })(
      large.map((message, at) => ({
        kind: 'student',
        delivery: { id: `d${at}`, body: JSON.stringify(message), deliveries: 1 },
      })),
    );
    expect(new Set(kinds(answers))).toEqual(new Set(['inserted']));
    expect(sizes.length).toBeGreaterThan(3);
  });

  it('takes poison out, with its reason, and its neighbours go on', async () => {
    const invalid = messageOf('m-bad', 'student', { student_id: 's2' });
    const other = messageOf('m-s3', 'student', studentRecord('s3'), { kind: 'tutor' });
    const bodies = [
      'no JSON',
      JSON.stringify({ ...S1, schema_version: 2 }),
      JSON.stringify(other),
      JSON.stringify(invalid),
      JSON.stringify(S1),
    ];
    const deliveries = bodies.map((body, at) => ({
      kind: 'student',
      delivery: { id: `d${at}`, body, deliveries: 1 },
    }));
    for (let times = 0; times < 2; times++) {
      const answers = await batchHandler(world.stores)(deliveries);
      expect(kinds(answers)).toEqual([
        'dead',
        'dead',
        'dead',
        'dead',
        times === 0 ? 'inserted' : 'unchanged',
      ]);
      expect(answers[3]).toMatchObject({ errors: ['name: missing'] });
    }
    const dead = await Array.fromAsync(deadRecordsOf(world.state, 'student'));
    expect(dead.map(({ id, reason }) => [id, reason])).toEqual([
      ['d0', 'poison'],
      ['d1', 'poison'],
      ['d2', 'poison'],
      ['m-bad', 'invalid'],
    ]);
    expect(dead[3]).toMatchObject({ body: JSON.stringify(invalid), errors: ['name: missing'] });
    expect(dead[1]!.errors[0]).toMatch(/schema_version 2 is newer/);
    expect(await counts('student')).toMatchObject({ dead: 4, failed: 8, inserted: 1, processed: 10 });
    const [change] = (await changes('student', '2025-11-22')).filter(({ key }) => key === 's2');
    expect(await Array.fromAsync(deadRecordsAbout(world.state, change!))).toEqual([
      {
        key: 's2',
        order: { updatedAt: null, sentAt: expect.any(Number), id: 'm-bad' },
        reason: 'name: missing',
      },
    ]);
  });

  it('loses no dead letter to another one of the same id', async () => {
    const bodies = [{ name: 'a' }, { name: 'b' }].map((record) =>
      JSON.stringify(messageOf('same', 'student', record)),
    );
    await batchHandler(world.stores)(
      bodies.map((body, at) => ({ kind: 'student', delivery: { id: `d${at}`, body, deliveries: 1 } })),
    );
    const dead = await Array.fromAsync(deadRecordsOf(world.state, 'student'));
    expect(dead.map(({ body }) => body).toSorted()).toEqual(bodies);
  });

  it('acknowledges nothing where the store cannot do its work, and is stored when it comes again', async () => {
    await world.send(T1, messageOf('m-t2', 'tutor', tutorRecord('t2')));
    const failing = over(world.state, () => {
      throw new StorageError('the disk is full');
    });
    await expect(world.drain({ ...world.stores, state: failing })).rejects.toThrow('the disk is full');
    expect(await world.queue('tutor').depth()).toMatchObject({ inFlight: 2 });
    expect(await entity('tutor', 't1')).toBeUndefined();
    world.now += 2 * 60_000;
    expect(kinds(await world.drain())).toEqual(['inserted', 'inserted']);
  });

  it('stores the neighbours of a record that the store refuses, when they come again', async () => {
    const refusing = over(world.state, (writes) => {
      if (writes.some(({ sort }) => sort === 't2')) throw new StorageError('no such document');
    });
    const deliveries = ['t1', 't2', 't3'].map((id) => ({
      kind: 'tutor',
      delivery: { id, body: JSON.stringify(messageOf(`m-${id}`, 'tutor', tutorRecord(id))), deliveries: 1 },
    }));
    const handle = batchHandler({ ...world.stores, state: refusing });
    await expect(handle(deliveries)).rejects.toThrow(StorageError);
    const again = deliveries.map(({ kind, delivery }) => ({
      kind,
      delivery: { ...delivery, deliveries: 2 },
    }));
    expect(kinds(await handle(again))).toEqual(['inserted', 'retry', 'inserted']);
    await expect(handle(again.slice(1, 2))).rejects.toThrow(StorageError);
  });
});

describe('a record whose parents are not there', () => {
  it('waits, and a chain of them resolves whatever the order', async () => {
    await world.send(F1);
    expect(kinds(await world.drain())).toEqual(['parked']);
    await world.send(X1);
    expect(kinds(await world.drain())).toEqual(['parked']);
    expect(await parked()).toMatchObject([
      {
        kind: 'session',
        key: 'x1',
        missing: [
          { kind: 'tutor', key: 't1' },
          { kind: 'student', key: 's1' },
        ],
      },
      { kind: 'feedback', key: 'f1' },
    ]);
    await world.send(T1, S1);
    await world.drain();
    expect(await entity('feedback', 'f1')).toMatchObject({ derived: { feedback_delay_hours: 24 } });
    expect(await indexes()).toEqual([]);
    expect(await counts('feedback')).toMatchObject({ inserted: 1, parked: 1 });
    expect(await counts('session')).toMatchObject({ inserted: 1, parked: 1 });
  });

  it('is sent on once, however often what it waited for comes, and again after five minutes', async () => {
    await world.batch(X1);
    const sessions = () => world.queue('session').depth();
    const again = (nth: number) => world.batch({ ...T1, id: `m-t1-${nth}` });
    for (let nth = 0; nth < 10; nth++) await again(nth);
    expect(await sessions()).toMatchObject({ due: 1 });
    world.now += 299_999;
    await again(10);
    expect(await sessions()).toMatchObject({ due: 1 });
    world.now += 1;
    await again(11);
    expect(await sessions()).toMatchObject({ due: 2 });
  });

  it('is sent on at once where it was parked anew since it was sent on', async () => {
    await world.batch(X1);
    await world.batch(T1);
    const parkedAgain = async () => {
      await new EntityStore(world.state).delete({ kind: 'tutor', key: 't1' });
      expect(kinds(await world.drain())).toEqual(['parked']);
    };
    await parkedAgain();
    for (let nth = 0; nth < 2; nth++) await world.batch(T1);
    expect(await world.queue('session').depth()).toMatchObject({ due: 1 });
    await parkedAgain();
    await world.send(T1, S1);
    await world.drain();
    expect(await entity('session', 'x1')).toBeDefined();
    expect(await indexes()).toEqual([]);
  });

  it('goes on alone: its neighbours in the batch are stored', async () => {
    await world.batch(T1, S1);
    const orphan = messageOf('m-x2', 'session', sessionRecord('x2', { tutor_id: 'nobody' }));
    expect(kinds(await world.batch(X1, orphan))).toEqual(['inserted', 'parked']);
    expect(await counts('session')).toMatchObject({
      processed: 2,
      enriched: 2,
      inserted: 1,
      parked: 1,
      persist_failed: 1,
    });
  });

  it('is dead after seven days, with what did not come, and is sent again as it came', async () => {
    await world.send(X1);
    await world.drain();
    world.now += 7 * DAY_MS - 1;
    expect(await expireParked(world.stores)).toBe(0);
    world.now += 1;
    expect(await expireParked(world.stores)).toBe(1);
    expect(await expireParked(world.stores)).toBe(0);
    const [dead] = await Array.fromAsync(deadRecordsOf(world.state, 'session'));
    expect(dead).toMatchObject({
      id: 'm-x1',
      reason: 'expired',
      errors: ['tutor/t1: did not come within 7 days', 'student/s1: did not come within 7 days'],
    });
    expect(JSON.parse(dead!.body)).toMatchObject({ record: X1.record });
    // It was in no queue any more: this is what raises the alarm.
    expect(await Array.fromAsync(world.queue('session').deadLetters())).toMatchObject([
      { body: dead!.body, reason: expect.stringContaining('tutor/t1: did not come within 7 days') },
    ]);
    expect(
      [...(await documentsOf(world.state)).keys()].filter((name) => /^(parked|waiting)/.test(name)),
    ).toEqual([]);
  });

  it('that was overtaken by a stored one does not die', async () => {
    await world.batch(
      messageOf('m-a', 'session', sessionRecord('x1', { tutor_id: 'nobody' }), {
        sent_at: '2025-11-22T09:00:00Z',
      }),
    );
    await world.batch(T1, S1, X1);
    world.now += 8 * DAY_MS;
    expect(await expireParked(world.stores)).toBe(0);
    expect(await parked()).toEqual([]);
  });

  it('that was overtaken by a stored one goes when it is sent again by hand', async () => {
    await world.batch(
      messageOf('m-a', 'session', sessionRecord('x1', { tutor_id: 'nobody' }), {
        sent_at: '2025-11-22T09:00:00Z',
      }),
    );
    await world.batch(T1, S1, X1);
    expect(await longestParkedAt(world.state)).toBe(world.now);
    expect(await retryParked(world.stores, { kind: 'session', key: 'x1' })).toBe(true);
    await world.drain();
    expect(await parked()).toEqual([]);
    expect(await longestParkedAt(world.state)).toBeUndefined();
  });

  it('is sent again by hand', async () => {
    await world.batch(X1);
    expect(await retryParked(world.stores, { kind: 'session', key: 'x1' })).toBe(true);
    expect(await retryParked(world.stores, { kind: 'session', key: 'x2' })).toBe(false);
    expect(kinds(await world.drain())).toEqual(['parked']);
    expect(await counts('session')).toMatchObject({ parked: 1 });
  });

  it('of two of one key the newer one waits', async () => {
    const sent = (id: string, hour: string) =>
      messageOf(id, 'session', sessionRecord('x1', { subject: id }), {
        sent_at: `2025-11-22T${hour}:00:00Z`,
      });
    await world.batch(sent('new', '10'));
    expect(kinds(await world.batch(sent('old', '09')))).toEqual(['parked']);
    expect(await parked()).toMatchObject([{ message: { id: 'new' } }]);
    await world.send(S1, T1);
    await world.drain();
    expect(await entity('session', 'x1')).toMatchObject({ record: { subject: 'new' } });
  });
});

describe('an entity that is deleted', () => {
  it('marks its partition, and what comes after it waits', async () => {
    await world.batch(T1, S1, X1);
    expect(await new EntityStore(world.state).delete({ kind: 'tutor', key: 't1' })).toBe(true);
    expect(await new EntityStore(world.state).delete({ kind: 'tutor', key: 't1' })).toBe(false);
    expect(await changes('tutor', '2025-11-22')).toMatchObject([{ key: 't1', content: {} }]);
    expect(kinds(await world.batch(messageOf('m-x2', 'session', sessionRecord('x2'))))).toEqual(['parked']);
    await world.send(T1);
    await world.drain();
    expect(await entity('session', 'x2')).toBeDefined();
  });

  it('never leaves a child that was stored after it', async () => {
    await world.batch(T1, S1);
    // Deleted in the moment between the look and the transaction.
    let isDeleted = false;
    const state = over(world.state, async () => {
      if (isDeleted) return;
      isDeleted = true;
      await new EntityStore(world.state).delete({ kind: 'tutor', key: 't1' });
    });
    const handle = batchHandler({ ...world.stores, state });
    const answers = await handle([
      { kind: 'session', delivery: { id: 'd', body: JSON.stringify(X1), deliveries: 1 } },
    ]);
    expect(answers).toMatchObject([{ kind: 'parked', missing: [{ kind: 'tutor', key: 't1' }] }]);
  });
});

describe('what was derived from a parent', () => {
  it('is derived anew when the parent changes', async () => {
    await world.send(T1, S1, X1, F1);
    await world.drain();
    const moved = sessionRecord('x1', { scheduled_start: '2025-11-21T08:00:00Z' });
    await world.send(messageOf('m-x1b', 'session', moved, { sent_at: '2025-11-22T11:00:00Z' }));
    expect(kinds(await world.drain())).toEqual(['updated', 'updated']);
    expect(await entity('feedback', 'f1')).toMatchObject({ derived: { feedback_delay_hours: 2 } });
    await world.send(messageOf('m-x1b', 'session', moved, { sent_at: '2025-11-22T11:00:00Z' }));
    expect(kinds(await world.drain())).toEqual(['unchanged']);
  });

  it('is made with the parent that is stored in that moment', async () => {
    await world.batch(T1, S1, X1);
    const moved = sessionRecord('x1', { scheduled_start: '2025-11-21T08:00:00Z' });
    let isMoved = false;
    const state = over(world.state, async () => {
      if (isMoved) return;
      isMoved = true;
      await world.batch(messageOf('m-x1b', 'session', moved, { sent_at: '2025-11-22T11:00:00Z' }));
    });
    const handle = batchHandler({ ...world.stores, state });
    await handle([{ kind: 'feedback', delivery: { id: 'd', body: JSON.stringify(F1), deliveries: 1 } }]);
    expect(await entity('feedback', 'f1')).toMatchObject({ derived: { feedback_delay_hours: 2 } });
  });
});

it('what derive reads, and was absent when it was read, is not taken for absent once it is there', async () => {
  await world.batch(T1, S1);
  let isStored = false;
  const state = over(world.state, async () => {
    if (isStored) return;
    isStored = true;
    await world.batch(X1);
  });
  const handle = batchHandler({ ...world.stores, state });
  await handle([{ kind: 'feedback', delivery: { id: 'd', body: JSON.stringify(F1), deliveries: 1 } }]);
  expect(await entity('feedback', 'f1')).toMatchObject({ derived: { feedback_delay_hours: 24 } });
});

/** The store, with somebody at work before each transaction. */
function over(
  store: StateStore,
  before: (writes: Parameters<StateStore['transact']>[0]) => unknown,
): StateStore {
  return {
    get: (...place) => store.get(...place),
    query: (...query) => store.query(...query),
    scan: () => store.scan(),
    write: async (writes) => {
      await before(writes);
      return store.write(writes);
    },
    transact: async (writes) => {
      await before(writes);
      return store.transact(writes);
    },
  };
}
