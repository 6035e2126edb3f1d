import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { why } from '../../../core/explain/why.ts';
import { planKey } from '../../../core/lake/layout.ts';
import type { PartitionWork } from '../../../core/platform.ts';
import { publish } from '../../../core/publish/publish.ts';
import { summarize } from '../../../core/run/summarize.ts';
import { scrape } from '../../../core/scrape/scrape.ts';
import { runLocally } from '../../../runtime/local-run.ts';
import { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

const ASKED = { source: 'racing', start: DAY, end: DAY, targets: ['gb'], force: false };

let session: Session;
beforeEach(async () => {
  session = await Session.start();
});
afterEach(() => session.close());

const damage = (key: string) => session.platform.lake.put(key, new TextEncoder().encode('{"run'));
const resultOf = ({ runId }: Pick<PartitionWork, 'runId'>) => `work/${runId}/racing/gb/${DAY}/result.json`;

/** A run that is interrupted when it is about to write this object. */
async function interruptedAt(name: RegExp): Promise<string> {
  const abort = new AbortController();
  session.onWrite = (write) => {
    if (name.test(write.name)) abort.abort(new Error('interrupted'));
  };
  const { kind, runId } = await runLocally(session.platform, { ...ASKED, signal: abort.signal });
  session.onWrite = () => {};
  expect(kind).toBe('aborted');
  return runId;
}

async function scraped(): Promise<PartitionWork> {
  const work = await session.planned('gb');
  while (!(await scrape(session.platform, work)).done);
  return work;
}

describe('a damaged result of a scrape', () => {
  it('is nothing to a publish that has answered already', async () => {
    const work = await scraped();
    const answer = await publish(session.platform, work);
    await damage(resultOf(work));
    expect(await publish(session.platform, work)).toEqual(answer);
  });

  it('leaves a run whole that is taken up after it was published', async () => {
    const runId = await interruptedAt(/summary\.json$/);
    await damage(resultOf({ runId }));
    const { end } = await session.run(ASKED);
    expect(end).toMatchObject({ runId, problems: [], summary: { run: { status: 'succeeded' } } });
  });

  it('is named by the run that needs it, which is not whole then, and the next one is', async () => {
    const runId = await interruptedAt(/result\.json$/);
    await damage(resultOf({ runId }));
    // Another process: this one has the result in its memory.
    const other = session.open();
    const end = await runLocally(other, ASKED);
    await other.close();
    const message = expect.stringContaining(`${resultOf({ runId })} is damaged`);
    expect(end).toMatchObject({ kind: 'finished', runId, problems: [{ message }] });
    expect(end).toMatchObject({ summary: { run: { status: 'failed' } } });
    expect((await session.run(ASKED)).end.summary.run.status).toBe('succeeded');
  });
});

describe('a damaged work list', () => {
  it('is named by the run that is taken up with it, and the next one makes its own', async () => {
    const runId = await interruptedAt(/\/attempts\//);
    await damage(planKey(runId));
    const end = await runLocally(session.platform, ASKED);
    expect(end).toMatchObject({ kind: 'failed', runId });
    expect(end).toMatchObject({ message: expect.stringContaining(`${planKey(runId)} is damaged`) });
    expect((await session.run(ASKED)).end.summary.run.status).toBe('succeeded');
  });

  it('of a run that died keeps no other from its summary', async () => {
    const dead = await session.planned('gb');
    await damage(planKey(dead.runId));
    const { runId } = await session.planned('ire');
    const input = { ...ASKED, runId, targets: ['ire'], workList: { key: planKey(runId), lines: 1 } };
    expect(await summarize(session.platform, input)).toMatchObject({ status: 'failed' });
    const told = session.events.filter(({ kind }) => kind === 'warning');
    expect(told).toMatchObject([{ message: expect.stringContaining(planKey(dead.runId)) }]);
  });

  it('leaves open whether a run planned a partition', async () => {
    const { end } = await session.run(ASKED);
    const told = async () =>
      (await why(session.platform, session.source, { value: 'gb', date: civilDate(DAY) }, null)).run;
    expect(await told()).toMatchObject({ planned: 'yes' });
    await damage(planKey(end.runId));
    expect(await told()).toMatchObject({ planned: 'unknown' });
  });
});
