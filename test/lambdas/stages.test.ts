import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../../core/ports/storage-error.ts';
import type { PlanAnswer } from '../../core/workflow/workflow.ts';
import { currentRows, logRows } from '../e2e/support/lake-reading.ts';
import { asked, rule, status } from '../e2e/support/race-faults.ts';
import type { Session } from '../e2e/support/session.ts';
import { DAY } from '../e2e/support/small-site.ts';
import { CalledStages } from './called-stages.ts';

let session: Session;
const called = new CalledStages();
const call: CalledStages['call'] = (...given) => called.call(...given);

const scheduled = (time: string) => ({
  source: 'racing',
  scheduledTime: time,
  executionName: 'attempt-1',
});
const run = () => ({
  runId: session.platform.newId(),
  source: 'racing',
  start: DAY,
  end: DAY,
  targets: ['gb'],
  force: false,
});
const workOf = ({ runId }: { runId: string }) => ({
  runId,
  source: 'racing',
  target: 'gb',
  date: DAY,
  force: false,
});

describe('plan', () => {
  it('makes the window of a schedule from the time that it was due, in the zone of the source', async () => {
    session = await called.sessionWith();
    // 23:30 UTC in summer is half past midnight of the next day in London.
    const answer = await call('plan', scheduled('2026-07-01T23:30:00Z'));
    expect(answer).toMatchObject({ start: '2026-06-26', end: '2026-07-02', force: false });
  });

  it('makes one run of a schedule, however often it is called', async () => {
    session = await called.sessionWith();
    const first = (await call('plan', scheduled('2026-11-22T01:30:00Z'))) as PlanAnswer;
    const again = (await call('plan', {
      ...scheduled('2026-11-22T01:30:00.000Z'),
      executionName: 'attempt-2',
    })) as PlanAnswer;
    expect(again).toEqual(first);
    expect(first.runId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(first.runId.replaceAll('-', '').slice(0, 12), 16)).toBe(
      Date.parse('2026-11-22T01:30:00Z'),
    );
    const next = (await call('plan', scheduled('2026-11-23T01:30:00Z'))) as PlanAnswer;
    expect(next.runId > first.runId).toBe(true);
  });

  it.each([
    [{}, /runId: .*source: /s],
    [{ source: 'racing', scheduledTime: 'tomorrow', executionName: 'x' }, /scheduledTime: /],
    [{ source: 'nowhere', scheduledTime: '2026-11-22T01:30:00Z', executionName: 'x' }, /no source "nowhere"/],
    [{ runId: randomUUID(), source: '../x', start: DAY, end: DAY, force: false }, /runId: .*source: /s],
    [null, /event: /],
  ])('refuses what does not fit, with the paths: %j', async (event, message) => {
    session = await called.sessionWith();
    await expect(call('plan', event)).rejects.toMatchObject({
      name: 'BadInput',
      message: expect.stringMatching(message),
    });
    expect(called.lines.filter(({ level }) => level === 'ERROR')).toHaveLength(1);
  });
});

