import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../../core/platform.ts';
import type { Executions } from '../../core/ports/executions.ts';
import { readWorkList } from '../../core/run/work-list.ts';
import { STAGES } from '../../core/stages.ts';
import type { RunInput } from '../../core/state/run-store.ts';
import type { PlanAnswer } from '../../core/workflow/workflow.ts';
import { runOnStack } from '../../runtime/aws-run.ts';
import type { StackPlatform } from '../../runtime/stack.ts';
import { faults, raceId, rule, status } from '../e2e/support/race-faults.ts';
import { Session } from '../e2e/support/session.ts';
import { DAY } from '../e2e/support/small-site.ts';

/** Step Functions, played: an execution is the stages one after the other over the lake of this machine. */
const sfn = mockClient(SFNClient);
let session: Session;
afterEach(async () => {
  sfn.reset();
  await session.close();
});

const ARN = 'arn:aws:states:eu-west-1:000000000000:execution:racing:run';
const GB = { value: 'gb', date: DAY };

function stack(): StackPlatform {
  const resources = {
    ...{ stack: 'rescrape-dev-pipeline', bucket: 'b', table: 't', database: 'd', workGroup: 'w' },
    ...{ failedItems: { queueUrl: 'q', deadLettersUrl: 'dlq' }, topicArn: 'arn' },
    enrichmentQueues: new Map(),
    stateMachines: new Map([['Racing', 'arn:racing']]),
    ...{ extractions: new Map(), bedrockRoleArn: undefined },
  };
  const executions: Executions = { find: async () => ({ kind: 'running' }) };
  return { ...session.platform, executions, resources };
}

/** Plays an execution when it is started; `leaveOut` breaks off before the publish of a target. */
function executes(leaveOut?: string): { input?: RunInput; done?: Promise<void> } {
  const execution: { input?: RunInput; done?: Promise<void>; ended?: boolean } = {};
  const play = async (input: RunInput) => {
    const { platform } = session;
    const byExecution = (input: object) => ({ input, execution: ARN }) as never;
    const planned = (await STAGES.plan(platform, byExecution(input), () => false)) as PlanAnswer;
    for await (const work of readWorkList(platform, planned.workList.key)) {
      await STAGES.scrape(platform, work as never, () => false);
      if (work.value !== leaveOut) await STAGES.publish(platform, work as never, () => false);
    }
    await STAGES.summarize(platform, planned as never, () => false);
    await STAGES.report(platform, byExecution(planned), () => false);
    execution.ended = true;
  };
  sfn.on(StartExecutionCommand).callsFake(({ input, stateMachineArn, name }) => {
    expect(stateMachineArn).toBe('arn:racing');
    execution.input = JSON.parse(input);
    expect(name).toBe(execution.input!.runId);
    execution.done = play(execution.input!);
    return { executionArn: ARN };
  });
  sfn.on(DescribeExecutionCommand, { executionArn: ARN }).callsFake(async () => {
    const wasOver = execution.ended;
    if (!wasOver) await Promise.race([execution.done, new Promise((resolve) => setTimeout(resolve, 50))]);
    return { executionArn: ARN, status: wasOver ? 'SUCCEEDED' : 'RUNNING' };
  });
  return execution;
}

const ask = (targets = ['gb']) => ({
  source: 'racing',
  start: DAY,
  end: DAY,
  targets,
  force: false,
  env: ENV,
});
const ENV = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };

