import { afterEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { Why } from '../../../core/explain/story.ts';
import { why } from '../../../core/explain/why.ts';
import { claimRetry } from '../../../core/failures/claim.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import { dismiss } from '../../../core/failures/settle.ts';
import { retryNow } from '../../../core/retry/claimed-retry.ts';
import type { FaultPlan } from '../../../demo/faults.ts';
import { faults, raceId, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import { CLAIM_MINUTES, COOL_DOWN_MINUTES, IN_A_RUN, queuePlay } from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

const GB = { value: 'gb', date: civilDate(DAY) };

let session: Session;
afterEach(() => session.close());
const { wait, waitAndDrain } = queuePlay(() => session);

async function afterRunWith(plan: FaultPlan): Promise<string> {
  session = await sessionWith(plan);
  return (await session.run({ targets: ['gb'] })).end.runId;
}

const ofDay = () => why(session.platform, session.source, GB, null);
const ofItem = (race = 0) => why(session.platform, session.source, GB, raceId(session, race));
const keyOf = (race = 0) => ({ source: 'racing', partition: GB, item: raceId(session, race) });
const store = () => new FailureStore(session.platform.state);
const commandsOf = ({ next }: Why) => next.map(({ command }) => command);
const nameOf = (race = 0) => `racing/gb/${DAY}/${raceId(session, race)}`;

describe('why, of an item that failed', () => {
  it('says when it is tried again by itself, and how to have it tried now', async () => {
    const run = await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    const answer = await ofItem();
    expect(answer.answer).toMatch(
      new RegExp(
        `^its last of 4 tries in run ${run} ended in RATE_LIMITED \\(.*HTTP 406.*; it has no rows in the table; it is tried again by itself from \\S+Z \\(try 1 of 3\\)$`,
      ),
    );
    expect(answer.failures).toMatchObject([{ state: 'queued', item: raceId(session, 0) }]);
    expect(commandsOf(answer)).toEqual([`rescrape retry --partition ${nameOf()}`]);
    expect(answer.next[0]!.text).toMatch(/^wait until \S+Z, or try it now$/);
    const day = await ofDay();
    expect(day.answer).toMatch(/of its failed items, 1 is tried again by itself from \S+Z$/);
    expect(commandsOf(day)).toEqual([`rescrape retry --partition racing/gb/${DAY}`]);
  });

  it('says that nobody works the queue once it is overdue by an hour', async () => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    await wait(104);
    expect((await ofItem()).answer).not.toContain('nobody');
    await wait(2);
    const answer = await ofItem();
    expect(answer.answer).toMatch(
      /it was to be tried again by itself from \S+Z, and nobody seems to work the queue$/,
    );
    expect(commandsOf(answer)).toEqual(['rescrape worker', `rescrape retry --partition ${nameOf()}`]);
    expect((await ofDay()).answer).toContain(
      '1 is queued and overdue because nobody seems to work the queue',
    );
  });

  it('says which retry recovered it, when, and shows the attempt of that retry', async () => {
    const run = await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    const [recovered] = await waitAndDrain();
    if (recovered?.kind !== 'recovered') throw new Error('not recovered');
    const retry = recovered.runId;
    const answer = await ofItem();
    expect(answer.answer).toMatch(
      new RegExp(
        `^it was read in the retry ${retry} \\(.*\\); its 3 rows are current; it failed in run ${run} \\(RATE_LIMITED\\) and was recovered at \\S+Z by the retry ${retry}, after 4 tries in 1 run$`,
      ),
    );
    expect(answer.attempts.map(({ run_id, error_code }) => [run_id, error_code])).toEqual([
      ...Array(IN_A_RUN).fill([run, 'RATE_LIMITED']),
      [retry, 'SUCCESS'],
    ]);
    expect(answer.retries).toEqual([retry]);
    expect(answer.next).toEqual([]);
    const day = await ofDay();
    expect(day.answer).toMatch(new RegExp(`^the retry ${retry} committed it .*4 of 4 items found$`));
    expect(day.failures).toMatchObject([{ state: 'recovered', closedBy: retry }]);
    expect(new Set(day.attempts.map(({ run_id }) => run_id))).toEqual(new Set([run, retry]));
    expect(day.next).toEqual([]);
  });

  it('says that its tries are used up, and how to put it back', async () => {
    await afterRunWith(faults(rule(0, status(500))));
    await waitAndDrain(3);
    const answer = await ofItem();
    expect(answer.answer).toMatch(
      /^its last of 7 tries in the retry \S+ ended in SERVER_ERROR .*; its tries are used up .*: it is a dead letter since \S+Z$/,
    );
    expect(answer.retries).toHaveLength(3);
    expect(commandsOf(answer)).toEqual([
      `rescrape dead-letters redrive --source racing --target gb --start ${DAY} --end ${DAY}`,
      `rescrape retry --partition ${nameOf()}`,
    ]);
    expect((await ofDay()).answer).toMatch(/of its failed items, 1 is a dead letter$/);
  });

  it('says which run is at it', async () => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    const now = session.clock.now();
    await claimRetry(store(), keyOf(), 'person', { now, newRunId: session.platform.newId() });
    const { claim } = (await store().get(keyOf()))!;
    const { answer, next } = await ofItem();
    expect(answer).toContain(`a try that a person asked for is under way in the retry ${claim!.runId}`);
    expect(next).toEqual([{ text: 'wait for the end of the try that is under way' }]);
  });

  it('says that a try was broken off, and that it is not counted twice', async () => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    await wait(COOL_DOWN_MINUTES);
    const newRunId = session.platform.newId();
    await claimRetry(store(), keyOf(), 'message', { now: session.clock.now(), newRunId });
    expect((await ofItem()).answer).toContain(`; try 1 of 3 is under way in the retry ${newRunId}`);
    await wait(CLAIM_MINUTES);
    expect((await ofItem()).answer).toContain(`(try 1 of 3, which the retry ${newRunId} broke off`);
  });

  it('says who dismissed it and why, and asks nobody to do anything', async () => {
    const run = await afterRunWith(faults(rule(0, status(404))));
    const before = await ofItem();
    expect(before.answer).toMatch(
      /NOT_FOUND .*; nothing tries it again by itself but the next run that covers it$/,
    );
    expect(before.next.map(({ text }) => text)).toEqual([
      expect.stringContaining('the site has no such page'),
    ]);
    await dismiss(store(), keyOf(), { at: session.clock.now(), by: 'erika', why: 'it was cancelled' });
    const { answer, next } = await ofItem();
    expect(answer).toMatch(
      new RegExp(
        `it failed in run ${run} \\(NOT_FOUND\\) and was dismissed at \\S+Z by erika: it was cancelled$`,
      ),
    );
    expect(next).toEqual([]);
    expect((await ofDay()).next).toEqual([]);
  });

  it('tells to lift the flag before the item is asked for', async () => {
    await afterRunWith(faults(rule(0, status(500), IN_A_RUN), rule(1, { kind: 'cloudflare-challenge' })));
    await waitAndDrain();
    const { failures, answer, next } = await ofItem();
    expect(failures).toMatchObject([{ state: 'open' }]);
    expect(answer).toContain('(the target is flagged: security_block_one_attempt)');
    expect(next[0]!.command).toBe('rescrape skip remove racing gb');
  });

  it('knows a good item as well, however many retries of others there were', async () => {
    const run = await afterRunWith(faults(rule(0, status(500))));
    for (let n = 0; n < 12; n++) await retryNow(session.platform, session.source, keyOf());
    const { attempts, answer } = await ofItem(1);
    expect(attempts.map(({ run_id }) => run_id)).toEqual([run]);
    expect(answer).toMatch(new RegExp(`^it was read in run ${run} .* its 3 rows are current$`));
    expect((await ofItem()).attempts).toHaveLength(IN_A_RUN + 12);
  });

  it('still tells runs from retries where the state was reset', async () => {
    const run = await afterRunWith(faults(rule(0, status(500))));
    await waitAndDrain();
    const { state } = session.platform;
    for (const partition of ['runs#racing', 'failures#racing'])
      for await (const { sort } of state.query(partition))
        await state.write([{ kind: 'delete', partition, sort }]);
    const { attempts, retries, next } = await ofDay();
    expect(attempts.map(({ run_id }) => run_id)).toContain(run);
    expect(retries).toHaveLength(1);
    expect(retries).not.toContain(run);
    expect(commandsOf({ next } as Why)).toEqual([
      `rescrape run racing --target gb --start ${DAY} --end ${DAY}`,
    ]);
  });
});