describe('the stages of a run, called one by one', () => {
  it('bring a day into the lake, and say the same when they are called twice', async () => {
    session = await called.sessionWith();
    const input = run();
    const planned = await call('plan', input);
    const work = workOf(input);
    for (let times = 0; times < 2; times++) {
      expect(await call('plan', input)).toEqual(planned);
      // The execution keeps its notes beside the work.
      expect(await call('scrape', { ...work, scrape: { done: false }, problem: {} })).toEqual({ done: true });
      expect(await call('publish', { ...work, scrape: { done: true } })).toMatchObject({
        status: 'committed',
        rows: session.amount.rows,
      });
      expect(await call('summarize', planned)).toEqual({ status: 'succeeded' });
      expect(await call('report', { ...(planned as object), summarize: {} })).toEqual({
        report: `reports/${input.runId}/report.html`,
      });
    }
    expect((await currentRows(session.directory)).get(`country=gb/date=${DAY}`)).toHaveLength(
      session.amount.rows,
    );
    expect(await logRows(session.directory, 'commits')).toHaveLength(1);
  });

  it('keep the names of their errors, for the state machine', async () => {
    session = await called.sessionWith(rule(0, status(406)), rule(1, status(500), 1));
    const input = run();
    await call('plan', input);
    await expect(call('scrape', workOf(input))).rejects.toMatchObject({ name: 'RateLimited' });
    for (const level of ['ERROR', 'WARN'])
      expect(called.lines.filter((line) => line.level === level && line.error !== undefined)).toHaveLength(
        level === 'WARN' ? 1 : 0,
      );
    expect(
      await call('record-failures', { ...workOf(input), problem: { Error: 'RateLimited', Cause: '{}' } }),
    ).toEqual({
      done: true,
    });
  });

  it('stop before the deadline and ask to be called again, without having asked for another page', async () => {
    session = await called.sessionWith();
    const input = run();
    await call('plan', input);
    expect(await call('scrape', workOf(input), 70_000)).toEqual({ done: false });
    expect(asked(session, 0, 1, 2, 3)).toEqual([0, 0, 0, 0]);
    expect(await call('scrape', workOf(input), 200_000)).toEqual({ done: true });
    expect(asked(session, 0, 1, 2, 3)).toEqual([1, 1, 1, 1]);
  });

  it('say run, source and partition on every line, and count what happened', async () => {
    session = await called.sessionWith(rule(0, status(404)));
    const input = run();
    await call('plan', input);
    called.lines = [];
    await call('scrape', workOf(input));
    await call('publish', workOf(input));
    const log = called.lines.filter((line) => line.level !== undefined);
    expect(log.length).toBeGreaterThan(2);
    for (const line of log) {
      expect(line).toMatchObject({ runId: input.runId, source: 'racing', partition: `gb/${DAY}` });
    }
    const metric = (name: string, more: object = {}) =>
      called.lines
        .filter((line) => line._aws !== undefined && name in line)
        .find((line) => Object.entries(more).every(([key, value]) => line[key] === value));
    expect(metric('Attempts', { source: 'racing', outcome: 'NOT_FOUND' })).toMatchObject({ Attempts: 1 });
    expect(metric('Attempts', { outcome: 'SUCCESS' })).toMatchObject({ Attempts: 4, service: 'scrape' });
    expect(metric('Pages')).toMatchObject({ Pages: 4 });
    expect(metric('Partitions', { status: 'committed' })).toMatchObject({ Partitions: 1 });
    expect(metric('Rows')).toMatchObject({ Rows: 9 });
    expect(metric('Bytes')!.Bytes).toBeGreaterThan(1000);
  });

  it('tell people of a run that was not whole, once', async () => {
    session = await called.sessionWith(rule(0, status(404)));
    const told: { subject: string; text: string }[] = [];
    Object.assign(session.platform, {
      notifier: { notify: async (message: never) => void told.push(message) },
    });
    const input = run();
    const planned = await call('plan', input);
    await call('scrape', workOf(input));
    await call('publish', workOf(input));
    await call('summarize', planned);
    await call('report', planned);
    await call('report', planned);
    expect(told).toMatchObject([
      {
        subject: `Rescrape racing ${DAY} to ${DAY}: incomplete`,
        text: expect.stringContaining(`reports/${input.runId}/report.html`),
      },
    ]);
  });
});

describe('trouble of a service', () => {
  /** As the SDK throws it, wrapped by an adapter. */
  const trouble = (name: string, status: number) =>
    new StorageError(`s3:PutObject s3://lake/x: ${name}`, {
      cause: Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status, attempts: 5 } }),
    });

  it.each([
    ['SlowDown', 'Transient', 503],
    ['InternalError', 'Transient', 500],
    ['AccessDenied', 'StorageError', 403],
  ])('%s is %s to the state machine, and is logged once', async (name, expected, code) => {
    session = await called.sessionWith();
    const input = run();
    await call('plan', input);
    session.onWrite = () => {
      throw trouble(name as string, code as number);
    };
    called.lines = [];
    await expect(call('scrape', workOf(input))).rejects.toMatchObject({ name: expected });
    session.onWrite = () => {};
    expect(called.lines.filter(({ level }) => level === 'ERROR' || level === 'WARN')).toHaveLength(1);
    expect(await call('scrape', workOf(input))).toEqual({ done: true });
  });
});
