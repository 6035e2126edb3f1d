import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { deadRecordsOf, purgeDead, readDeadEntries, redriveDead } from '../../../core/enrich/dead-records.ts';
import { rollback } from '../../../core/publish/decisions.ts';
import { forward, forwardAll } from '../../../core/publish-entities/forward.ts';
import { query } from '../../e2e/support/sql.ts';
import { diesBeforeWrite } from '../../e2e/support/watched-stores.ts';
import { found, lists } from './fed-source.ts';
import { DATE, FEED, SESSION, STUDENT, TUTOR, TutoringWorld } from './tutoring-world.ts';

const PLACE = { value: FEED, date: DATE };
const PEOPLE = [
  ['tutor', 't-1', TUTOR],
  ['student', 's-1', STUDENT],
] as const;
const SESSIONS = [['session', 'x-1', SESSION]] as const;

let world: TutoringWorld;
beforeEach(() => {
  world = new TutoringWorld({ sources: [lists] });
});
afterEach(() => world.close());

const rows = (sql: string) => query(world.platform, sql);
const due = async () => {
  let sum = 0;
  for (const { kind } of world.platform.enrichers)
    sum += (await world.platform.enrichmentQueue(kind).depth()).due;
  return sum;
};

describe('records of a scraped partition', () => {
  it('go on to be enriched, and lead back from the table to their page', async () => {
    const { version } = await found(world.platform, { people: PEOPLE, sessions: SESSIONS });
    expect((await forward(world.platform, lists, PLACE)).sent).toBe(3);
    await world.drain();
    await world.publish();
    expect(
      await rows('SELECT session_id, message_id, message_source, _source_url, _capture FROM sessions'),
    ).toEqual([
      {
        session_id: 'x-1',
        message_id: `${version}.2`,
        message_source: 'lists',
        _source_url: `https://lists.example/${DATE}/sessions`,
        _capture: 'captures/sessions#0',
      },
    ]);
    expect(await world.judged('sessions')).toMatchObject({ status: 'complete', found: 1 });
  });

  it('are sent once: again only those of items that changed', async () => {
    await found(world.platform, { people: PEOPLE, sessions: SESSIONS });
    await forward(world.platform, lists, PLACE);
    expect((await forward(world.platform, lists, PLACE)).sent).toBe(0);
    await found(world.platform, { people: PEOPLE, sessions: SESSIONS });
    expect((await forward(world.platform, lists, PLACE)).sent).toBe(0);
    await found(world.platform, {
      people: PEOPLE,
      sessions: [['session', 'x-1', { ...SESSION, subject: 'music' }]],
    });
    expect((await forward(world.platform, lists, PLACE)).sent).toBe(1);
  });

  it('are found by a later look where nobody sent them, a rollback among it', async () => {
    await found(world.platform, { people: PEOPLE });
    expect(await Array.fromAsync(forwardAll(world.platform))).toEqual([{ partition: PLACE, sent: 2 }]);
    expect(await Array.fromAsync(forwardAll(world.platform))).toEqual([]);
    await found(world.platform, {
      people: [...PEOPLE, ['student', 's-2', { ...STUDENT, student_id: 's-2' }]],
    });
    await Array.fromAsync(forwardAll(world.platform));
    await rollback(world.platform, lists, PLACE, { actor: 'somebody' });
    expect(await Array.fromAsync(forwardAll(world.platform))).toEqual([{ partition: PLACE, sent: 2 }]);
  });

  it('are all sent, and none is lost, whichever write the sender dies before', async () => {
    let write = 1;
    for (let isKilled = true; isKilled; write++) {
      await world.close();
      world = new TutoringWorld({ sources: [lists] });
      await found(world.platform, { people: PEOPLE, sessions: SESSIONS });
      isKilled = await diesBeforeWrite(world.platform, write, (mortal) => forward(mortal, lists, PLACE));
      await forward(world.platform, lists, PLACE);
      await world.drain();
      await world.publish();
      expect(await rows('SELECT session_id FROM sessions')).toEqual([{ session_id: 'x-1' }]);
      expect(await world.judged('sessions')).toMatchObject({ status: 'complete', found: 1 });
    }
    expect(write).toBeGreaterThan(4);
  });

  it('too large for any queue is a dead letter, and its neighbours go on', async () => {
    const huge = { ...STUDENT, student_id: 's-9', name: 'x'.repeat(300_000) };
    await found(world.platform, { people: [...PEOPLE, ['student', 's-9', huge]] });
    expect((await forward(world.platform, lists, PLACE)).sent).toBe(2);
    await world.drain();
    await world.publish();
    expect(await world.judged('students')).toMatchObject({ status: 'incomplete', found: 1, failed: 1 });
    expect(await Array.fromAsync(deadRecordsOf(world.platform.state, 'student'))).toMatchObject([
      { about: { feed: FEED, date: DATE, key: 's-9' } },
    ]);
  });

  it('too large for any queue keeps the date of its own from being complete', async () => {
    const huge = { ...SESSION, scheduled_start: '2026-11-18T09:00:00Z', subject: 'x'.repeat(300_000) };
    await found(world.platform, { people: PEOPLE, sessions: [['session', 'x-1', huge]] });
    await forward(world.platform, lists, PLACE);
    expect(await Array.fromAsync(deadRecordsOf(world.platform.state, 'session'))).toMatchObject([
      { about: { feed: FEED, date: '2026-11-18', key: 'x-1' } },
    ]);
  });
});

