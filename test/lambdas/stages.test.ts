import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlanAnswer } from '../../core/pipeline/workflow.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { MAX_DELIVERIES } from '../../core/work/failed-item.ts';
import type { FunctionName } from '../../lambdas/contracts.ts';
import { handlerOf, type Stage } from '../../lambdas/stage-handler.ts';
import { currentRows, logRows } from '../e2e/support/lake-reading.ts';
import { asked, faults, raceId, rule, status } from '../e2e/support/race-faults.ts';
import { Session } from '../e2e/support/session.ts';
import { DAY } from '../e2e/support/small-site.ts';
import { contextWith, ENV } from './support.ts';

/** The stages as their handlers define them, over a lake, a state and a queue on this machine. */
const stages = new Map<FunctionName, Stage<never>>();
beforeAll(async () => {
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
  const [plan, scrape, giveUp, publish, audit, report, retry] = await Promise.all([
    import('../../lambdas/plan.lambda.ts'),
    import('../../lambdas/scrape.lambda.ts'),
    import('../../lambdas/give-up.lambda.ts'),
    import('../../lambdas/publish.lambda.ts'),
    import('../../lambdas/audit.lambda.ts'),
    import('../../lambdas/report.lambda.ts'),
    import('../../lambdas/retry-items.lambda.ts'),
  ]);
  for (const stage of [
    plan.planStage,
    scrape.scrapeStage,
    giveUp.giveUpStage,
    publish.publishStage,
    audit.auditStage,
    report.reportStage,
    retry.retryItemsStage,
  ])
    stages.set(stage.name, stage as Stage<never>);
});

let session: Session;
/** What was written to standard output: the log and the metrics, a line of JSON each. */
let lines: Record<string, unknown>[];
beforeEach(() => {
  lines = [];
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((line: string) => void lines.push(JSON.parse(line)));
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await session.close();
});

async function sessionWith(...rules: ReturnType<typeof rule>[]): Promise<void> {
  session = await Session.start({ site: { faults: faults(...rules) } });
}

/** Calls the handler as Lambda does: the event is JSON, so is the answer. */
async function call(name: FunctionName, event: unknown, remainingMs?: number): Promise<unknown> {
  const handler = handlerOf(stages.get(name)!, (onEvent) => ({ ...session.platform, emit: onEvent }));
  const answer = await handler(JSON.parse(JSON.stringify(event)), contextWith(remainingMs));
  return JSON.parse(JSON.stringify(answer ?? null));
}

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
    await sessionWith();
    // 23:30 UTC in summer is half past midnight of the next day in London.
    const answer = await call('plan', scheduled('2026-07-01T23:30:00Z'));
    expect(answer).toMatchObject({ start: '2026-06-26', end: '2026-07-02', force: false });
  });

  it('makes one run of a schedule, however often it is called', async () => {
    await sessionWith();
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
    await sessionWith();
    await expect(call('plan', event)).rejects.toMatchObject({
      name: 'BadInput',
      message: expect.stringMatching(message),
    });
    expect(lines.filter(({ level }) => level === 'ERROR')).toHaveLength(1);
  });
});

describe('the stages of a run, called one by one', () => {
  it('bring a day into the lake, and say the same when they are called twice', async () => {
    await sessionWith();
    const input = run();
    const planned = await call('plan', input);
    const work = workOf(input);
    for (let times = 0; times < 2; times++) {
      expect(await call('plan', input)).toEqual(planned);
      // The execution keeps its notes beside the work.
      expect(await call('scrape', { ...work, scrape: { done: false }, problem: {} })).toEqual({ done: true });
      expect(await call('publish', { ...work, scrape: { done: true } })).toMatchObject({
        status: 'committed',
        rows: 12,
      });
      expect(await call('audit', planned)).toEqual({ status: 'succeeded' });
      expect(await call('report', { ...(planned as object), audit: {} })).toEqual({
        report: `reports/${input.runId}/report.html`,
      });
    }
    expect((await currentRows(session.directory)).get(`country=gb/date=${DAY}`)).toHaveLength(12);
    expect(await logRows(session.directory, 'commits')).toHaveLength(1);
  });

  it('keep the names of their errors, for the state machine', async () => {
    await sessionWith(rule(0, status(406)), rule(1, status(500), 1));
    const input = run();
    await call('plan', input);
    await expect(call('scrape', workOf(input))).rejects.toMatchObject({ name: 'RateLimited' });
    for (const level of ['ERROR', 'WARN'])
      expect(lines.filter((line) => line.level === level && line.error !== undefined)).toHaveLength(
        level === 'WARN' ? 1 : 0,
      );
    expect(
      await call('give-up', { ...workOf(input), problem: { Error: 'RateLimited', Cause: '{}' } }),
    ).toEqual({
      done: true,
    });
  });

  it('stop before the deadline and ask to be called again, without having asked for another page', async () => {
    await sessionWith();
    const input = run();
    await call('plan', input);
    expect(await call('scrape', workOf(input), 70_000)).toEqual({ done: false });
    expect(asked(session, 0, 1, 2, 3)).toEqual([0, 0, 0, 0]);
    expect(await call('scrape', workOf(input), 200_000)).toEqual({ done: true });
    expect(asked(session, 0, 1, 2, 3)).toEqual([1, 1, 1, 1]);
  });

  it('say run, source and partition on every line, and count what happened', async () => {
    await sessionWith(rule(0, status(404)));
    const input = run();
    await call('plan', input);
    lines = [];
    await call('scrape', workOf(input));
    await call('publish', workOf(input));
    const log = lines.filter((line) => line.level !== undefined);
    expect(log.length).toBeGreaterThan(2);
    for (const line of log) {
      expect(line).toMatchObject({ runId: input.runId, source: 'racing', partition: `gb/${DAY}` });
    }
    const metric = (name: string, more: object = {}) =>
      lines
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
    await sessionWith(rule(0, status(404)));
    const told: { subject: string; text: string }[] = [];
    Object.assign(session.platform, {
      notifier: { notify: async (message: never) => void told.push(message) },
    });
    const input = run();
    const planned = await call('plan', input);
    await call('scrape', workOf(input));
    await call('publish', workOf(input));
    await call('audit', planned);
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
    await sessionWith();
    const input = run();
    await call('plan', input);
    session.onWrite = () => {
      throw trouble(name as string, code as number);
    };
    lines = [];
    await expect(call('scrape', workOf(input))).rejects.toMatchObject({ name: expected });
    session.onWrite = () => {};
    expect(lines.filter(({ level }) => level === 'ERROR' || level === 'WARN')).toHaveLength(1);
    expect(await call('scrape', workOf(input))).toEqual({ done: true });
  });
});

