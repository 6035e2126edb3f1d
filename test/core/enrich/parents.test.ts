import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deadRecordsOf } from '../../../core/enrich/dead-records.ts';
import { removeChanges } from '../../../core/enrich/entity-changes.ts';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import { expireParked } from '../../../core/enrich/expire-parked.ts';
import { batchHandler } from '../../../core/enrich/handle-batch.ts';
import { longestParkedAt, parkedRecordsOf } from '../../../core/enrich/parked-records.ts';
import { retryParked } from '../../../core/enrich/take-up.ts';
import { student } from '../../../sources/tutoring/enrichers/student.ts';
import { tutor } from '../../../sources/tutoring/enrichers/tutor.ts';
import {
  DAY_MS,
  deliveriesOf,
  EnrichmentWorld,
  F1,
  messageOf,
  S1,
  sessionRecord,
  studentRecord,
  T1,
  tutorRecord,
  X1,
} from './enrichment-world.ts';

let world: EnrichmentWorld;
beforeEach(() => {
  world = new EnrichmentWorld();
});
afterEach(() => world.close());

const kinds = (answers: readonly { kind: string }[]) => answers.map(({ kind }) => kind);

describe('a record whose parents are not there', () => {
  it('waits, and a chain of them resolves whatever the order', async () => {
    await world.send(F1);
    expect(kinds(await world.drain())).toEqual(['parked']);
    await world.send(X1);
    expect(kinds(await world.drain())).toEqual(['parked']);
    expect(await world.parked()).toMatchObject([
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
    expect(await world.entity('feedback', 'f1')).toMatchObject({ derived: { feedback_delay_hours: 24 } });
    expect(await world.waitingNames()).toEqual([]);
    expect(await world.counts('feedback')).toMatchObject({ inserted: 1, parked: 1 });
    expect(await world.counts('session')).toMatchObject({ inserted: 1, parked: 1 });
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
    expect(await world.entity('session', 'x1')).toBeDefined();
    expect(await world.waitingNames()).toEqual([]);
  });

  it('goes on alone: its neighbours in the batch are stored', async () => {
    await world.batch(T1, S1);
    const orphan = messageOf('m-x2', 'session', sessionRecord('x2', { tutor_id: 'nobody' }));
    expect(kinds(await world.batch(X1, orphan))).toEqual(['inserted', 'parked']);
    expect(await world.counts('session')).toMatchObject({
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
    expect(await world.waitingNames()).toEqual([]);
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
    expect(await world.parked()).toEqual([]);
  });

  it('that was overtaken and goes with its successor marks the day of its own, of snapshots too', async () => {
    const reading = {
      ...student,
      references: [{ field: 'tutor_id', kind: 'tutor', reads: () => true }],
      derive: () => ({}),
    };
    const stores = { ...world.stores, enrichers: [tutor, reading] };
    const told = async () => (await world.changes('student', '2025-11-21')).map(({ key }) => key);
    const sent = (id: string, tutor_id: string, date: string, hour: string) =>
      world.send(
        messageOf(id, 'student', studentRecord('s1', { tutor_id }), {
          date,
          sent_at: `2025-11-22T${hour}:00:00Z`,
        }),
      );
    await sent('older', 'nobody', '2025-11-21', '09');
    await world.drain(stores);
    const published = (await world.changes('student', '2025-11-21')).map((change) => {
      return { change, entity: 'absent' as const };
    });
    expect(await removeChanges(world.state, published)).toBe(1);
    await world.send(T1);
    await sent('newer', 't1', '2025-11-22', '10');
    await world.drain(stores);
    expect(await told()).toEqual([]);
    await world.send(messageOf('m-t1b', 'tutor', tutorRecord('t1', { name: 'Other' })));
    await world.drain(stores);
    expect(await Array.fromAsync(parkedRecordsOf(world.state, 'student'))).toEqual([]);
    expect(await told()).toEqual(['s1']);
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
    expect(await world.parked()).toEqual([]);
    expect(await longestParkedAt(world.state)).toBeUndefined();
  });

  it('is sent again by hand', async () => {
    await world.batch(X1);
    expect(await retryParked(world.stores, { kind: 'session', key: 'x1' })).toBe(true);
    expect(await retryParked(world.stores, { kind: 'session', key: 'x2' })).toBe(false);
    expect(kinds(await world.drain())).toEqual(['parked']);
    expect(await world.counts('session')).toMatchObject({ parked: 1 });
  });

  it('of two of one key the newer one waits', async () => {
    const sent = (id: string, hour: string) =>
      messageOf(id, 'session', sessionRecord('x1', { subject: id }), {
        sent_at: `2025-11-22T${hour}:00:00Z`,
      });
    await world.batch(sent('new', '10'));
    expect(kinds(await world.batch(sent('old', '09')))).toEqual(['parked']);
    expect(await world.parked()).toMatchObject([{ message: { id: 'new' } }]);
    await world.send(S1, T1);
    await world.drain();
    expect(await world.entity('session', 'x1')).toMatchObject({ record: { subject: 'new' } });
  });
});

describe('an entity that is deleted', () => {
  it('marks its partition, and what comes after it waits', async () => {
    await world.batch(T1, S1, X1);
    expect(await new EntityStore(world.state).delete({ kind: 'tutor', key: 't1' })).toBe(true);
    expect(await new EntityStore(world.state).delete({ kind: 'tutor', key: 't1' })).toBe(false);
    expect(await world.changes('tutor', '2025-11-22')).toMatchObject([{ key: 't1', content: {} }]);
    expect(kinds(await world.batch(messageOf('m-x2', 'session', sessionRecord('x2'))))).toEqual(['parked']);
    await world.send(T1);
    await world.drain();
    expect(await world.entity('session', 'x2')).toBeDefined();
  });

  it('never leaves a child that was stored after it', async () => {
    await world.batch(T1, S1);
    // Deleted in the moment between the look and the transaction.
    let isDeleted = false;
    const stores = world.disturbed(async () => {
      if (isDeleted) return;
      isDeleted = true;
      await new EntityStore(world.state).delete({ kind: 'tutor', key: 't1' });
    });
    const handle = batchHandler(stores);
    const answers = await handle(deliveriesOf(X1));
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
    expect(await world.entity('feedback', 'f1')).toMatchObject({ derived: { feedback_delay_hours: 2 } });
    await world.send(messageOf('m-x1b', 'session', moved, { sent_at: '2025-11-22T11:00:00Z' }));
    expect(kinds(await world.drain())).toEqual(['unchanged']);
  });

  it('is made with the parent that is stored in that moment', async () => {
    await world.batch(T1, S1, X1);
    const moved = sessionRecord('x1', { scheduled_start: '2025-11-21T08:00:00Z' });
    let isMoved = false;
    const stores = world.disturbed(async () => {
      if (isMoved) return;
      isMoved = true;
      await world.batch(messageOf('m-x1b', 'session', moved, { sent_at: '2025-11-22T11:00:00Z' }));
    });
    const handle = batchHandler(stores);
    await handle(deliveriesOf(F1));
    expect(await world.entity('feedback', 'f1')).toMatchObject({ derived: { feedback_delay_hours: 2 } });
  });
});

it('what derive reads, and was absent when it was read, is not taken for absent once it is there', async () => {
  await world.batch(T1, S1);
  let isStored = false;
  const stores = world.disturbed(async () => {
    if (isStored) return;
    isStored = true;
    await world.batch(X1);
  });
  const handle = batchHandler(stores);
  await handle(deliveriesOf(F1));
  expect(await world.entity('feedback', 'f1')).toMatchObject({ derived: { feedback_delay_hours: 24 } });
});
