import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunRecord, RunStore } from '../../../core/state/run-store.ts';
import { runLocally } from '../../../runtime/local-run.ts';
import { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

const HOUR = 3_600_000;

let session: Session;
beforeEach(async () => {
  session = await Session.start({ env: { RESCRAPE_RACING_CONCURRENCY: '1' } });
});
afterEach(() => session.close());

/** A run of Great Britain that is interrupted once it has asked for the index and two races; gives its id. */
async function interruptedRun(): Promise<string> {
  const abort = new AbortController();
  let tried = 0;
  session.onWrite = ({ name }) => {
    if (/\/attempts\/(index|item-)/.test(name) && ++tried === 3) abort.abort(new Error('interrupted'));
  };
  const request = { source: 'racing', start: DAY, end: DAY, targets: ['gb'], force: false };
  const end = await runLocally(session.platform, { ...request, signal: abort.signal });
  session.onWrite = () => {};
  expect(end.kind).toBe('aborted');
  return end.runId;
}

const runs = (): Promise<RunRecord[]> => Array.fromAsync(new RunStore(session.platform.state).list('racing'));
const pages = async () => (await session.attempts()).filter((row) => row.item_id !== 'robots.txt');

describe('an interrupted run', () => {
  it('is taken up by the next one that is asked for the same, which asks for no page again', async () => {
    const runId = await interruptedRun();
    const { end } = await session.run({ targets: ['gb'] });
    expect(end.runId).toBe(runId);
    expect((await pages()).map((row) => row.run_id)).toEqual(Array(1 + session.amount.races).fill(runId));
    expect(session.site.requests.filter(({ path }) => path !== '/robots.txt')).toHaveLength(
      1 + session.amount.races,
    );
    expect(await runs()).toMatchObject([{ status: 'succeeded' }]);
  });

  it.each([
    ['another window', { targets: ['gb', 'ire'] }],
    ['every page in full', { targets: ['gb'], force: true }],
  ])('is closed with its attempts on record by a run that asks for %s', async (_, request) => {
    const runId = await interruptedRun();
    const { end } = await session.run(request);
    expect(end.runId).not.toBe(runId);
    expect((await pages()).filter((row) => row.run_id === runId)).toHaveLength(3);
    expect((await runs()).map(({ status }) => status)).toEqual(['succeeded', 'abandoned']);
    expect(await Array.fromAsync(session.platform.lake.list(`work/${runId}/racing/`))).toEqual([]);
  });

  it('is closed and not taken up when it is half a day old: its pages would be of another day', async () => {
    const runId = await interruptedRun();
    await session.clock.sleep(13 * HOUR);
    const { end } = await session.run({ targets: ['gb'] });
    expect(end.runId).not.toBe(runId);
    expect(await pages()).toHaveLength(3 + 1 + session.amount.races);
    expect((await runs()).map(({ status }) => status)).toEqual(['succeeded', 'abandoned']);
  });

  it('is counted once in the record of its target', async () => {
    await interruptedRun();
    await session.run({ targets: ['gb', 'ire'] });
    await session.run({ targets: ['gb'] });
    expect((await session.target('gb')).totalAttempts).toBe(
      (await pages()).filter((row) => row.target === 'gb').length,
    );
  });
});