describe('retry-items', () => {
  const record = (message: { id: string; body: string; receipt: string }, receives = 1) => ({
    messageId: message.id,
    body: message.body,
    receiptHandle: message.receipt,
    attributes: { ApproximateReceiveCount: String(receives) },
  });
  const received = async () => {
    await session.clock.sleep(46 * 60_000);
    return session.platform.failedItems.receive({ max: 10, visibilityMs: 30 * 60_000 });
  };

  it('reports the messages that stay in the queue and no other; a poison message takes no neighbour with it', async () => {
    await sessionWith(rule(0, status(500), 4), rule(1, status(500)));
    await session.run({ targets: ['gb'] });
    await session.platform.failedItems.send([{ body: 'poison', delayMs: 0 }]);
    const messages = await received();
    expect(messages).toHaveLength(3);
    const answer = await call('retry-items', { Records: messages.map((message) => record(message)) });
    const stays = messages.find(({ body }) => body.includes(raceId(session, 1)))!;
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: stays.id }] });
    expect(await session.platform.failedItems.depth()).toEqual({ due: 0, delayed: 1, inFlight: 0, dead: 1 });
    expect((await currentRows(session.directory)).get(`country=gb/date=${DAY}`)).toHaveLength(9);
  });

  it('answers, and does not throw, where every message stays', async () => {
    await sessionWith(rule(0, status(500)));
    await session.run({ targets: ['gb'] });
    const messages = await received();
    const answer = await call('retry-items', { Records: messages.map((message) => record(message)) });
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: messages[0]!.id }] });
  });

  it('asks the site for nothing when there is no time left', async () => {
    await sessionWith(rule(0, status(500), 4));
    await session.run({ targets: ['gb'] });
    const messages = await received();
    const answer = await call('retry-items', { Records: messages.map((each) => record(each)) }, 10_000);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: messages[0]!.id }] });
    expect(asked(session, 0)).toEqual([4]);
  });

  describe('at the last delivery', () => {
    /** What one delivery leaves behind of a race that failed in a run, and fails whenever it is asked for. */
    async function left(receives: number, remainingMs?: number) {
      await sessionWith(rule(0, status(500)));
      await session.run({ targets: ['gb'] });
      const [message] = await received();
      const event = { Records: [record(message!, receives)] };
      const answer = await call('retry-items', event, remainingMs);
      const { failedItems } = session.platform;
      const letters = await Array.fromAsync(failedItems.deadLetters());
      const [failure] = await session.failures();
      return { id: message!.id, answer, failure: failure!, letters, depth: await failedItems.depth() };
    }
    const reason = `it was delivered ${MAX_DELIVERIES} times without coming to an end`;

    it.each([
      ['failed once more', undefined, 5],
      ['was not tried for want of time', 10_000, 4],
    ])(
      'buries, with its reason, a message whose item %s, and its failure is dead',
      async (_, ms, requests) => {
        const { answer, failure, letters, depth } = await left(MAX_DELIVERIES, ms);
        expect(asked(session, 0)).toEqual([requests]);
        expect(answer).toEqual({ batchItemFailures: [] });
        expect(letters).toMatchObject([{ reason, body: expect.stringContaining(raceId(session, 0)) }]);
        expect(depth).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
        expect(failure).toMatchObject({ state: 'dead', retry: { deadAt: expect.any(Number) } });
        expect(failure.transitions.at(-1)).toMatchObject({ state: 'dead', why: reason });
      },
    );

    it('has not come one delivery before: the message stays, and its failure is queued', async () => {
      const { id, answer, failure, letters } = await left(MAX_DELIVERIES - 1);
      expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: id }] });
      expect(letters).toEqual([]);
      expect(failure.state).toBe('queued');
    });
  });

  it('refuses an event that is none of SQS', async () => {
    await sessionWith();
    await expect(call('retry-items', { records: [] })).rejects.toMatchObject({
      name: 'BadInput',
      message: expect.stringContaining('Records: '),
    });
  });
});
