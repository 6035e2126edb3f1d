import { StateMachine } from 'aws-local-stepfunctions';
import { afterEach, describe, expect, it } from 'vitest';
import { resultKeyOf } from '../../../core/extract/result-object.ts';
import { waveInputSchema, waveStage } from '../../../core/extract/wave-stage.ts';
import { StageError } from '../../../core/platform.ts';
import { batchExtraction, LOCAL_EXTRACTION_RESOURCES } from '../../../core/workflow/batch-extraction.ts';
import { runWorkflow, type Stage } from '../../../runtime/local-workflow.ts';
import { goodPlan, PlayedProvider, type ProviderPlan } from '../extract/support/played-provider.ts';
import { good, ListedLibrary, openWorld, page, SleepingClock, type World } from '../extract/support/world.ts';

const BOOK = "Alabama:St. Mary's:1851";
const KEYS = [1, 2, 3, 4].map((number) => `${BOOK}:${number}`);
const INPUT = { extraction: 'reading' };
const MINUTE = 60_000;

let world: World | undefined;
afterEach(() => world?.close());

function play({ plan = {}, keys = KEYS }: { plan?: Partial<ProviderPlan>; keys?: readonly string[] } = {}) {
  const clock = new SleepingClock();
  const provider = new PlayedProvider(
    goodPlan((key) => good(key), plan),
    () => clock.now(),
  );
  const opened = openWorld(provider, new ListedLibrary(keys), clock, { pollSeconds: 60 });
  world = opened;
  const called: string[] = [];
  /** As a function does: each wave is another orchestrator, and nothing but JSON goes on. */
  const wave: Stage = async (payload) =>
    (await waveStage(opened.orchestrator(), waveInputSchema.parse(payload))).answer;
  /** An orchestrator that has time for so many pieces of work. */
  const hurried = (pieces: number) => {
    let asked = 0;
    return opened.orchestrator({ mustStop: () => ++asked > pieces });
  };
  const execute = (mostWaves: number, stages: Record<string, Stage> = {}) =>
    runWorkflow(batchExtraction({ resources: LOCAL_EXTRACTION_RESOURCES, mostWaves }), {
      input: INPUT,
      stages: {
        'extract-wave': wave,
        'publish-extraction': async () => ({ partitions: 0, results: {} }),
        ...stages,
      },
      clock,
      onEvent: (event) => {
        if (event.kind === 'stage-finished') called.push(event.stage);
      },
    });
  const results = async () => {
    const found = await Promise.all(KEYS.map((key) => opened.lake.head(resultKeyOf(page(key)))));
    return found.filter((each) => each !== undefined).length;
  };
  return { clock, provider, world: opened, hurried, called, execute, results };
}