describe('a run on a stack', () => {
  it('asks for exactly this window, and tells what its partitions do in the words of a local run', async () => {
    session = await Session.start({ site: { faults: faults(rule(0, status(404))) } });
    const execution = executes();
    const told: PipelineEvent[] = [];
    const starts: unknown[] = [];
    const end = await runOnStack(stack(), {
      ...ask(),
      all: true,
      onStart: (start) => starts.push(start),
      onEvent: (event) => told.push(event),
    });
    const { runId } = end;
    expect(execution.input).toEqual({
      runId,
      source: 'racing',
      start: DAY,
      end: DAY,
      targets: ['gb'],
      all: true,
      force: false,
    });
    expect(starts).toEqual([{ runId, resumed: false }]);
    expect(told[0]).toEqual({ kind: 'planned', runId, partitions: 1 });
    expect(told.at(-1)).toMatchObject({
      kind: 'published',
      partition: GB,
      result: {
        status: 'committed',
        rows: session.amount.rows - session.site.truth('gb', DAY)[0]!.runners.length,
      },
    });
    const local = session.events.filter(({ kind }) => kind === 'attempted' || kind === 'published');
    const sorted = (events: readonly PipelineEvent[]) => events.map((event) => JSON.stringify(event)).sort();
    expect(sorted(told.filter(({ kind }) => kind !== 'planned'))).toEqual(sorted(local));
    expect(told).toContainEqual(
      expect.objectContaining({ kind: 'attempted', item: raceId(session, 0), code: 'NOT_FOUND', attempt: 1 }),
    );
    expect(end).toMatchObject({
      kind: 'finished',
      problems: [],
      report: `reports/${runId}/report.html`,
      summary: {
        run: { status: 'incomplete', items_found: session.amount.races - 1 },
        partitions: [{ name: `racing/gb/${DAY}` }],
      },
    });
  });

  it('names the partitions whose children failed, with what they died of', async () => {
    session = await Session.start();
    executes('ire');
    sfn.on(ListMapRunsCommand).resolves({
      mapRuns: [
        { mapRunArn: 'map', executionArn: ARN, stateMachineArn: 'arn:racing', startDate: new Date(0) },
      ],
    });
    sfn.on(ListExecutionsCommand, { mapRunArn: 'map', statusFilter: 'FAILED' }).resolves({
      executions: [
        { executionArn: 'child', stateMachineArn: 's', name: 'c', status: 'FAILED', startDate: new Date(0) },
      ],
    });
    sfn.on(DescribeExecutionCommand, { executionArn: 'child' }).resolves({
      input: JSON.stringify({ value: 'ire', date: DAY }),
      error: 'Conflict',
      cause: JSON.stringify({
        errorType: 'Conflict',
        errorMessage: 'other writers kept committing',
        trace: [],
      }),
    });
    const end = await runOnStack(stack(), ask(['gb', 'ire']));
    expect(end).toMatchObject({
      kind: 'finished',
      problems: [{ name: `racing/ire/${DAY}`, message: 'Conflict: other writers kept committing' }],
    });
  });

  it('tells of an execution that failed because every partition broke as of a run, with each', async () => {
    session = await Session.start();
    const execution = executes('gb');
    sfn.on(DescribeExecutionCommand, { executionArn: ARN }).callsFake(async () => {
      await execution.done;
      return { executionArn: ARN, status: 'FAILED', error: 'EveryPartitionBroke', cause: 'no partition' };
    });
    sfn.on(ListMapRunsCommand).resolves({ mapRuns: [] });
    const end = await runOnStack(stack(), ask(['gb']));
    expect(end).toMatchObject({
      kind: 'finished',
      summary: { run: { status: 'failed' }, partitions: [{ name: `racing/gb/${DAY}`, result: 'broken' }] },
    });
  });

  it('says what an execution died of that left no summary', async () => {
    session = await Session.start();
    sfn.on(StartExecutionCommand).resolves({ executionArn: ARN });
    sfn.on(DescribeExecutionCommand).resolves({
      executionArn: ARN,
      status: 'FAILED',
      error: 'Transient',
      cause: JSON.stringify({ errorMessage: 'racing: cannot reach http://127.0.0.1:1' }),
    });
    expect(await runOnStack(stack(), ask())).toMatchObject({
      kind: 'failed',
      message: 'the execution ended FAILED; Transient: racing: cannot reach http://127.0.0.1:1',
    });
  });

  it('goes on when nobody follows it any more, and says where', async () => {
    session = await Session.start();
    sfn.on(StartExecutionCommand).resolves({ executionArn: ARN });
    sfn.on(DescribeExecutionCommand).resolves({ executionArn: ARN, status: 'RUNNING' });
    const abort = new AbortController();
    const end = await runOnStack(stack(), { ...ask(), signal: abort.signal, onStart: () => abort.abort() });
    expect(end).toMatchObject({
      kind: 'aborted',
      message: expect.stringMatching(/no longer followed: run .* goes on in the stack rescrape-dev-pipeline/),
    });
  });

  it('is one line where Step Functions may not be asked', async () => {
    session = await Session.start();
    const denied = Object.assign(new Error('no'), {
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
    });
    sfn.on(StartExecutionCommand).rejects(denied);
    await expect(runOnStack(stack(), ask())).rejects.toMatchObject({
      name: 'StorageError',
      message: expect.stringMatching(/^states:StartExecution arn:racing: access denied[^\n]*$/),
    });
  });
});
