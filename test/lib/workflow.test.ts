import { describe, expect, it } from 'vitest';
import type { DailyCadence } from '../../core/source/cadence.ts';
import {
  dailyRescrape,
  LOCAL_RESOURCES,
  type StageName,
  scrapeRetryOf,
} from '../../core/workflow/workflow.ts';
import { planEventSchema } from '../../lambdas/contracts.ts';
import { partitionsAtOnce, TOLERATED_FAILURE_PERCENTAGE } from '../../lib/constructs/source-workflow.ts';
import { pascalCase } from '../../lib/deployment.ts';
import { sources } from '../../sources/index.ts';
import { references, Synthesized } from './synthesized.ts';

const prod = new Synthesized({ stage: 'prod' });
const functions = prod.all('AWS::Lambda::Function');

/** The definition with the local name of each resource in place of what CloudFormation will put there. */
function deployedDefinition(source: string): unknown {
  const machine = prod
    .all('AWS::StepFunctions::StateMachine')
    .find(({ Properties }) => Properties.StateMachineName === `rescrape-prod-${source}`)!;
  const parts: unknown[] = machine.Properties.DefinitionString['Fn::Join'][1];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : localNameOf(part))).join(''));
}

function localNameOf(reference: unknown): string {
  const called = functions.find(({ id }) => references(reference, id));
  if (called) return called.Properties.FunctionName.replace('rescrape-prod-', '') as StageName;
  if (JSON.stringify(reference).includes('OutputRefLake')) return 'local';
  throw new Error(`what is ${JSON.stringify(reference)}?`);
}

describe.each(sources)('the deployed workflow of $name', (source) => {
  it('is the local one but for the names of its resources', () => {
    expect(deployedDefinition(source.name)).toEqual(
      dailyRescrape({
        resources: LOCAL_RESOURCES,
        workListBucket: 'local',
        retry: source.retry,
        scrapeRetry: scrapeRetryOf(source),
        maxConcurrency: partitionsAtOnce(source),
        toleratedFailurePercentage: TOLERATED_FAILURE_PERCENTAGE,
      }),
    );
  });

  it('is logged and traced', () => {
    for (const { Properties } of prod.all('AWS::StepFunctions::StateMachine')) {
      expect(Properties.LoggingConfiguration).toMatchObject({ Level: 'ALL', IncludeExecutionData: true });
      expect(Properties.TracingConfiguration).toEqual({ Enabled: true });
    }
  });

  it('is found by the command line through an output of the pipeline stack', () => {
    expect(Object.keys(prod.outputs.pipeline ?? {})).toEqual(
      expect.arrayContaining([
        ...[
          'Bucket',
          'Table',
          'Database',
          'WorkGroup',
          'FailedItemsQueueUrl',
          'FailedItemsDlqUrl',
          'TopicArn',
        ],
        `StateMachineArn${pascalCase(source.name)}`,
      ]),
    );
  });
});

describe('partitions at once', () => {
  const politeness = { ...sources[0]!.politeness, concurrency: 2 };

  it.each([
    ['one where one host is asked', { baseUrl: 'https://one.example', politeness }, 1],
    [
      'whatever may be asked of it at once',
      { baseUrl: 'https://one.example', politeness: { ...politeness, requestsAtOnce: 50 } },
      1,
    ],
    ['four where each target has its own host', { politeness: { ...politeness, requestsAtOnce: 50 } }, 4],
    ['no more than requests at once over all hosts', { politeness: { ...politeness, requestsAtOnce: 3 } }, 3],
    ['or at one host, where nothing is said of all', { politeness }, 2],
  ])('are %s', (_, source, expected) => {
    expect(partitionsAtOnce(source)).toBe(expected);
  });
});

describe.each(sources)('the schedule of $name', (source) => {
  const own = prod
    .all('AWS::Scheduler::Schedule')
    .filter((schedule) => schedule.Properties.Name === `rescrape-prod-${source.name}`);
  const { Properties } = own[0]!;
  const { cadence } = source;

  it("is the one that starts the source's own state machine", () => {
    expect(own).toHaveLength(1);
    expect(Properties).toMatchObject({ FlexibleTimeWindow: { Mode: 'OFF' } });
    const [machine] = prod
      .all('AWS::StepFunctions::StateMachine')
      .filter(({ id }) => references(Properties.Target.Arn, id));
    expect(machine?.Properties.StateMachineName).toBe(`rescrape-prod-${source.name}`);
  });

  it.runIf(cadence.kind === 'daily')("fires every day, at the source's own time, in its zone", () => {
    const [hour, minute] = (cadence as DailyCadence).at.split(':').map(Number);
    expect(Properties).toMatchObject({
      ScheduleExpression: `cron(${minute} ${hour} * * ? *)`,
      ScheduleExpressionTimezone: source.timeZone,
    });
  });

  it.runIf(cadence.kind === 'every')('looks every quarter of an hour what is due, and says so', () => {
    expect(Properties).toMatchObject({
      ScheduleExpression: 'rate(15 minutes)',
      Description: expect.stringMatching(
        /^Crawls the targets of \w+ that are due, .* looks every 15 minutes$/,
      ),
    });
  });

  it('tries again, and leaves what it cannot start where somebody sees it', () => {
    expect(Properties.Target.RetryPolicy.MaximumRetryAttempts).toBeGreaterThan(0);
    expect(Properties.Target.DeadLetterConfig.Arn).toBeDefined();
  });

  it('gives what plan takes, once Scheduler has put in the time that the run was due', () => {
    const input = (Properties.Target.Input as string)
      .replace('<aws.scheduler.scheduled-time>', '2026-11-22T01:30:00Z')
      .replace('<aws.scheduler.execution-id>', 'd32c5kddcf5bb8c3');
    expect(planEventSchema().parse(JSON.parse(input))).toEqual({
      source: source.name,
      scheduledTime: '2026-11-22T01:30:00Z',
      executionName: 'd32c5kddcf5bb8c3',
    });
  });
});
