import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deadRecordsAbout, deadRecordsOf } from '../../../core/enrich/dead-records.ts';
import { batchHandler } from '../../../core/enrich/handle-batch.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import {
  deliveriesOf,
  documentsOf,
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

describe('a batch', () => {
  it('stores a parent and what refers to it in one transaction, whatever their order', async () => {
    const answers = await world.batch(F1, X1, T1, S1);
    expect(kinds(answers)).toEqual(['inserted', 'inserted', 'inserted', 'inserted']);
    expect(await world.entity('feedback', 'f1')).toMatchObject({
      feed: 'test',
      date: '2025-11-21',
      derived: { feedback_delay_hours: 24 },
      message: { id: 'm-f1', source: 'test', origin: null },
    });
    expect(await world.counts('tutor')).toMatchObject({ processed: 1, enriched: 1, inserted: 1, batches: 1 });
    expect(await world.counts('feedback')).toMatchObject({ processed: 1, inserted: 1, batches: 0 });
    expect(await world.changes('feedback', '2025-11-21')).toMatchObject([{ key: 'f1', content: {} }]);
    expect(await world.changes('tutor', '2025-11-22')).toMatchObject([
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
    expect(await world.entity('student', 's1')).toMatchObject({ revision: 1, record: { name: 'c' } });
    expect(await world.counts('student')).toMatchObject({
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
    expect(await world.entity('student', 's1')).toMatchObject({ record: { name: 'new' } });
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
    expect(await world.entity('student', 's1')).toMatchObject({ record: { name: 'new' } });
  });

  it('remembers that the same was sent again later: what was sent in between is older', async () => {
    const sent = (id: string, hour: string, name: string) =>
      messageOf(id, 'student', studentRecord('s1', { name }), { sent_at: `2025-11-22T${hour}:00:00Z` });
    expect(kinds(await world.batch(sent('a', '01', 'a')))).toEqual(['inserted']);
    expect(kinds(await world.batch(sent('c', '03', 'a')))).toEqual(['unchanged']);
    expect(kinds(await world.batch(sent('b', '02', 'b')))).toEqual(['older']);
    expect(await world.entity('student', 's1')).toMatchObject({
      record: { name: 'a' },
      message: { id: 'a' },
    });
  });

  it('marks both partitions of an entity that moves', async () => {
    await world.batch(T1, S1, X1);
    const moved = sessionRecord('x1', { scheduled_start: '2025-11-25T23:30:00-05:00' });
    await world.batch(messageOf('m-x1b', 'session', moved, { sent_at: '2025-11-22T11:00:00Z' }));
    expect(await world.entity('session', 'x1')).toMatchObject({ date: '2025-11-25' });
    expect(await world.changes('session', '2025-11-25')).toHaveLength(1);
    expect(await world.changes('session', '2025-11-20')).toHaveLength(1);
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
      (await world.changes('tutor', date)).map(({ content }) => content.row?.record.name);
    expect(await names('2025-11-20')).toEqual(['older']);
    expect(await names('2025-11-21')).toEqual(['b']);
    expect(await names('2025-11-22')).toEqual(['c']);
    expect(await world.entity('tutor', 't1')).toMatchObject({ record: { name: 'c' } });
  });

  it('is one of several at the same key: the newest stays, and each is counted once', async () => {
    const versions = Array.from({ length: 8 }, (_, n) => {
      const record = studentRecord('s1', { name: `v${n}`, updated_at: `2025-11-22T0${n}:00:00Z` });
      return messageOf(`m${n}`, 'student', record);
    });
    const answers = await Promise.all(versions.map((message) => world.batch(message)));
    expect(kinds(answers.flat()).filter((kind) => kind === 'inserted')).toHaveLength(1);
    expect(await world.entity('student', 's1')).toMatchObject({ record: { name: 'v7' } });
    const counted = await world.counts('student');
    expect(counted).toMatchObject({ processed: 8, inserted: 1, batches: 8 });
    expect(counted!.updated + counted!.older).toBe(7);
  });

  it('is cut where one transaction cannot hold it, parents before what refers to them', async () => {
    const sizes: number[] = [];
    const stores = world.disturbed((writes) => sizes.push(writes.length));
    const sessions = Array.from({ length: 120 }, (_, n) =>
      messageOf(`m-${n}`, 'session', sessionRecord(`x${n}`)),
    );
    const answers = await batchHandler(stores)(deliveriesOf(...sessions, T1, S1));
    expect(new Set(kinds(answers))).toEqual(new Set(['inserted']));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
    expect(sizes).toHaveLength(3);
    expect(await world.counts('session')).toMatchObject({ inserted: 120, processed: 120 });
    expect((await world.counts('tutor'))?.batches).toBe(1);
  });

  it('is cut by its size too', async () => {
    const sizes: number[] = [];
    const stores = world.disturbed((writes) => sizes.push(writes.length));
    const large = Array.from({ length: 40 }, (_, n) =>
      messageOf(`m-${n}`, 'student', studentRecord(`s${n}`, { notes: 'é'.repeat(90_000) })),
    );
    const answers = await batchHandler(stores)(deliveriesOf(...large));
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
    expect(await world.counts('student')).toMatchObject({ dead: 4, failed: 8, inserted: 1, processed: 10 });
    const [change] = (await world.changes('student', '2025-11-22')).filter(({ key }) => key === 's2');
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
    const failing = world.disturbed(() => {
      throw new StorageError('the disk is full');
    });
    await expect(world.drain(failing)).rejects.toThrow('the disk is full');
    expect(await world.queue('tutor').depth()).toMatchObject({ inFlight: 2 });
    expect(await world.entity('tutor', 't1')).toBeUndefined();
    world.now += 2 * 60_000;
    expect(kinds(await world.drain())).toEqual(['inserted', 'inserted']);
  });

  it('stores the neighbours of a record that the store refuses, when they come again', async () => {
    const refusing = world.disturbed((writes) => {
      if (writes.some(({ sort }) => sort === 't2')) throw new StorageError('no such document');
    });
    const deliveries = ['t1', 't2', 't3'].map((id) => ({
      kind: 'tutor',
      delivery: { id, body: JSON.stringify(messageOf(`m-${id}`, 'tutor', tutorRecord(id))), deliveries: 1 },
    }));
    const handle = batchHandler(refusing);
    await expect(handle(deliveries)).rejects.toThrow(StorageError);
    const again = deliveries.map(({ kind, delivery }) => ({
      kind,
      delivery: { ...delivery, deliveries: 2 },
    }));
    expect(kinds(await handle(again))).toEqual(['inserted', 'retry', 'inserted']);
    await expect(handle(again.slice(1, 2))).rejects.toThrow(StorageError);
  });
});
