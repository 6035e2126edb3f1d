import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExtractEvent } from '../../core/extract/extract-event.ts';
import { runExtraction } from '../../core/extract/run-extraction.ts';
import { type WaveInput, waveInputSchema, waveStage } from '../../core/extract/wave-stage.ts';
import { batchExtraction, LOCAL_EXTRACTION_RESOURCES } from '../../core/workflow/batch-extraction.ts';
import { extractOnStack, type StackExtractRequest } from '../../runtime/aws-extract-run.ts';
import { runWorkflow } from '../../runtime/local-workflow.ts';
import type { StackPlatform } from '../../runtime/stack.ts';
import {
  goodPlan,
  PlayedProvider,
  type ProviderPlan,
  textLine,
} from '../core/extract/support/played-provider.ts';
import { good, ListedLibrary, openWorld, SleepingClock, type World } from '../core/extract/support/world.ts';

/** Step Functions, played: an execution is the machine of an extraction over a state and a lake of here. */
const sfn = mockClient(SFNClient);
const worlds: World[] = [];
afterEach(() => {
  sfn.reset();
  for (const world of worlds.splice(0)) world.close();
});

const ARN = 'arn:aws:states:eu-west-1:000000000000:execution:extract-reading:run';
const KEYS = [1, 2, 3, 4].map((number) => `Alabama:St. Mary's:1851:${number}`);
const MINUTE = 60_000;

function open(plan: Partial<ProviderPlan> = {}, { minimumPages = 1 } = {}) {
  const clock = new SleepingClock();
  const provider = new PlayedProvider(
    goodPlan((key) => good(key), plan),
    () => clock.now(),
    minimumPages,
  );
  const world = openWorld(provider, new ListedLibrary(KEYS), clock, { pollSeconds: 60 });
  worlds.push(world);
  let started = 0;
  const platform = {
    ...{ state: world.state, lake: world.lake, clock, newId: () => `execution-${++started}` },
    resources: {
      stack: 'rescrape-dev-pipeline',
      extractions: new Map([['Reading', { stateMachine: 'arn:reading', settings: {} }]]),
    },
  } as unknown as StackPlatform;
  return { clock, provider, world, platform };
}

/** Plays executions of `mostWaves` waves; `results`: what each publication answers. */
function executes(
  { world, clock }: ReturnType<typeof open>,
  mostWaves: number,
  results: Readonly<Record<string, number>> = { committed: 1 },
) {
  const inputs: WaveInput[] = [];
  let end: Awaited<ReturnType<typeof runWorkflow>> | undefined;
  sfn.on(StartExecutionCommand).callsFake(async ({ input, stateMachineArn }) => {
    expect(stateMachineArn).toBe('arn:reading');
    inputs.push(JSON.parse(input));
    end = await runWorkflow(batchExtraction({ resources: LOCAL_EXTRACTION_RESOURCES, mostWaves }), {
      input: JSON.parse(input),
      stages: {
        'extract-wave': async (payload) =>
          (await waveStage(world.orchestrator(), waveInputSchema.parse(payload))).answer,
        'publish-extraction': async () => ({ runId: 'p', partitions: 1, results, isStopped: false }),
      },
      clock,
      onEvent: () => {},
    });
    return { executionArn: ARN };
  });
  sfn.on(DescribeExecutionCommand, { executionArn: ARN }).callsFake(async () => {
    if (end?.kind !== 'succeeded') throw new Error(JSON.stringify(end));
    return { executionArn: ARN, status: 'SUCCEEDED', output: JSON.stringify(end.output) };
  });
  return inputs;
}