describe('the machine of an extraction', () => {
  it('is valid to Step Functions', () => {
    const arn = (stage: string) => `arn:aws:lambda:eu-west-1:123456789012:function:${stage}`;
    const definition = batchExtraction({
      resources: {
        'extract-wave': arn('extract-wave'),
        'publish-extraction': arn('publish-extraction'),
      },
      mostWaves: 10,
    });
    const validate = () =>
      new StateMachine(JSON.parse(JSON.stringify(definition)), {
        validationOptions: { checkArn: true, checkPaths: true },
      });
    expect(validate).not.toThrow();
    for (const mostWaves of [0, 1.5, Number.NaN])
      expect(() => batchExtraction({ resources: LOCAL_EXTRACTION_RESOURCES, mostWaves })).toThrow(RangeError);
  });

  it('goes on wave by wave, each published, until every page of a chain has its result', async () => {
    const { execute, results, called, provider } = play({ plan: { durationMs: () => 5 * MINUTE } });
    expect(await execute(1_000)).toMatchObject({ kind: 'succeeded' });
    expect(await results()).toBe(KEYS.length);
    expect(provider.log.map(({ requests }) => requests.map(({ key }) => key))).toEqual(
      KEYS.map((key) => [key]),
    );
    // Once for each page that was sent, and once more for each that has ended.
    const published = called.filter((stage) => stage === 'publish-extraction').length;
    expect(published).toBeGreaterThan(KEYS.length);
    expect(published).toBeLessThan(called.length / 2);
    expect(called.at(-1)).toBe('publish-extraction');
  });

  it('ends after a number of waves, and an execution with the same input goes on from there', async () => {
    const { execute, results, called, provider } = play({ plan: { durationMs: () => 5 * MINUTE } });
    let executions = 0;
    while ((await results()) < KEYS.length && executions < 50) {
      const before = called.length;
      expect(await execute(3)).toMatchObject({ kind: 'succeeded' });
      expect(called.length - before).toBeLessThanOrEqual(6);
      executions++;
    }
    expect(executions).toBeGreaterThan(1);
    expect(executions).toBeLessThan(50);
    expect(await results()).toBe(KEYS.length);
    // Paid for once.
    expect(provider.log).toHaveLength(KEYS.length);
  });

  it('shares the work of two executions at once: no page is sent twice', async () => {
    const { execute, results, provider } = play({ plan: { durationMs: () => 5 * MINUTE } });
    const ends = await Promise.all([execute(1_000), execute(1_000)]);
    expect(ends.map(({ kind }) => kind)).toEqual(['succeeded', 'succeeded']);
    expect(await results()).toBe(KEYS.length);
    expect(provider.log).toHaveLength(KEYS.length);
  });

  it('submits no more in an execution once the provider has refused a job', async () => {
    let asked = 0;
    const { execute, results } = play({
      plan: {
        submit: () => {
          asked++;
          return 'refused';
        },
      },
    });
    expect(await execute(1_000)).toMatchObject({ kind: 'succeeded' });
    expect([asked, await results()]).toEqual([1, 0]);
    await execute(1_000);
    expect(asked).toBe(2);
  });

  it('fails under the error of a wave that breaks', async () => {
    const { execute, called } = play();
    const breaks: Stage = async () => {
      throw new StageError('BadInput', 'no such extraction');
    };
    const end = await execute(10, { 'extract-wave': breaks });
    expect(end).toMatchObject({ kind: 'failed', error: { name: 'BadInput' } });
    expect(called).toEqual([]);
  });

  it('fails under the error of a publication that fails, and tries one again that passes', async () => {
    const { execute } = play();
    let tries = 0;
    const conflict: Stage = async () => {
      tries++;
      throw new StageError('Conflict', 'another one committed');
    };
    const end = await execute(10, { 'publish-extraction': conflict });
    expect(end).toMatchObject({ kind: 'failed', error: { name: 'Conflict' } });
    expect(tries).toBe(4);
  });
});

describe('a wave whose time is over', () => {
  const AT_ONCE = { durationMs: () => 0 };

  it.each([4, 10, 40])(
    'with time for %i pieces of work ends in order, and the next goes on at once',
    async (budget) => {
      const keys = Array.from({ length: 70 }, (_, at) => `Ohio:School ${at}:1851:1`);
      const { clock, provider, world: opened, hurried } = play({ keys, plan: AT_ONCE });
      let before: unknown;
      let cuts = 0;
      for (let waves = 0; waves < 500; waves++) {
        const input = waveInputSchema.parse({ ...INPUT, wave: before });
        const { answer, wave } = await waveStage(hurried(budget), input);
        if (wave.isCut) expect(answer).toMatchObject({ goesOn: true, waitSeconds: 0 });
        if (wave.isCut) cuts++;
        if (!answer.goesOn) break;
        clock.advance(answer.waitSeconds * 1_000);
        before = JSON.parse(JSON.stringify(answer));
      }
      expect(cuts).toBeGreaterThan(0);
      // A job has the pages that there was time to upload.
      expect(provider.log[0]!.requests.length).toBeLessThan(budget);
      const sent = provider.log.flatMap(({ requests }) => requests.map(({ key }) => key));
      expect(sent.toSorted()).toEqual(keys.toSorted());
      const context = opened.orchestrator();
      expect(await context.batches.activeIds()).toEqual([]);
      for (const key of keys)
        expect((await context.pages.get(key)).page).toMatchObject({ failures: 0, attempts: 1 });
    },
  );

  it('leaves the rest of long results to the next, which pays for nothing again', async () => {
    const keys = Array.from({ length: 100 }, (_, at) => `Ohio:School ${at}:1851:1`);
    const { provider, world: opened, hurried } = play({ keys, plan: AT_ONCE });
    const input = waveInputSchema.parse(INPUT);
    await waveStage(opened.orchestrator(), input);
    const recorded: number[] = [];
    const context = opened.orchestrator();
    for (let waves = 0; waves < 20 && (await context.batches.activeIds()).length > 0; waves++) {
      await waveStage(hurried(2), input);
      recorded.push((await Array.fromAsync(opened.lake.list('extractions/'))).length);
    }
    expect(recorded.length).toBeGreaterThan(2);
    expect(recorded).toEqual(recorded.toSorted((a, b) => a - b));
    expect(recorded.at(-1)).toBe(keys.length);
    expect(provider.log).toHaveLength(1);
  });
});
