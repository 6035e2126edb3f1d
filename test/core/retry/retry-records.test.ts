import { afterEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../../core/failures/failure.ts';
import { handleFailedItem } from '../../../core/retry/handle-message.ts';
import { closeEarlierRuns } from '../../../core/run/recovery.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import { asked, faults, raceId, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import { pageRecord } from '../../e2e/support/request-record.ts';
import {
  CLAIM_MINUTES,
  COOL_DOWN_MINUTES,
  deliver,
  drowsy,
  IN_A_RUN,
  killedBefore,
  kindsOf,
  MINUTE,
  playPartition,
  queuePlay,
} from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

let session: Session;
afterEach(() => session.close());
const { wait, drain, waitAndDrain, depth, deadLetters, failure } = queuePlay(() => session);

const take = async () =>
  (await session.platform.failedItems.receive({ max: 1, visibilityMs: 15 * MINUTE }))[0]!;
const isCheckpoint = (method: string, key: string) => method === 'get' && key.includes('/attempts/');
const isAttemptOfItem = (method: string, key: string) => method === 'put' && key.includes('/attempts/item-');

async function expectWholeRecord(): Promise<void> {
  const { asked: site, onRecord, lost } = await pageRecord(session);
  expect(onRecord).toEqual(site);
  expect(lost).toEqual([]);
}

/** A pass over a day whose index had failed, killed behind its requests; gives the id of its run. */
async function deadPass(): Promise<string> {
  const index = { where: { path: `/results/${DAY}` }, fault: status(500), times: IN_A_RUN };
  session = await sessionWith({ ...NO_FAULTS, rules: [index] });
  await session.run({ targets: ['gb'] });
  await wait(COOL_DOWN_MINUTES);
  await killedBefore(session, /^captures\//, drain);
  const [{ claim }] = (await session.failures()) as [Failure];
  return claim!.runId;
}

describe('the record of a try', () => {
  it('is whole where its worker slept past its claim, and goes on after another has recovered the item', async () => {
    session = await sessionWith(faults(rule(0, status(500), IN_A_RUN)));
    await session.run({ targets: ['gb'] });
    await wait(COOL_DOWN_MINUTES);
    const slow = drowsy(session.platform, 1, isAttemptOfItem);
    const first = deliver(slow.platform);
    await slow.asleep;
    await wait(CLAIM_MINUTES);
    expect(await deliver(session.platform)).toMatchObject({ kind: 'recovered' });
    slow.wake();
    await first;
    expect(asked(session, 0)).toEqual([IN_A_RUN + 2]);
    expect(await failure(0)).toMatchObject({ state: 'recovered' });
    await expectWholeRecord();
  });

  it('is whole where two copies of its message close what is left of it at once', async () => {
    const runId = await deadPass();
    await playPartition(session.platform, await session.planned('gb'));
    expect((await session.failures())[0]).toMatchObject({ state: 'recovered', claim: { runId } });
    await wait(CLAIM_MINUTES);
    const delivery = await take();
    // Between the pages that it has read and those that the other one removes.
    const slow = drowsy(session.platform, 8, isCheckpoint);
    const second = handleFailedItem(slow.platform, delivery);
    await slow.asleep;
    await wait(CLAIM_MINUTES);
    await handleFailedItem(session.platform, delivery);
    slow.wake();
    await second;
    expect((await session.failures())[0]).toMatchObject({ state: 'recovered', claim: null });
    await expectWholeRecord();
  });

  it('is whole where a run closes what a worker takes up meanwhile', async () => {
    await deadPass();
    await wait(CLAIM_MINUTES);
    const slow = drowsy(session.platform, 8, isCheckpoint);
    const closing = closeEarlierRuns(slow.platform, 'racing');
    await slow.asleep;
    const delivery = await take();
    expect(await handleFailedItem(session.platform, delivery)).toMatchObject({ kind: 'not-yet' });
    slow.wake();
    await closing;
    expect(kindsOf(await waitAndDrain())).toEqual(['recovered']);
    await expectWholeRecord();
  });

  it('is left alone by a run while another worker closes it', async () => {
    const runId = await deadPass();
    await playPartition(session.platform, await session.planned('gb'));
    await wait(CLAIM_MINUTES);
    const slow = drowsy(session.platform, 8, isCheckpoint);
    const closing = handleFailedItem(slow.platform, await take());
    await slow.asleep;
    const left = () => Array.fromAsync(session.platform.lake.list(`work/${runId}/`));
    const before = await left();
    await closeEarlierRuns(session.platform, 'racing');
    expect(await left()).toEqual(before);
    slow.wake();
    expect(await closing).toMatchObject({ kind: 'closed' });
    await expectWholeRecord();
  });

  it('is made up by the message that comes again, where a wall flagged the target and the worker died', async () => {
    session = await sessionWith(
      faults(rule(0, status(500), IN_A_RUN), rule(0, { kind: 'cloudflare-challenge' })),
    );
    await session.run({ targets: ['gb'] });
    await wait(COOL_DOWN_MINUTES);
    await killedBefore(session, /^captures\//, drain);
    expect((await session.target('gb')).skip).toMatchObject({ reason: 'security_block_one_attempt' });
    expect(await failure(0)).toMatchObject({ state: 'queued', code: 'SERVER_ERROR' });
    await wait(CLAIM_MINUTES);
    expect(kindsOf(await drain())).toEqual(['needs-a-person']);
    expect(await failure(0)).toMatchObject({ state: 'open', code: 'BLOCKED', claim: null });
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
    await expectWholeRecord();
  });

  it('is noted in the failure by a run of another target that closes it: what is gone is not asked for again', async () => {
    session = await sessionWith(faults(rule(0, status(500), IN_A_RUN), rule(0, status(404))));
    await session.run({ targets: ['gb'] });
    await wait(COOL_DOWN_MINUTES);
    await killedBefore(session, /^captures\//, drain);
    await wait(CLAIM_MINUTES);
    await session.run({ targets: ['fr'] });
    expect(await failure(0)).toMatchObject({ state: 'open', code: 'NOT_FOUND', claim: null });
    expect(kindsOf(await drain())).not.toContain('failed-again');
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
    await expectWholeRecord();
  });
});

describe('a page that kills its worker each time', () => {
  it('is a dead letter after three of them, whose reason says so', async () => {
    session = await sessionWith(faults(rule(0, status(500))));
    await session.run({ targets: ['gb'] });
    await wait(COOL_DOWN_MINUTES);
    session.onWrite = ({ name }) => {
      if (name.includes(`item-${raceId(session, 0)}`)) throw new Error('out of memory');
    };
    const ends: string[] = [];
    for (let round = 0; round < 12; round++) {
      ends.push(...(await drain().then(kindsOf, (error: Error) => [error.message])));
      await wait(CLAIM_MINUTES);
    }
    expect(ends).toEqual(['out of memory', 'out of memory', 'out of memory', 'dead']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 3]);
    expect(await failure(0)).toMatchObject({ state: 'dead', claim: null });
    expect((await deadLetters()).map(({ reason }) => reason)).toEqual(['its worker died each time']);
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
  });
});