function follow(
  { platform, world }: ReturnType<typeof open>,
  request: Partial<StackExtractRequest> = {},
): { readonly told: ExtractEvent[]; readonly run: ReturnType<typeof extractOnStack> } {
  const told: ExtractEvent[] = [];
  const run = extractOnStack(platform, world.orchestrator(), {
    env: { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
    ...{ filter: {}, isOutdatedAsked: false, tell: (event: ExtractEvent) => void told.push(event) },
    ...request,
  });
  return { told, run };
}

describe('an extraction on a stack', () => {
  it('goes on with another execution until nothing is left, and ends as a run on one machine', async () => {
    const there = open({ durationMs: () => 5 * MINUTE });
    const inputs = executes(there, 3);
    const end = await follow(there).run;
    const here = open({ durationMs: () => 5 * MINUTE });
    const { waves: _, ...local } = await runExtraction(here.world.orchestrator());
    expect(inputs.length).toBeGreaterThan(2);
    expect(inputs).toEqual(inputs.map(() => ({ extraction: 'reading', filter: {}, outdated: false })));
    expect(end).toMatchObject({ kind: 'ended', end: local, published: { partitions: 1 } });
    expect(local).toMatchObject({ kind: 'finished', sent: { pages: KEYS.length } });
  });

  it('tells what becomes of batches in the words of a local run', async () => {
    const plan: Partial<ProviderPlan> = {
      durationMs: () => 5 * MINUTE,
      lines: ({ requests }) => requests.map(({ key }) => textLine(key, 'no JSON')),
    };
    const there = open(plan);
    executes(there, 2);
    const { told, run } = follow(there);
    await run;
    const here = open(plan);
    await runExtraction(here.world.orchestrator());
    const unclaimed = here.world.events.filter(({ kind }) => kind !== 'claimed');
    expect(unclaimed.map(({ kind }) => kind)).toContain('page-failed');
    const texts = (events: readonly ExtractEvent[]) =>
      events.map(({ ...event }) => ({ ...event, batch: 'b' })).map((event) => JSON.stringify(event));
    expect(texts(told).toSorted()).toEqual(texts(unclaimed).toSorted());
  });

  it('sends no more pages than the limit, over all its executions', async () => {
    const there = open({ durationMs: () => 5 * MINUTE });
    const inputs = executes(there, 2);
    const end = await follow(there, { limit: 2, filter: { states: ['Alabama'] } }).run;
    expect(end).toMatchObject({ kind: 'ended', end: { kind: 'finished', sent: { pages: 2 } } });
    expect(there.provider.log.flatMap(({ requests }) => requests).length).toBe(2);
    expect(inputs.at(0)).toMatchObject({ limit: 2, filter: { states: ['Alabama'] } });
    expect(inputs.at(-1)).toMatchObject({ limit: 0 });
  });

  const ENDS: [string, Partial<ProviderPlan>, number][] = [
    ['refused', { submit: () => 'refused' }, 1],
    ['delayed', { submit: () => 'unreachable' }, 1],
    ['stuck', { end: () => 'no-results' }, 1],
    ['held', {}, 9],
  ];
  it.each(ENDS)('ends %s as a run on one machine does', async (kind, plan, minimumPages) => {
    const there = open(plan, { minimumPages });
    executes(there, 20);
    const here = open(plan, { minimumPages });
    expect((await runExtraction(here.world.orchestrator())).kind).toBe(kind);
    expect(await follow(there).run).toMatchObject({ kind: 'ended', end: { kind } });
  });

  it('says what an execution died of', async () => {
    const there = open();
    sfn.on(StartExecutionCommand).resolves({ executionArn: ARN });
    const cause = JSON.stringify({ errorMessage: 'the role may not read the secret' });
    sfn.on(DescribeExecutionCommand).resolves({ status: 'FAILED', error: 'Transient', cause });
    expect(await follow(there).run).toEqual({
      kind: 'failed',
      message: 'the execution ended FAILED; Transient: the role may not read the secret',
    });
  });

  it('goes on when nobody follows it any more', async () => {
    const there = open();
    sfn.on(StartExecutionCommand).resolves({ executionArn: ARN });
    sfn.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
    const abort = new AbortController();
    const run = follow(there, { signal: abort.signal, onStart: () => abort.abort() }).run;
    expect(await run).toMatchObject({
      kind: 'aborted',
      message: expect.stringMatching(/no longer followed: .* goes on in the stack rescrape-dev-pipeline/),
    });
  });

  it('says of a stack of another version that it is to be deployed again', async () => {
    const there = open();
    sfn.on(StartExecutionCommand).resolves({ executionArn: ARN });
    sfn.on(DescribeExecutionCommand).resolves({ status: 'SUCCEEDED', output: '{"wave":{"waves":1}}' });
    await expect(follow(there).run).rejects.toMatchObject({
      name: 'StorageError',
      message: expect.stringMatching(/deploy it again/),
    });
  });
});
