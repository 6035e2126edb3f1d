import { afterEach, describe, expect, it } from 'vitest';
import type { FailureState } from '../../../core/failures/failure.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import type { FailedItemMessage } from '../../../core/failures/message.ts';
import { noteRedriven } from '../../../core/failures/settle.ts';
import { purgeLetters, readDeadLetters } from '../../../core/retry/dead-letters.ts';
import { planRedrive, redrive } from '../../../core/retry/redrive.ts';
import type { Fault } from '../../../demo/faults.ts';
import { asked, faults, flag, raceId, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import {
  COOL_DOWN_MINUTES,
  IN_A_RUN,
  killedBefore,
  kindsOf,
  MINUTE,
  queuePlay,
} from '../../e2e/support/retry-play.ts';
import type { Session, SessionOptions } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

/** The requests of a run, and one for each of the three retries. */
const UNTIL_DEAD = IN_A_RUN + 3;

let session: Session;
afterEach(() => session.close());
const { wait, drain, waitAndDrain, depth, failure } = queuePlay(() => session);

const letters = () => readDeadLetters(session.platform);

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
const states = async (race: number): Promise<FailureState[]> =>
  (await failure(race)).transitions.map(({ state }) => state);

async function redriveAll() {
  const plan = planRedrive(session.platform, await letters());
  await redrive(session.platform, plan, 'ada');
  return plan;
}
/** A letter with this body. The queue holds nothing else. Without a reason it is as the queue itself buries. */
async function bury(body: string, reason?: string): Promise<void> {
  const { failedItems } = session.platform;
  await failedItems.send([{ body, delayMs: 0 }]);
  if (reason === undefined) return spendDeliveries();
  const [delivery] = await failedItems.receive({ max: 1, visibilityMs: 1000 });
  await failedItems.bury(delivery!, reason);
}
async function spendDeliveries(): Promise<void> {
  for (;;) if ((await session.platform.failedItems.receive({ max: 1, visibilityMs: 0 })).length === 0) return;
}
/** Takes the only letter away, and says what it said. */
async function takeLetter(): Promise<FailedItemMessage> {
  const [judged] = await letters();
  await session.platform.failedItems.purge([judged!.letter]);
  return judged!.message!;
}

describe('a dead letter', () => {
  it('tells what has become of its item', async () => {
    await withDead([0]);
    const [letter] = await letters();
    expect(letter).toMatchObject({
      standing: 'waiting',
      obstacle: null,
      message: { source: 'racing', target: 'gb', date: DAY, item: raceId(session, 0), redrives: 1 },
      failure: { state: 'dead', code: 'SERVER_ERROR' },
      next: `rescrape dead-letters redrive ${letter!.letter.id}`,
    });
  });

  it('is stale once a run has brought its item, and is then left where it is', async () => {
    await withDead([0], { times: UNTIL_DEAD });
    await session.run({ targets: ['gb'] });
    expect(await letters()).toMatchObject([{ standing: 'stale', obstacle: 'it is recovered' }]);
    const { moves, left } = await redriveAll();
    expect(moves).toEqual([]);
    expect(left).toMatchObject([{ why: 'it is recovered' }]);
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
  });

  it('is left where it is while a message about its item is under way', async () => {
    await withDead([0]);
    const message = await takeLetter();
    // An older copy, as a crash between the two queues of AWS leaves one.
    await bury(JSON.stringify({ ...message, redrives: 0 }), 'an older death');
    const register = new FailureStore(session.platform.state);
    const move = { at: session.clock.now(), by: 'ada' };
    await noteRedriven(register, keyOfRace(0), { redrives: 1, dueAt: move.at }, move);
    expect(await letters()).toMatchObject([{ standing: 'queued' }]);
    expect((await redriveAll()).moves).toEqual([]);
  });

  it.each([
    ['what is no JSON', 'hello', 'the message is no JSON'],
    ['an unknown source', { source: 'nowhere' }, 'there is no source nowhere'],
    ['an unknown target', { target: 'mars' }, 'source racing has no target mars'],
    ['another version', { version: 2 }, /version 1: version/],
  ])('is poison where nobody can act upon it, and is left where it is: %s', async (_, body, why) => {
    await withDead([0]);
    const usual = await takeLetter();
    await bury(typeof body === 'string' ? body : JSON.stringify({ ...usual, ...body }), 'poison');
    const obstacle = typeof why === 'string' ? why : expect.stringMatching(why);
    expect(await letters()).toMatchObject([{ standing: 'poison', obstacle }]);
    expect((await redriveAll()).left).toMatchObject([{ why: obstacle }]);
    expect((await depth()).dead).toBe(1);
  });

  it('of a flagged target is left where it is: a try would only take it off the queue', async () => {
    await withDead([0]);
    await flag(session, 'gb', 'down until Monday');
    expect((await redriveAll()).left).toMatchObject([{ why: 'its target is flagged: down until Monday' }]);
    expect((await failure(0)).state).toBe('dead');
  });

  it('of an item that has met a wall since is left where it is: the one-attempt rule', async () => {
    await withDead([0]);
    const register = new FailureStore(session.platform.state);
    await register.change(keyOfRace(0), (before) => before && { ...before, code: 'BLOCKED' });
    expect((await redriveAll()).left).toMatchObject([{ why: 'BLOCKED is not tried again by itself' }]);
  });
});

describe('a redrive', () => {
  it('gives the item all its tries again, and names who did it', async () => {
    await withDead([0], { times: UNTIL_DEAD + 2 });
    await redriveAll();
    expect(await failure(0)).toMatchObject({
      state: 'queued',
      retry: { tries: 0, redrives: 1, deadAt: null },
    });
    expect((await failure(0)).transitions.at(-1)).toMatchObject({
      by: 'ada',
      why: 'its dead letter was put back',
    });
    const answers = [...(await drain()), ...(await waitAndDrain(2))];
    expect(kindsOf(answers)).toEqual(['failed-again', 'failed-again', 'recovered']);
    expect(await states(0)).toEqual(['open', 'queued', 'dead', 'queued', 'recovered']);
  });

  it('of an item that dies again leaves one letter, which can be put back once more', async () => {
    await withDead([0], { times: UNTIL_DEAD + 3 });
    await redriveAll();
    await drain();
    await waitAndDrain(2);
    await wait(COOL_DOWN_MINUTES);
    expect(await letters()).toMatchObject([{ standing: 'waiting', message: { redrives: 2 } }]);
    await redriveAll();
    expect(kindsOf(await drain())).toEqual(['recovered']);
  });

  it('asks the site no faster than a run does, and says how long that takes', async () => {
    await withDead([0, 1, 2], { env: { RESCRAPE_RACING_MIN_DELAY_MS: '60000' } });
    const before = asked(session, 0, 1, 2);
    const { moves, paces } = await redriveAll();
    expect(paces).toEqual([{ source: 'racing', letters: 3, minDelayMs: 60_000, seconds: 180 }]);
    expect(moves.map(({ dueAt }) => dueAt - moves[0]!.dueAt)).toEqual([0, 60_000, 120_000]);
    const dueAt = await Promise.all([0, 1, 2].map(async (race) => (await failure(race)).retry!.dueAt));
    expect(dueAt.toSorted()).toEqual(moves.map((move) => move.dueAt));
    expect(await depth()).toMatchObject({ due: 1, delayed: 2 });
    expect(asked(session, 0, 1, 2)).toEqual(before);
  });

  it('keeps to the due time of the failure where the queue hands a letter over before it', async () => {
    await withDead([0, 1], { env: { RESCRAPE_RACING_MIN_DELAY_MS: '1800000' } });
    const [, second] = planRedrive(session.platform, await letters()).moves;
    await redrive(session.platform, { moves: [second!] }, 'ada');
    // SQS delays by 15 minutes at most: this one comes too early.
    await session.platform.failedItems.send([{ body: JSON.stringify(second!.message), delayMs: 0 }]);
    const [answer] = await drain();
    if (answer?.kind !== 'not-yet') throw new Error(`it is ${answer?.kind}`);
    expect(answer.delayMs).toBeGreaterThan(29 * MINUTE);
  });

  it('that crashed between the move and the note is harmless: the message says by itself that it was put back', async () => {
    await withDead([0, 1], { times: UNTIL_DEAD });
    const plan = planRedrive(session.platform, await letters());
    const late = { ...plan.moves[1]!.message, notBefore: session.clock.now() + 30 * MINUTE };
    const moves = [plan.moves[0]!, { ...plan.moves[1]!, message: late }];
    await killedBefore(session, /^failures#/, () => redrive(session.platform, { moves }, 'ada'));
    expect(await depth()).toMatchObject({ due: 2, dead: 0 });
    expect((await failure(0)).state).toBe('dead');
    // The same again finds no letter, and a run in between leaves what is under way alone.
    expect((await redriveAll()).moves).toEqual([]);
    expect(kindsOf(await drain()).sort()).toEqual(['not-yet', 'recovered']);
    await wait(31);
    expect(kindsOf(await drain())).toEqual(['recovered']);
    expect(await states(1)).toEqual(['open', 'queued', 'dead', 'queued', 'recovered']);
  });

  it('that a worker was faster than changes nothing of what the worker noted', async () => {
    await withDead([0], { times: UNTIL_DEAD });
    const redrived = session.platform.failedItems.redrive.bind(session.platform.failedItems);
    session.platform.failedItems.redrive = async (moves) => {
      await redrived(moves);
      expect(kindsOf(await drain())).toEqual(['recovered']);
    };
    await redriveAll();
    expect((await failure(0)).state).toBe('recovered');
    expect(await states(0)).toEqual(['open', 'queued', 'dead', 'queued', 'recovered']);
  });

  it('gets a letter through that the queue itself had buried after its failure was dead', async () => {
    await withDead([0], { times: UNTIL_DEAD });
    await bury(JSON.stringify({ ...(await takeLetter()), redrives: 0 }));
    const [judged] = await letters();
    expect(judged).toMatchObject({ standing: 'waiting', obstacle: null });
    expect(judged!.letter.reason).toBeUndefined();
    await redriveAll();
    expect(await failure(0)).toMatchObject({ state: 'queued', retry: { redrives: 1 } });
    expect(kindsOf(await drain())).toEqual(['recovered']);
  });

  it('gets a letter through that the queue itself had buried without anybody noting it', async () => {
    session = await sessionWith(faults(rule(0, status(500), IN_A_RUN)));
    await session.run({ targets: ['gb'] });
    await wait(COOL_DOWN_MINUTES);
    await spendDeliveries();
    expect(await failure(0)).toMatchObject({ state: 'queued' });
    expect(await letters()).toMatchObject([{ standing: 'waiting', obstacle: null }]);
    await redriveAll();
    expect(await states(0)).toEqual(['open', 'queued', 'dead', 'queued']);
    expect(kindsOf(await drain())).toEqual(['recovered']);
  });

  it('puts one of several letters about an item back', async () => {
    await withDead([0]);
    await bury((await letters())[0]!.letter.body, 'a copy');
    const { moves, left } = await redriveAll();
    expect(moves).toHaveLength(1);
    expect(left).toMatchObject([{ why: 'another letter about its item goes back' }]);
  });
});

describe('a purge', () => {
  it('deletes the letters and dismisses what is still dead, in the name of a person', async () => {
    await withDead([0, 1]);
    expect(await purgeLetters(session.platform, await letters(), 'ada')).toEqual({
      letters: 2,
      dismissed: 2,
    });
    expect(await failure(0)).toMatchObject({ state: 'dismissed', closedBy: 'ada' });
    expect((await failure(0)).transitions.at(-1)!.why).toBe('its dead letter was purged');
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
  });

  it('leaves a failure alone that a run has recovered meanwhile', async () => {
    await withDead([0], { times: UNTIL_DEAD });
    const stale = await letters();
    await session.run({ targets: ['gb'] });
    expect(await purgeLetters(session.platform, stale, 'ada')).toEqual({ letters: 1, dismissed: 0 });
    expect((await failure(0)).state).toBe('recovered');
  });

  it('leaves an item to a person that only looked queued: no message about it is left', async () => {
    session = await sessionWith(faults(rule(0, status(500))));
    await session.run({ targets: ['gb'] });
    await wait(COOL_DOWN_MINUTES);
    for (;;)
      if ((await session.platform.failedItems.receive({ max: 1, visibilityMs: 0 })).length === 0) break;
    expect(await purgeLetters(session.platform, await letters(), 'ada')).toEqual({
      letters: 1,
      dismissed: 0,
    });
    expect((await failure(0)).state).toBe('open');
  });
});
