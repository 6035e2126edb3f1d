import { afterEach, describe, expect, it } from 'vitest';
import type { FailureState } from '../../../core/failures/failure.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import { encodeFailedItem } from '../../../core/failures/message.ts';
import { sendLostAgain } from '../../../core/failures/queue-failures.ts';
import { planRedrive, purgeDeadLetters, readDeadLetters, redrive } from '../../../core/retry/dead-letters.ts';
import { planRetry } from '../../../core/retry/retry-failures.ts';
import type { Fault } from '../../../demo/faults.ts';
import { asked, faults, flag, raceId, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import {
  COOL_DOWN_MINUTES,
  IN_A_RUN,
  killedBefore,
  kindsOf,
  MINUTE,
  messageAbout,
  queuePlay,
} from '../../e2e/support/retry-play.ts';
import type { Session, SessionOptions } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

/** The requests of a run, and one for each of the three retries. */
const UNTIL_DEAD = IN_A_RUN + 3;

let session: Session;
afterEach(() => session.close());
const {
  wait,
  drain,
  waitAndDrain,
  depth,
  deadLetters,
  moveBack,
  redrive: redriveAll,
  failure,
} = queuePlay(() => session);

const entries = () => readDeadLetters(session.platform);

/** A session in which these races are dead: they fail for so many requests. */
async function withDead(
  races: readonly number[],
  { times, fault = status(500), ...options }: SessionOptions & { times?: number; fault?: Fault } = {},
): Promise<void> {
  session = await sessionWith(faults(...races.map((race) => rule(race, fault, times))), options);
  await session.run({ targets: ['gb'] });
  await waitAndDrain(3);
}
const keyOfRace = (race: number) => ({
  source: 'racing',
  partition: { value: 'gb', date: DAY },
  item: raceId(session, race),
});
const nameOfRace = (race: number) => `racing/gb/${DAY}/${raceId(session, race)}`;
const states = async (race: number): Promise<FailureState[]> =>
  (await failure(race)).transitions.map(({ state }) => state);

/** A message among the dead letters. The queue holds nothing else that is due. */
async function deadLetter(body: string, reason: string): Promise<void> {
  const { failedItems } = session.platform;
  await failedItems.send([{ body, delayMs: 0 }]);
  const [delivery] = await failedItems.receive({ max: 1, visibilityMs: 1000 });
  await failedItems.deadLetter(delivery!, reason);
}
const forget = async () => session.platform.failedItems.purge(await deadLetters());

describe('a dead letter', () => {
  it('is a failure that is dead, with the alarm that was raised about it', async () => {
    await withDead([0]);
    expect(await entries()).toMatchObject([
      {
        id: nameOfRace(0),
        status: 'dead',
        obstacle: null,
        key: keyOfRace(0),
        failure: { state: 'dead', code: 'SERVER_ERROR' },
        reason: expect.stringMatching(/^3 retries failed, the last with SERVER_ERROR/),
        next: [{ command: `rescrape dead-letters redrive ${nameOfRace(0)}` }],
        messages: [{ body: encodeFailedItem(keyOfRace(0)) }],
      },
    ]);
  });

  it('is one whatever the dead-letter queue holds: nothing, or copies', async () => {
    await withDead([0, 1]);
    await forget();
    await deadLetter(encodeFailedItem(keyOfRace(1)), 'a copy');
    await deadLetter(
      messageAbout({ version: 1, target: 'gb', value: undefined, item: raceId(session, 1), redrives: 3 }),
      'an older copy',
    );
    const found = await entries();
    expect(found.map(({ id }) => id).toSorted()).toEqual([nameOfRace(0), nameOfRace(1)].toSorted());
    await redriveAll();
    const { due, delayed, dead } = await depth();
    expect({ messages: due + delayed, dead }).toEqual({ messages: 2, dead: 0 });
    expect(await entries()).toEqual([]);
  });

  it('is none any more once a run has brought its item: what the alarm left is stale', async () => {
    await withDead([0], { times: UNTIL_DEAD });
    await session.run({ targets: ['gb'] });
    expect(await entries()).toMatchObject([{ status: 'stale', obstacle: 'it is recovered' }]);
    const { redrives, left } = await redriveAll();
    expect(redrives).toEqual([]);
    expect(left).toMatchObject([{ why: 'it is recovered' }]);
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
  });

  it('is none while its item is queued again: a late copy among the dead letters is stale', async () => {
    await withDead([0]);
    await redriveAll();
    await wait(1);
    const { failedItems } = session.platform;
    const [delivery] = await failedItems.receive({ max: 1, visibilityMs: MINUTE });
    await failedItems.deadLetter(delivery!, 'somebody else');
    expect(await entries()).toMatchObject([{ status: 'stale', obstacle: 'it is queued' }]);
    expect((await redriveAll()).redrives).toEqual([]);
  });

  it.each([
    ['what is no JSON', 'hello', 'the message is no JSON'],
    ['an unknown source', { source: 'nowhere' }, 'there is no source nowhere'],
    ['an unknown target', { value: 'mars' }, 'source racing has no target mars'],
    ['another version', { version: 3 }, /version 1 or 2: version/],
  ])('is poison where nobody can act upon it, and is left where it is: %s', async (_, body, why) => {
    await withDead([0]);
    await redriveAll();
    await wait(1);
    await drain();
    await deadLetter(typeof body === 'string' ? body : messageAbout(body), 'poison');
    const obstacle = typeof why === 'string' ? why : expect.stringMatching(why);
    expect(await entries()).toMatchObject([{ status: 'poison', obstacle }]);
    expect((await redriveAll()).left).toMatchObject([{ why: obstacle }]);
    expect((await depth()).dead).toBe(1);
  });

  it('of a flagged target is left where it is: a try would only take it off the queue', async () => {
    await withDead([0]);
    await flag(session, 'gb', 'down until Monday');
    expect((await redriveAll()).left).toMatchObject([{ why: 'its target is flagged: down until Monday' }]);
    expect((await failure(0)).state).toBe('dead');
  });

  it('of a target whose flag has expired may be put back, or tried: that try is the probe', async () => {
    await withDead([0]);
    await flag(session, 'gb', 'down for an hour', 60);
    expect(await entries()).toMatchObject([{ obstacle: 'its target is flagged: down for an hour' }]);
    await wait(60);
    expect(await entries()).toMatchObject([{ obstacle: null }]);
    const dead = await failure(0);
    expect(await planRetry(session.platform, [dead], false)).toEqual({ tried: [dead], left: [] });
    expect((await redriveAll()).left).toEqual([]);
    expect((await failure(0)).state).toBe('queued');
  });

  it('of an item that has met a wall since is left where it is: the one-attempt rule', async () => {
    await withDead([0]);
    const failures = new FailureStore(session.platform.state);
    await failures.change(keyOfRace(0), (before) => before && { ...before, code: 'BLOCKED' });
    expect((await redriveAll()).left).toMatchObject([{ why: 'BLOCKED is not tried again by itself' }]);
  });

  it('of the version before is read: what its failure said of its message is left out', async () => {
    await withDead([0]);
    const { source, partition, item } = keyOfRace(0);
    const place = [`failures#${source}`, `${partition.value}#${partition.date}#${item}`] as const;
    const { value } = (await session.platform.state.get(...place))!;
    const { retry, ...rest } = value as { retry: object };
    const old = { ...rest, retry: { ...retry, redrives: 2, unburied: true } };
    await session.platform.state.write([{ kind: 'put', partition: place[0], sort: place[1], value: old }]);
    expect(await entries()).toMatchObject([{ status: 'dead', obstacle: null }]);
    await redriveAll();
    expect((await failure(0)).retry).toEqual({
      sentAt: expect.any(Number),
      dueAt: expect.any(Number),
      tries: 0,
      deadAt: null,
    });
  });
});

describe('a redrive', () => {
  it('gives the item all its tries again, and names who did it', async () => {
    await withDead([0], { times: UNTIL_DEAD + 2 });
    await redriveAll();
    expect(await failure(0)).toMatchObject({ state: 'queued', retry: { tries: 0, deadAt: null } });
    expect((await failure(0)).transitions.at(-1)).toMatchObject({
      by: 'ada',
      why: 'put back from the dead letters',
    });
    expect(await depth()).toEqual({ due: 1, delayed: 0, inFlight: 0, dead: 0 });
    const answers = [...(await drain()), ...(await waitAndDrain(2))];
    expect(kindsOf(answers)).toEqual(['failed-again', 'failed-again', 'recovered']);
    expect(await states(0)).toEqual(['open', 'queued', 'dead', 'queued', 'recovered']);
  });

  it('of an item that dies again can be made once more', async () => {
    await withDead([0], { times: UNTIL_DEAD + 3 });
    await redriveAll();
    await drain();
    await waitAndDrain(2);
    await wait(COOL_DOWN_MINUTES);
    expect(await entries()).toMatchObject([{ status: 'dead', messages: [{}] }]);
    await redriveAll();
    expect(kindsOf(await drain())).toEqual(['recovered']);
  });

  it('asks the site no faster than a run does, and says how long that takes', async () => {
    await withDead([0, 1, 2], { env: { RESCRAPE_RACING_MIN_DELAY_MS: '60000' } });
    const before = asked(session, 0, 1, 2);
    const { redrives, paces } = await redriveAll();
    expect(paces).toEqual([{ source: 'racing', items: 3, minDelayMs: 60_000, seconds: 180 }]);
    expect(redrives.map(({ dueAt }) => dueAt - redrives[0]!.dueAt)).toEqual([0, 60_000, 120_000]);
    const dueAt = await Promise.all([0, 1, 2].map(async (race) => (await failure(race)).retry!.dueAt));
    expect(dueAt.toSorted()).toEqual(redrives.map((each) => each.dueAt));
    expect(await depth()).toMatchObject({ due: 1, delayed: 2 });
    expect(asked(session, 0, 1, 2)).toEqual(before);
  });

  it('keeps to the due time of the failure where the queue hands its message over before it', async () => {
    await withDead([0, 1], { env: { RESCRAPE_RACING_MIN_DELAY_MS: '1800000' } });
    const [, second] = planRedrive(session.platform, await entries()).redrives;
    await redrive(session.platform, { redrives: [second!] }, 'ada');
    // SQS delays by 15 minutes at most: this one comes too early.
    await session.platform.failedItems.send([{ body: encodeFailedItem(second!.entry.key!), delayMs: 0 }]);
    const [answer] = await drain();
    if (answer?.kind !== 'not-yet') throw new Error(`it is ${answer?.kind}`);
    expect(answer.delayMs).toBeGreaterThan(29 * MINUTE);
  });

  it('that crashed before its messages were sent loses nothing: they are sent an hour later', async () => {
    await withDead([0, 1], { times: UNTIL_DEAD });
    const { failedItems } = session.platform;
    const send = failedItems.send.bind(failedItems);
    failedItems.send = async () => {
      throw new Error('killed');
    };
    await expect(redriveAll()).rejects.toThrow('killed');
    failedItems.send = send;
    expect([(await failure(0)).state, (await failure(1)).state]).toEqual(['queued', 'queued']);
    // The same again finds nothing dead, and what the alarms left is stale.
    expect((await redriveAll()).redrives).toEqual([]);
    expect(await drain()).toEqual([]);
    await wait(61);
    expect(await sendLostAgain(session.platform, 'racing')).toBe(2);
    expect(kindsOf(await drain())).toEqual(['recovered', 'recovered']);
    expect(await states(1)).toEqual(['open', 'queued', 'dead', 'queued', 'recovered']);
  });

  it('that crashed in the midst goes on when it is given again', async () => {
    await withDead([0, 1], { times: UNTIL_DEAD });
    let written = 0;
    session.onWrite = ({ name }) => {
      if (/^failures#/.test(name) && ++written === 2) throw new Error('killed');
    };
    await expect(redriveAll()).rejects.toThrow('killed');
    session.onWrite = () => {};
    expect((await redriveAll()).redrives).toHaveLength(1);
    await wait(61);
    await sendLostAgain(session.platform, 'racing');
    await drain();
    expect([(await failure(0)).state, (await failure(1)).state]).toEqual(['recovered', 'recovered']);
  });

  it('of what a run has recovered since it was planned changes nothing', async () => {
    await withDead([0], { times: UNTIL_DEAD });
    const plan = planRedrive(session.platform, await entries());
    await session.run({ targets: ['gb'] });
    expect(await redrive(session.platform, plan, 'ada')).toBe(0);
    expect(await states(0)).toEqual(['open', 'queued', 'dead', 'recovered']);
    expect(await depth()).toMatchObject({ due: 0, delayed: 0 });
  });

  it('that a worker was faster than changes nothing of what the worker noted', async () => {
    await withDead([0], { times: UNTIL_DEAD });
    const { failedItems } = session.platform;
    const send = failedItems.send.bind(failedItems);
    failedItems.send = async (messages) => {
      await send(messages);
      expect(kindsOf(await drain())).toEqual(['recovered']);
    };
    await redriveAll();
    expect((await failure(0)).state).toBe('recovered');
    expect(await states(0)).toEqual(['open', 'queued', 'dead', 'queued', 'recovered']);
  });

  it('by the console of AWS asks the site for nothing: the failure decides, and the alarm comes back', async () => {
    await withDead([0], { times: UNTIL_DEAD });
    await moveBack();
    expect(kindsOf(await drain())).toEqual(['dead']);
    expect(asked(session, 0)).toEqual([UNTIL_DEAD]);
    expect(await entries()).toMatchObject([{ status: 'dead', messages: [{}] }]);
    await redriveAll();
    expect(kindsOf(await drain())).toEqual(['recovered']);
  });
});

describe('a purge', () => {
  it('deletes the alarms and dismisses what is still dead, in the name of a person', async () => {
    await withDead([0, 1]);
    expect(await purgeDeadLetters(session.platform, await entries(), 'ada')).toEqual({
      entries: 2,
      dismissed: 2,
    });
    expect(await failure(0)).toMatchObject({ state: 'dismissed', closedBy: 'ada' });
    expect((await failure(0)).transitions.at(-1)!.why).toBe('its dead letter was purged');
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
    expect(await entries()).toEqual([]);
  });

  it('leaves a failure alone that a run has recovered meanwhile', async () => {
    await withDead([0], { times: UNTIL_DEAD });
    const seen = await entries();
    await session.run({ targets: ['gb'] });
    expect(await purgeDeadLetters(session.platform, seen, 'ada')).toEqual({ entries: 1, dismissed: 0 });
    expect((await failure(0)).state).toBe('recovered');
  });

  it('of a message that the queue gave up on leaves its item queued: it is tried again by itself', async () => {
    session = await sessionWith(faults(rule(0, status(500), IN_A_RUN)));
    await session.run({ targets: ['gb'] });
    await wait(COOL_DOWN_MINUTES);
    const { failedItems } = session.platform;
    while ((await failedItems.receive({ max: 1, visibilityMs: 0 })).length > 0);
    expect(await entries()).toMatchObject([
      { status: 'stale', obstacle: 'it is queued', reason: 'its deliveries were used up' },
    ]);
    expect(await purgeDeadLetters(session.platform, await entries(), 'ada')).toEqual({
      entries: 1,
      dismissed: 0,
    });
    expect((await failure(0)).state).toBe('queued');
    await wait(61);
    await sendLostAgain(session.platform, 'racing');
    expect(kindsOf(await drain())).toEqual(['recovered']);
  });

  it('that dies half-way goes on when it is given again', async () => {
    await withDead([0]);
    const all = await entries();
    await killedBefore(session, /^failures#/, () => purgeDeadLetters(session.platform, all, 'ada'));
    expect(await purgeDeadLetters(session.platform, await entries(), 'ada')).toMatchObject({ dismissed: 1 });
  });
});
