import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { purgeDead, readDeadEntries } from '../../../core/enrich/dead-records.ts';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import { expireParked } from '../../../core/enrich/expire-parked.ts';
import { partitionLogs, readCommits } from '../../../core/lake/partition-log.ts';
import { query } from '../../e2e/support/sql.ts';
import { watchedPlatform } from '../../e2e/support/watched-stores.ts';
import { DATE, FEED, NOON, SESSION, STUDENT, TUTOR, TutoringWorld } from './tutoring-world.ts';

let world: TutoringWorld;
beforeEach(() => {
  world = new TutoringWorld();
});
afterEach(() => world.close());

const rows = (sql: string) => query(world.platform, sql);

/** Every object of the lake, with its size. */
async function lakePicture(): Promise<string[]> {
  const found: string[] = [];
  const { lake } = world.platform;
  for await (const { key } of lake.list('')) found.push(`${key} ${(await lake.head(key))?.size}`);
  return found;
}

describe('publishing of entities', () => {
  it('makes a row of each entity, field by field, with a way back to its message and its page', async () => {
    const origin = {
      run_id: '019a0000-0000-7000-8000-000000000000',
      url: 'https://api.tutoring.example/north/2026-11-17/sessions',
      scraped_at: '2026-11-18T00:31:00.000Z',
      capture: 'captures/tutoring/x.warc.gz#17',
    };
    await world.bring('tutor', { record: { ...TUTOR, shoe_size: 43, likes: ['tea'] }, id: 'm-tutor' });
    await world.bring('student', { record: STUDENT });
    await world.bring('session', { record: SESSION, id: 'm-session', origin });
    await world.publish();

    expect(await rows('SELECT * FROM sessions')).toEqual([
      {
        session_id: 'x-1',
        tutor_id: 't-1',
        student_id: 's-1',
        scheduled_start: '2026-11-17T23:30:00-05:00',
        scheduled_start_utc: '2026-11-18T04:30:00.000Z',
        duration_minutes: 45,
        subject: 'algebra',
        session_number: null,
        actual_start: null,
        actual_start_utc: null,
        actual_end: null,
        actual_end_utc: null,
        session_type: null,
        tutor_initiated_reschedule: null,
        no_show: false,
        late_start_minutes: null,
        engagement_score: null,
        learning_objectives_met: null,
        technical_issues: null,
        updated_at: null,
        updated_at_utc: null,
        extra: null,
        is_weekend: false,
        time_of_day: 'night',
        week_of_year: 47,
        month_of_year: 11,
        is_late_start: false,
        actual_duration_minutes: null,
        message_id: 'm-session',
        message_source: 'test',
        enriched_at: '2026-11-22T12:00:00.000Z',
        _run_id: origin.run_id,
        _source_url: origin.url,
        _scraped_at: origin.scraped_at,
        _committed_at: '2026-11-22T12:00:00.000Z',
        _capture: origin.capture,
        feed: FEED,
        date: DATE,
      },
    ]);
    const [tutor] = await rows('SELECT * FROM tutors');
    expect(tutor).toMatchObject({
      subjects: '["algebra","physics"]',
      extra: '{"shoe_size":43,"likes":["tea"]}',
      updated_at: '2026-11-17T08:00:00+01:00',
      updated_at_utc: '2026-11-17T07:00:00.000Z',
      tenure_days: 660,
      experience_level: 'senior',
      _run_id: 'm-tutor',
      _source_url: 'urn:rescrape:message:m-tutor',
      _capture: null,
    });
    const stored = await new EntityStore(world.platform.state).get({ kind: 'tutor', key: 't-1' });
    for (const [name, value] of Object.entries(stored!.derived)) expect(tutor![name]).toEqual(value);
  });

  it('writes nothing, no file and no commit, where nothing changed since', async () => {
    await world.bring('tutor', { record: TUTOR });
    await world.publish();
    await world.handle('tutor', [{ record: TUTOR, id: 'm-again' }]);
    const before = await lakePicture();
    const writes: string[] = [];
    const watched = watchedPlatform(world.platform, ({ name }) => void writes.push(name));
    const publication = await world.publish({}, watched);
    expect(publication.partitions).toEqual([]);
    expect(writes).toEqual([]);
    expect(await lakePicture()).toEqual(before);
  });

  it('moves a rescheduled session from one date to the other', async () => {
    await world.bring('tutor', { record: TUTOR });
    await world.bring('student', { record: STUDENT });
    await world.bring('session', { record: SESSION });
    await world.publish();
    await world.bring('session', {
      record: { ...SESSION, scheduled_start: '2026-11-19 10:00:00' },
      sentAt: NOON + 1,
    });
    await world.publish();
    expect(await rows('SELECT session_id, date FROM sessions')).toEqual([
      { session_id: 'x-1', date: '2026-11-19' },
    ]);
    expect(await world.judged('sessions')).toMatchObject({
      status: 'empty',
      reason: '1 entity moved to other dates or deleted, and no other',
    });
    expect(await world.judged('sessions', civilDate('2026-11-19'))).toMatchObject({
      status: 'complete',
      found: 1,
    });
  });

  it('takes a deleted entity out of its table', async () => {
    await world.bring('student', { record: STUDENT });
    await world.bring('student', { record: { student_id: 's-2', name: 'Cy' } });
    await world.publish();
    await new EntityStore(world.platform.state).delete({ kind: 'student', key: 's-2' });
    await world.publish();
    expect(await rows('SELECT student_id FROM students')).toEqual([{ student_id: 's-1' }]);
    expect(await world.judged('students')).toMatchObject({ status: 'complete', found: 1 });
  });

  it('keeps a row of a tutor for each day of a snapshot', async () => {
    const days = ['2026-11-15', '2026-11-16', '2026-11-17'].map(civilDate);
    for (const [at, date] of days.entries())
      await world.bring('tutor', {
        record: { ...TUTOR, status: `day-${at}`, updated_at: `${date}T01:00:00Z` },
        date,
      });
    await world.publish();
    expect(await rows('SELECT date, status FROM tutors ORDER BY date')).toEqual(
      days.map((date, at) => ({ date, status: `day-${at}` })),
    );
    // The entity goes on, and an old day is told anew.
    await new EntityStore(world.platform.state).delete({ kind: 'tutor', key: 't-1' });
    await world.publish();
    expect(await rows('SELECT date FROM tutors ORDER BY date')).toHaveLength(2);
  });

  it('tells of a parked record, and heals when what it waited for has come', async () => {
    expect(await world.bring('session', { record: SESSION })).toBe('parked');
    expect(await world.judged('sessions')).toMatchObject({
      status: 'missing',
      reason: '1 change not published yet',
    });
    await world.publish();
    expect(await world.judged('sessions')).toMatchObject({
      status: 'incomplete',
      reason: '1 record parked or dead',
      found: 0,
      failed: 1,
    });
    // Another session of the date does not make anybody forget it.
    await world.bring('tutor', { record: { ...TUTOR, tutor_id: 't-2' } });
    await world.bring('student', { record: { ...STUDENT, student_id: 's-2' } });
    await world.bring('session', {
      record: { ...SESSION, session_id: 'x-2', tutor_id: 't-2', student_id: 's-2' },
    });
    await world.publish();
    expect(await world.judged('sessions')).toMatchObject({ status: 'incomplete', found: 1, failed: 1 });

    await world.bring('tutor', { record: TUTOR });
    await world.bring('student', { record: STUDENT });
    expect((await world.judged('sessions')).reason).toBe(
      '1 record parked or dead; 1 change not published yet',
    );
    await world.publish();
    expect(await world.judged('sessions')).toEqual({ status: 'complete', reason: null, found: 2, failed: 0 });
    expect(await rows('SELECT count(*) AS n FROM sessions')).toEqual([{ n: 2 }]);
  });

  it('carries over the rows of an entity whose newest record is parked, also rows that were never published', async () => {
    await world.bring('tutor', { record: TUTOR });
    await world.bring('student', { record: STUDENT });
    await world.bring('session', { record: SESSION });
    await world.bring('session', { record: { ...SESSION, tutor_id: 't-9', subject: 'x' }, sentAt: NOON + 1 });
    await world.publish();
    expect(await rows('SELECT tutor_id FROM sessions')).toEqual([{ tutor_id: 't-1' }]);
    expect(await world.judged('sessions')).toMatchObject({ status: 'incomplete', failed: 1 });
  });

  describe('a record that was parked and overtaken by a newer one', () => {
    const later = civilDate('2026-11-19');
    const ofLater = { scheduled_start: '2026-11-19T10:00:00Z' };
    const parents = async () => {
      await world.bring('tutor', { record: TUTOR });
      await world.bring('student', { record: STUDENT });
    };
    const park = async (more: object) => {
      const record = { ...SESSION, tutor_id: 't-9', ...more };
      expect(await world.bring('session', { record, sentAt: NOON + 1 })).toBe('parked');
      await world.publish();
    };
    const overtake = async () => {
      await world.bring('session', { record: { ...SESSION, subject: 'x' }, sentAt: NOON + 2 });
      await world.publish();
    };
    const whole = { status: 'complete', found: 1, failed: 0 };

    it('does not make its date incomplete any more', async () => {
      await parents();
      await park({});
      expect(await world.judged('sessions')).toMatchObject({ status: 'incomplete', failed: 1 });
      await overtake();
      expect(await world.judged('sessions')).toMatchObject(whole);
    });

    it.each([
      [
        'when what it waited for comes',
        () => world.bring('tutor', { record: { ...TUTOR, tutor_id: 't-9' } }),
      ],
      [
        'when its time is over',
        () => {
          world.now += 8 * 86_400_000;
          return expireParked(world.platform);
        },
      ],
    ])('leaves another date %s', async (_, go) => {
      await parents();
      await park(ofLater);
      await overtake();
      expect(await world.judged('sessions', later)).toMatchObject({ failed: 1 });
      await go();
      await world.publish();
      expect(await world.judged('sessions')).toMatchObject(whole);
      expect(await world.judged('sessions', later)).toMatchObject({ status: 'empty', failed: 0 });
    });

    it('leaves another date when its successor is derived anew', async () => {
      const feedback = {
        feedback_id: 'f-1',
        session_id: 'x-1',
        student_id: 's-1',
        tutor_id: 't-1',
        overall_rating: 4,
        submitted_at: '2026-11-18T10:00:00Z',
      };
      const date = civilDate('2026-11-18');
      await parents();
      await world.bring('session', { record: SESSION });
      const ofNobody = { ...feedback, tutor_id: 't-9', submitted_at: '2026-11-19T10:00:00Z' };
      expect(await world.bring('feedback', { record: ofNobody, sentAt: NOON + 1 })).toBe('parked');
      await world.publish();
      await world.bring('feedback', { record: feedback, sentAt: NOON + 2 });
      await world.publish();
      expect(await world.judged('feedback', later)).toMatchObject({ failed: 1 });
      const moved = { ...SESSION, scheduled_start: '2026-11-17T20:30:00-05:00' };
      await world.bring('session', { record: moved, sentAt: NOON + 3 });
      await world.publish();
      expect(await world.judged('feedback', date)).toMatchObject(whole);
      expect(await world.judged('feedback', later)).toMatchObject({ status: 'empty', failed: 0 });
    });

    it('leaves another date where the newer one is parked as well', async () => {
      await park(ofLater);
      await world.bring('session', { record: SESSION, sentAt: NOON + 2 });
      await world.publish();
      expect(await world.judged('sessions', later)).toMatchObject({ status: 'empty', failed: 0 });
      expect(await world.judged('sessions')).toMatchObject({ failed: 1 });
      await parents();
      await world.publish();
      expect(await world.judged('sessions')).toMatchObject(whole);
    });
  });

  it('tells of a dead record', async () => {
    await world.bring('student', { record: STUDENT });
    expect(await world.bring('student', { record: { student_id: 's-2', name: null } })).toBe('dead');
    await world.publish();
    expect(await world.judged('students')).toMatchObject({ status: 'incomplete', found: 1, failed: 1 });
    await world.bring('student', { record: { student_id: 's-2', name: 'Cy' } });
    await world.publish();
    expect(await world.judged('students')).toMatchObject({ status: 'complete', found: 2, failed: 0 });
  });

  describe('a dead record that is newer than what is stored', () => {
    const parents = async () => {
      await world.bring('tutor', { record: TUTOR });
      await world.bring('student', { record: STUDENT });
    };
    const lacking = { status: 'incomplete', failed: 1 };

    it('is not forgotten when the older one comes behind it', async () => {
      await parents();
      await world.bring('session', { record: { ...SESSION, subject: null }, sentAt: NOON + 1 });
      await world.bring('session', { record: SESSION });
      await world.publish();
      expect(await rows('SELECT subject FROM sessions')).toEqual([{ subject: 'algebra' }]);
      expect(await world.judged('sessions')).toMatchObject(lacking);
      await purgeDead(world.platform, await readDeadEntries(world.platform, ['session']));
      await world.publish();
      expect(await world.judged('sessions')).toMatchObject({ status: 'complete', failed: 0 });
    });

    it('is not forgotten when the older one is derived anew', async () => {
      const feedback = {
        ...{ feedback_id: 'f-1', session_id: 'x-1', student_id: 's-1', tutor_id: 't-1' },
        ...{ overall_rating: 4, submitted_at: '2026-11-17T10:00:00Z' },
      };
      await parents();
      await world.bring('session', { record: SESSION });
      await world.bring('feedback', { record: feedback });
      await world.bring('feedback', { record: { ...feedback, overall_rating: 'five' }, sentAt: NOON + 1 });
      await world.publish();
      expect(await world.judged('feedback')).toMatchObject(lacking);
      await world.bring('session', { record: { ...SESSION, scheduled_start: DATE }, sentAt: NOON + 2 });
      await world.publish();
      expect(await rows('SELECT feedback_delay_hours FROM feedback')).toEqual([{ feedback_delay_hours: 10 }]);
      expect(await world.judged('feedback')).toMatchObject(lacking);
    });

    it('lacks in the snapshot of its day, however new that of the next day is', async () => {
      await world.bring('tutor', { record: { ...TUTOR, name: null } });
      await world.publish();
      await world.bring('tutor', { record: TUTOR, date: civilDate('2026-11-18'), sentAt: NOON + 1 });
      await world.bring('tutor', { record: { ...TUTOR, tutor_id: 't-2' } });
      await world.bring('tutor', { record: { ...TUTOR, name: 7 }, sentAt: NOON - 1 });
      await world.publish();
      expect(await world.judged('tutors')).toMatchObject({ ...lacking, found: 1 });
    });
  });

  it('is on record in commits and partitions like a run', async () => {
    await world.bring('student', { record: STUDENT });
    const { runId } = await world.publish();
    const [commit] = await readCommits(world.platform.lake, world.source('students'), {
      value: FEED,
      date: DATE,
    });
    expect(commit).toMatchObject({
      run_id: runId,
      actor: 'publication',
      status: 'committed',
      items_found: 1,
    });
    expect(await rows('SELECT run_id, actor, source FROM commits')).toEqual([
      { run_id: runId, actor: 'publication', source: 'students' },
    ]);
    expect(
      await partitionLogs(world.platform.lake, 'commits', world.source('students'), {
        value: FEED,
        date: DATE,
      }),
    ).toHaveLength(1);
  });
});
