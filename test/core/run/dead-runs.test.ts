import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scheduledRunId } from '../../../core/calendar/run-id.ts';
import type { Platform } from '../../../core/platform.ts';
import type { ExecutionStatus } from '../../../core/ports/executions.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { readWorkList } from '../../../core/run/work-list.ts';
import { STAGES } from '../../../core/stages.ts';
import { type RunInput, type RunRecord, RunStore } from '../../../core/state/run-store.ts';
import {
  dailyRescrape,
  LOCAL_RESOURCES,
  STAGE_NAMES,
  type StageName,
} from '../../../core/workflow/workflow.ts';
import { runWorkflow, type Stage } from '../../../runtime/local-workflow.ts';
import { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

const MINUTE = 60_000;

let session: Session;
/** What Step Functions says of each execution. */
let executions: Map<string, ExecutionStatus | Error>;
beforeEach(async () => {
  executions = new Map();
  session = await Session.start({ env: { RESCRAPE_RACING_CONCURRENCY: '1' } });
});
afterEach(() => session.close());

/** As functions have it: nothing but Step Functions knows whether a run is still alive. */
const deployed = (): Platform => ({
  ...session.platform,
  executions: {
    find: async (execution) => {
      const status = executions.get(execution) ?? { kind: 'absent' };
      if (status instanceof Error) throw status;
      return status;
    },
  },
});

const inputOf = (more: Partial<RunInput> = {}): RunInput => ({
  ...{ runId: session.platform.newId(), source: 'racing', start: DAY, end: DAY, force: false },
  ...{ targets: ['gb', 'ire'], ...more },
});

/** Plays one execution of the state machine, stage by stage as functions do; `signal` stops it. */
async function execute(
  execution: string,
  input: RunInput,
  { stages = {}, signal }: { stages?: Partial<Record<StageName, Stage>>; signal?: AbortSignal } = {},
) {
  executions.set(execution, { kind: 'running' });
  const platform = deployed();
  const bound = STAGE_NAMES.map((name): [StageName, Stage] => [
    name,
    stages[name] ?? ((payload) => STAGES[name](platform, payload as never, () => signal?.aborted ?? false)),
  ]);
  const end = await runWorkflow(
    dailyRescrape({
      ...{ resources: LOCAL_RESOURCES, workListBucket: 'local', maxConcurrency: 1 },
      ...{ retry: { attempts: 1, intervalSeconds: 1, backoffRate: 1 }, toleratedFailurePercentage: 100 },
    }),
    {
      ...{ input, execution, clock: session.clock, ...(signal && { signal }) },
      stages: Object.fromEntries(bound),
      readLines: ({ key }) => readWorkList(platform, key),
    },
  );
  const as = end.kind === 'aborted' ? 'stopped' : end.kind;
  executions.set(execution, { kind: 'ended', as, at: session.clock.now(), problem: null });
  return end;
}

/** One that is stopped once so many pages are on record; gives the id of its run. */
async function stoppedExecution(name: string, pages = 3): Promise<string> {
  const abort = new AbortController();
  let tried = 0;
  session.onWrite = ({ name: written }) => {
    if (/\/attempts\/(index|item-)/.test(written) && ++tried === pages) abort.abort(new Error('stopped'));
  };
  const input = inputOf();
  expect(await execute(name, input, { signal: abort.signal })).toMatchObject({ kind: 'aborted' });
  session.onWrite = () => {};
  return input.runId;
}

const dies = (name: string): Stage => {
  return async () => {
    throw Object.assign(new Error('it died'), { name });
  };
};
const recordOf = async (runId: string): Promise<RunRecord | undefined> =>
  new RunStore(session.platform.state).get('racing', runId);
const workOf = (runId: string) => Array.fromAsync(session.platform.lake.list(`work/${runId}/racing/`));

describe('a run whose plan fails', () => {
  it('ends as failed, with what the plan died of, and its execution fails of the same', async () => {
    const input = inputOf();
    session.onWrite = ({ name }) => {
      if (name.startsWith(`work/${input.runId}`)) throw new Error('the disk is full');
    };
    const end = await execute('a', input);
    expect(end).toMatchObject({ kind: 'failed', error: { message: 'the disk is full' } });
    expect(await recordOf(input.runId)).toMatchObject({
      status: 'failed',
      message: 'Error: the disk is full',
      execution: 'a',
      finishedAt: expect.any(Number),
    });
  });

  it('is on record also where the function died before it could put it there', async () => {
    const input = inputOf();
    const end = await execute('a', input, { stages: { plan: dies('Runtime.OutOfMemory') } });
    expect(end).toMatchObject({ kind: 'failed', error: { name: 'Runtime.OutOfMemory' } });
    expect(await recordOf(input.runId)).toMatchObject({
      ...{ input, status: 'failed', message: 'Runtime.OutOfMemory: it died' },
    });
  });

  it('is none where the input was refused', async () => {
    const input = inputOf({ targets: ['nowhere'] });
    expect(await execute('a', input)).toMatchObject({ kind: 'failed', error: { name: 'BadInput' } });
    expect(await recordOf(input.runId)).toBeUndefined();
  });
});

describe('a run whose summary breaks', () => {
  it('ends as failed', async () => {
    const input = inputOf();
    await execute('a', input, { stages: { summarize: dies('Sandbox.Timedout') } });
    expect(await recordOf(input.runId)).toMatchObject({
      ...{ status: 'failed', message: 'Sandbox.Timedout: it died' },
    });
  });
});

describe('an execution whose partitions break', () => {
  it('fails where all of them do, and the run with it', async () => {
    const input = inputOf();
    const end = await execute('a', input, { stages: { publish: dies('StorageError') } });
    expect(end).toMatchObject({ kind: 'failed', error: { name: 'EveryPartitionBroke' } });
    expect(await recordOf(input.runId)).toMatchObject({ status: 'failed' });
  });

  it('succeeds where one does not, and the run is incomplete', async () => {
    const input = inputOf();
    const publish: Stage = (payload) =>
      (payload as { value: string }).value === 'gb'
        ? dies('StorageError')(payload)
        : STAGES.publish(deployed(), payload as never, () => false);
    expect(await execute('a', input, { stages: { publish } })).toMatchObject({ kind: 'succeeded' });
    expect(await recordOf(input.runId)).toMatchObject({ status: 'incomplete' });
  });

  it('have what they fetched put on record by the plan of a later run', async () => {
    const input = inputOf();
    // Told to stop at once, it has fetched the index.
    const scrape: Stage = async (payload) => {
      await STAGES.scrape(deployed(), payload as never, () => true);
      return dies('TypeError')(payload);
    };
    await execute('a', input, { stages: { scrape, 'record-failures': dies('TypeError') } });
    expect(await recordOf(input.runId)).toMatchObject({ status: 'failed', unrecorded: true });
    expect(await session.attempts()).not.toContainEqual(expect.objectContaining({ item_id: 'index' }));
    await session.clock.sleep(16 * MINUTE);
    await execute('b', inputOf({ targets: ['fr'] }));
    expect(await session.attempts()).toContainEqual(
      expect.objectContaining({ item_id: 'index', run_id: input.runId }),
    );
    expect(await recordOf(input.runId)).toMatchObject({ status: 'failed', unrecorded: false });
    expect(await workOf(input.runId)).toEqual([]);
  });
});

describe('a run whose execution is stopped', () => {
  it('is ended by the plan of the next one, which says what became of it', async () => {
    const runId = await stoppedExecution('a');
    expect(await recordOf(runId)).toMatchObject({ status: 'running' });
    await execute('b', inputOf({ targets: ['fr'] }));
    expect(await recordOf(runId)).toMatchObject({
      ...{ status: 'abandoned', message: 'its execution was stopped' },
    });
  });

  it('keeps its work while one of its functions may be at it, then its attempts go on record', async () => {
    const runId = await stoppedExecution('a');
    await execute('b', inputOf({ targets: ['fr'] }));
    expect(await workOf(runId)).not.toEqual([]);
    await session.clock.sleep(16 * MINUTE);
    await execute('c', inputOf({ targets: ['fr'] }));
    expect(await workOf(runId)).toEqual([]);
    const ofRun = (await session.attempts()).filter((row) => row.run_id === runId);
    expect(ofRun.filter(({ item_id }) => item_id !== 'robots.txt')).toHaveLength(3);
    expect(await recordOf(runId)).toMatchObject({ status: 'abandoned', unrecorded: false });
  });

  it.each([
    ['timed out', { as: 'timed-out', problem: null }, 'failed', 'its execution timed out'],
    [
      'failed in a way that nothing in it could tell of',
      { as: 'failed', problem: 'States.Runtime: a path' },
      'failed',
      'its execution failed: States.Runtime: a path',
    ],
  ] as const)('has failed where the execution %s', async (_, end, status, message) => {
    const runId = await stoppedExecution('a');
    executions.set('a', { kind: 'ended', at: session.clock.now(), ...end });
    await execute('b', inputOf({ targets: ['fr'] }));
    expect(await recordOf(runId)).toMatchObject({ status, message });
  });

  it('has ended as its summary says, where only its report broke', async () => {
    const input = inputOf();
    await execute('a', input, { stages: { report: dies('Runtime.OutOfMemory') } });
    expect(await recordOf(input.runId)).toMatchObject({ status: 'running' });
    await execute('b', inputOf({ targets: ['fr'] }));
    expect(await recordOf(input.runId)).toMatchObject({ status: 'succeeded', message: null });
  });

  it('is left alone while the execution runs, and where nobody can tell, which is said', async () => {
    const runId = await stoppedExecution('a');
    executions.set('a', { kind: 'running' });
    await session.clock.sleep(16 * MINUTE);
    await execute('b', inputOf({ targets: ['fr'] }));
    executions.set('a', new StorageError('states:DescribeExecution a: access denied'));
    expect(await execute('c', inputOf({ targets: ['fr'] }))).toMatchObject({ kind: 'succeeded' });
    expect(await recordOf(runId)).toMatchObject({ status: 'running' });
    expect(await workOf(runId)).not.toEqual([]);
    expect(session.events).toContainEqual({
      kind: 'warning',
      message: `whether run ${runId} is over cannot be told: states:DescribeExecution a: access denied`,
    });
  });
});

describe('a schedule that fires twice', () => {
  const scheduled = () => inputOf({ runId: scheduledRunId('racing', session.clock.now()) });
  const requests = () => session.site.requests.filter(({ path }) => path !== '/robots.txt').length;

  it.each([
    ['one after the other', false],
    ['side by side', true],
  ])('makes one run, %s', async (_, isParallel) => {
    const input = scheduled();
    const first = execute('a', input);
    if (!isParallel) await first;
    const ends = await Promise.all([first, execute('b', input)]);
    expect(ends.map(({ kind }) => kind)).toEqual(['succeeded', 'succeeded']);
    expect(ends.filter((end) => 'alreadyBegun' in (end as { output: object }).output)).toHaveLength(1);
    expect(await recordOf(input.runId)).toMatchObject({ status: 'succeeded' });
    const once = requests();
    await execute('c', inputOf({ force: true }));
    expect(once).toBe(requests() - once);
  });

  it('does not call it done where it has failed, and leaves its record as it is', async () => {
    const input = scheduled();
    await execute('a', input, { stages: { plan: dies('SiteUnreachable') } });
    expect(await execute('b', input)).toMatchObject({
      kind: 'failed',
      error: { name: 'BadInput', message: expect.stringContaining(`run --resume ${input.runId}`) },
    });
    expect(await recordOf(input.runId)).toMatchObject({
      ...{ status: 'failed', message: 'SiteUnreachable: it died', execution: 'a' },
    });
  });

  it('does not end the run of the first where the plan of the second dies', async () => {
    const input = scheduled();
    await STAGES.plan(deployed(), { input, execution: 'a' } as never, () => false);
    await execute('b', input, { stages: { plan: dies('Runtime.OutOfMemory') } });
    expect(await recordOf(input.runId)).toMatchObject({ status: 'running', execution: 'a' });
  });
});