describe('a date of a table of entities that a source feeds', () => {
  it('is missing where the source was never scraped', async () => {
    expect(await world.judged('sessions')).toMatchObject({
      status: 'missing',
      reason: 'lists/north/2026-11-17 is missing (never scraped: no run has covered the date)',
    });
  });

  it('is not complete while its records are on their way, and is when they are handled', async () => {
    await found(world.platform, { people: PEOPLE, sessions: SESSIONS });
    await forward(world.platform, lists, PLACE);
    await world.publish();
    expect(await world.judged('sessions')).toMatchObject({
      status: 'incomplete',
      reason: '1 record forwarded and not enriched yet',
    });
    expect(await due()).toBe(3);
    await world.drain();
    expect(await world.judged('sessions')).toMatchObject({ reason: '1 change not published yet' });
    await world.publish();
    expect(await world.judged('sessions')).toMatchObject({ status: 'complete', found: 1 });
  });

  it('is not complete while a dead letter of it is on its way again', async () => {
    const bad = { ...SESSION, session_id: 'x-2', subject: null };
    await found(world.platform, { people: PEOPLE, sessions: [...SESSIONS, ['session', 'x-2', bad]] });
    await forward(world.platform, lists, PLACE);
    await world.drain();
    await world.publish();
    expect(await world.judged('sessions')).toMatchObject({ status: 'incomplete', failed: 1 });
    await redriveDead(world.platform, await readDeadEntries(world.platform, ['session']));
    await world.publish();
    expect(await world.judged('sessions')).toMatchObject({
      status: 'incomplete',
      reason: '1 record forwarded and not enriched yet',
    });
    await world.drain();
    await world.publish();
    expect((await world.judged('sessions')).reason).toContain('1 record parked or dead');
  });

  it('waits no more for a message that was purged', async () => {
    await found(world.platform, { people: PEOPLE, sessions: SESSIONS });
    await forward(world.platform, lists, PLACE);
    const queue = world.platform.enrichmentQueue('session');
    const [delivery] = await queue.receive({ max: 1, visibilityMs: 1 });
    await queue.deadLetter(delivery!, 'its deliveries were used up');
    await world.drain();
    await world.publish();
    expect((await world.judged('sessions')).reason).toBe('1 record forwarded and not enriched yet');
    await purgeDead(world.platform, await readDeadEntries(world.platform, ['session']));
    expect((await world.judged('sessions')).reason).not.toContain('forwarded and not enriched');
  });

  it('is empty where the source lists nothing', async () => {
    await found(world.platform, {});
    await forward(world.platform, lists, PLACE);
    await world.publish();
    expect(await world.judged('sessions')).toMatchObject({
      status: 'empty',
      reason: 'lists/north/2026-11-17 lists none',
    });
    expect(await rows('SELECT * FROM sessions')).toEqual([]);
  });

  it('is no better than that of the source', async () => {
    await found(world.platform, { people: PEOPLE, sessions: SESSIONS, others: 'failed' });
    await forward(world.platform, lists, PLACE);
    await world.drain();
    await world.publish();
    expect(await world.judged('sessions')).toMatchObject({
      status: 'incomplete',
      reason: 'lists/north/2026-11-17 is incomplete (1 item failed)',
    });
  });

  it('is open while the day of the source is', async () => {
    const today = civilDate('2026-11-22');
    const session = { ...SESSION, scheduled_start: '2026-11-22T09:00:00Z' };
    await found(world.platform, { people: PEOPLE, sessions: [['session', 'x-1', session]] }, today);
    await forward(world.platform, lists, { value: FEED, date: today });
    await world.drain();
    await world.publish();
    expect(await world.judged('sessions', today)).toMatchObject({ status: 'open', found: 1 });
    // Nothing of it changes any more: it is the source that says when it is whole.
    world.now += 86_400_000;
    expect((await world.judged('sessions', today)).status).toBe('open');
    await found(world.platform, { people: PEOPLE, sessions: [['session', 'x-1', session]] }, today);
    expect(await world.judged('sessions', today)).toMatchObject({ status: 'complete', reason: null });
  });
});

describe('v_completeness', () => {
  const statusOf = async (date = DATE) =>
    (
      await rows(
        `SELECT standing FROM v_completeness WHERE source = 'sessions' AND partition_date = DATE '${date}'`,
      )
    )[0]?.standing;

  it('agrees with the command, as far as commits tell', async () => {
    const steps: [string, () => Promise<unknown>][] = [
      ['incomplete', () => found(world.platform, { people: PEOPLE, sessions: SESSIONS, others: 'failed' })],
      ['complete', () => found(world.platform, { people: PEOPLE, sessions: SESSIONS })],
      [
        'incomplete',
        () => world.handle('session', [{ record: { ...SESSION, session_id: 'x-7', tutor_id: 't-7' } }]),
      ],
      ['complete', () => world.bring('tutor', { record: { ...TUTOR, tutor_id: 't-7' } })],
    ];
    for (const [expected, step] of steps) {
      await step();
      await forward(world.platform, lists, PLACE);
      await world.drain();
      await world.publish();
      expect((await world.judged('sessions')).status).toBe(expected);
      expect(await statusOf()).toBe(expected);
    }
    // Of a date to come the source lists nothing yet.
    const ahead = civilDate('2026-11-29');
    await world.bring('session', {
      record: { ...SESSION, session_id: 'x-8', scheduled_start: '2026-11-29' },
    });
    await world.publish();
    expect([(await world.judged('sessions', ahead)).status, await statusOf(ahead)]).toEqual(['open', 'open']);
    // Of this one it never said anything, though it has the feed.
    const before = civilDate('2026-11-10');
    await world.bring('session', {
      record: { ...SESSION, session_id: 'x-9', scheduled_start: '2026-11-10' },
    });
    await world.publish();
    expect([(await world.judged('sessions', before)).status, await statusOf(before)]).toEqual([
      'incomplete',
      'incomplete',
    ]);
  });
});
