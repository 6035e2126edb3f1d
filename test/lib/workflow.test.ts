import { describe, expect, it } from 'vitest';
import { dailyRescrape, LOCAL_RESOURCES, type StageName } from '../../core/workflow/workflow.ts';
import { planEventSchema } from '../../lambdas/contracts.ts';
import { PARTITIONS_AT_ONCE, TOLERATED_FAILURE_PERCENTAGE } from '../../lib/constructs/daily-workflow.ts';
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
        maxConcurrency: PARTITIONS_AT_ONCE,
        toleratedFailurePercentage: TOLERATED_FAILURE_PERCENTAGE,
      }),
    );
  });

  it('never lets more requests out at once than one rate limiter does', () => {
    expect(PARTITIONS_AT_ONCE).toBe(1);
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

const daily = sources.flatMap(({ cadence, ...source }) =>
  cadence.kind === 'daily' ? [{ ...source, cadence }] : [],
);
describe.each(daily)('the schedule of $name', (source) => {
  const { Properties } = prod
    .all('AWS::Scheduler::Schedule')
    .find((schedule) => schedule.Properties.Name === `rescrape-prod-${source.name}`)!;
  const [hour, minute] = source.cadence.at.split(':').map(Number);

  it("starts the source's own state machine every day, at the source's own time, in its zone", () => {
    expect(Properties).toMatchObject({
      ScheduleExpression: `cron(${minute} ${hour} * * ? *)`,
      ScheduleExpressionTimezone: source.timeZone,
      State: 'ENABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
    });
    const [machine] = prod
      .all('AWS::StepFunctions::StateMachine')
      .filter(({ id }) => references(Properties.Target.Arn, id));
    expect(machine?.Properties.StateMachineName).toBe(`rescrape-prod-${source.name}`);
  });

  it('tries again, and leaves what it cannot start where somebody sees it', () => {
    expect(Properties.Target.RetryPolicy.MaximumRetryAttempts).toBeGreaterThan(0);
    expect(Properties.Target.DeadLetterConfig.Arn).toBeDefined();
  });

  it('gives what plan takes, once Scheduler has put in the time that the run was due', () => {
    const input = (Properties.Target.Input as string)
      .replace('<aws.scheduler.scheduled-time>', '2026-11-22T01:30:00Z')
      .replace('<aws.scheduler.execution-id>', 'd32c5kddcf5bb8c3');
    expect(planEventSchema.parse(JSON.parse(input))).toEqual({
      source: source.name,
      scheduledTime: '2026-11-22T01:30:00Z',
      executionName: 'd32c5kddcf5bb8c3',
    });
  });
});