describe('the summary of a run', () => {
  it('names the failed items with what happens next', async () => {
    session = await sessionWith(faults(rule(0, status(406)), rule(2, status(404))));
    const { end } = await session.run({ targets: ['gb', 'ire'] });
    expect(end.summary.failures).toEqual({
      total: 2,
      states: { queued: 1, open: 1 },
      codes: { RATE_LIMITED: 1, NOT_FOUND: 1 },
      flagged: [],
      items: [
        {
          ...{ name: `racing/gb/${DAY}`, item: raceId(session, 0), code: 'RATE_LIMITED', state: 'queued' },
          ...{ url: expect.stringContaining(raceId(session, 0)), message: expect.stringContaining('406') },
          ...{ dueAt: (await store().get(keyOf()))!.retry!.dueAt, triesLeft: 3, flagged: false },
        },
        {
          ...{ name: `racing/gb/${DAY}`, item: raceId(session, 2), code: 'NOT_FOUND', state: 'open' },
          ...{
            url: expect.any(String),
            message: expect.any(String),
            dueAt: null,
            triesLeft: 0,
            flagged: false,
          },
        },
      ].sort((a, b) => (a.item < b.item ? -1 : 1)),
    });
  });

  it('does not promise a try of what a wall keeps from being tried', async () => {
    session = await sessionWith(faults(rule(0, status(500)), rule(3, { kind: 'cloudflare-challenge' })), {
      env: { RESCRAPE_RACING_CONCURRENCY: '1' },
    });
    const { flagged, items } = (await session.run({ targets: ['gb'] })).end.summary.failures!;
    expect(flagged).toEqual(['gb']);
    expect(new Set(items.map((item) => item.flagged))).toEqual(new Set([true]));
    expect((await ofItem()).answer).toMatch(/it is queued, and not tried while its target is flagged$/);
    expect((await ofDay()).answer).toContain('1 is queued, and not tried while the target is flagged');
    expect(commandsOf(await ofDay())[0]).toBe('rescrape skip remove racing gb');
  });

  it('names the index of the day where that failed, and nothing where all is well', async () => {
    const index = { where: { path: `/results/${DAY}` }, fault: status(500), times: IN_A_RUN };
    session = await sessionWith(faults(index));
    const failed = (await session.run({ targets: ['gb'] })).end.summary.failures!;
    expect(failed.items.map(({ item, state }) => [item, state])).toEqual([['index', 'queued']]);
    const whole = (await session.run({ targets: ['gb'] })).end.summary.failures!;
    expect(whole).toEqual({ total: 0, states: {}, codes: {}, flagged: [], items: [] });
  });
});
