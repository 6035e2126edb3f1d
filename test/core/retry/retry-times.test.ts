import { afterEach, describe, expect, it } from 'vitest';
import { endClaim } from '../../../core/failures/claim.ts';
import type { Failure } from '../../../core/failures/failure.ts';
import { FailureStore, keyOf } from '../../../core/failures/failure-store.ts';
import { leaveToPerson } from '../../../core/failures/settle.ts';
import { retryNow } from '../../../core/retry/claimed-retry.ts';
import { handleFailedItem } from '../../../core/retry/handle-message.ts';
import { closeEarlierRuns } from '../../../core/run/recovery.ts';
import { asked, faults, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import {
  CLAIM_MINUTES,
  COOL_DOWN_MINUTES,
  drowsy,
  IN_A_RUN,
  killedBefore,
  kindsOf,
  MINUTE,
  playPartition,
  queuePlay,
} from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';

let session: Session;
afterEach(() => session.close());
const { wait, drain, waitAndDrain, depth, failure } = queuePlay(() => session);

const store = () => new FailureStore(session.platform.state);
/** The first race fails for so many requests, and a run has met that. */
async function afterFailures(times: number): Promise<void> {
  session = await sessionWith(faults(rule(0, status(500), times)));
  await session.run({ targets: ['gb'] });
}

describe('a run that is older than a retry and goes on after it', () => {
  it('opens the failure again that the retry had recovered', async () => {
    await afterFailures(IN_A_RUN);
    const older = await session.planned('gb');
    expect(kindsOf(await waitAndDrain())).toEqual(['recovered']);
    const { closedBy } = await failure(0);
    expect(older.runId < closedBy!).toBe(true);
    session.site.setFaults(faults(rule(0, status(500))));
    await playPartition(session.platform, older);
    expect(await failure(0)).toMatchObject({ state: 'queued', lastRunId: older.runId, runs: 1 });
    expect(await depth()).toMatchObject({ delayed: 1 });
  });

  it('takes the failure off the queue where it learns that the page is gone', async () => {
    await afterFailures(IN_A_RUN + 1);
    const older = await session.planned('gb');
    expect(kindsOf(await waitAndDrain())).toEqual(['failed-again']);
    session.site.setFaults(faults(rule(0, status(404))));
    await playPartition(session.platform, older);
    expect(await failure(0)).toMatchObject({ state: 'open', code: 'NOT_FOUND' });
    const before = asked(session, 0);
    expect(kindsOf(await waitAndDrain())).not.toContain('failed-again');
    expect(asked(session, 0)).toEqual(before);
    expect(await failure(0)).toMatchObject({ state: 'open', code: 'NOT_FOUND' });
  });

  it('changes nothing with what it had met before the retry brought the item', async () => {
    await afterFailures(2 * IN_A_RUN);
    const older = await session.planned('gb');
    await killedBefore(session, /^captures\//, () => playPartition(session.platform, older));
    expect(kindsOf(await waitAndDrain())).toEqual(['recovered']);
    await playPartition(session.platform, older);
    expect(await failure(0)).toMatchObject({ state: 'recovered' });
  });
});

describe('a message that comes before the note that it was sent', () => {
  it('leaves no failure queued without a message', async () => {
    await afterFailures(IN_A_RUN);
    session.site.setFaults(faults(rule(0, status(404), 1), rule(0, status(500))));
    expect(kindsOf(await waitAndDrain())).toEqual(['needs-a-person']);
    const work = await session.planned('gb');
    await killedBefore(session, /^captures\//, () => playPartition(session.platform, work));
    await wait(COOL_DOWN_MINUTES);
    const { failedItems } = session.platform;
    const send = failedItems.send.bind(failedItems);
    const early: string[] = [];
    failedItems.send = async (messages) => {
      await send(messages);
      failedItems.send = send;
      early.push(...kindsOf(await drain()));
    };
    await closeEarlierRuns(session.platform, 'racing');
    expect(early).toHaveLength(1);
    const { state } = await failure(0);
    const { due, delayed, inFlight } = await depth();
    expect({ state, messages: due + delayed + inFlight }).toEqual({ state: 'queued', messages: 1 });
    await waitAndDrain(4);
    expect(await failure(0)).toMatchObject({ state: 'dead' });
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
  });
});

describe('a copy of a message', () => {
  it('that was sent before its failure was taken off the queue asks for nothing', async () => {
    await afterFailures(IN_A_RUN);
    await wait(COOL_DOWN_MINUTES);
    const [{ body } = { body: '' }] = await session.platform.failedItems.receive({
      max: 1,
      visibilityMs: MINUTE,
    });
    const by = { at: session.clock.now(), by: 'somebody', why: 'the version is held' };
    await leaveToPerson(store(), keyOf(await failure(0)), by);
    await session.platform.failedItems.send([{ body, delayMs: 0 }]);
    expect(await drain()).toEqual([{ kind: 'closed', why: 'it was taken off the queue' }]);
    expect(asked(session, 0)).toEqual([IN_A_RUN]);
    expect(await failure(0)).toMatchObject({ state: 'open', code: 'SERVER_ERROR' });
  });
});

describe('a claim', () => {
  it('of a clock that was a year ahead is not believed', async () => {
    await afterFailures(IN_A_RUN);
    const until = session.clock.now() + 365 * 24 * 60 * MINUTE;
    const claim = { runId: session.platform.newId(), until, asked: true, takes: 1 };
    const key = keyOf(await failure(0));
    await store().change(key, (before) => ({ ...(before as Failure), claim }));
    expect(await retryNow(session.platform, session.source, key)).toMatchObject({ kind: 'recovered' });
  });

  it('that is gone when its try ends leaves the message of a failure that is queued still', async () => {
    await afterFailures(IN_A_RUN + 1);
    await wait(COOL_DOWN_MINUTES);
    const slow = drowsy(
      session.platform,
      1,
      (method, key) => method === 'put' && key.endsWith('/result.json'),
    );
    const [delivery] = await session.platform.failedItems.receive({ max: 1, visibilityMs: 60 * MINUTE });
    const end = handleFailedItem(slow.platform, delivery!);
    await slow.asleep;
    await wait(CLAIM_MINUTES);
    const { claim } = await failure(0);
    await endClaim(store(), keyOf(await failure(0)), claim!.runId);
    slow.wake();
    expect(await end).toMatchObject({ kind: 'failed-again' });
    expect(await failure(0)).toMatchObject({ state: 'queued' });
    expect(kindsOf(await waitAndDrain())).toEqual(['recovered']);
  });
});
