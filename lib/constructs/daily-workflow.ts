import { ArnFormat, Duration, RemovalPolicy, Stack, TimeZone } from 'aws-cdk-lib';
import { Grant, Policy } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  type ScheduleProps,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Source } from '../../core/source/source.ts';
import { dailyRescrape, STAGE_NAMES, type StageName, workflowRetry } from '../../core/workflow/workflow.ts';
import { type Deployment, nameOf, STAGE_POLICIES } from '../deployment.ts';
import type { LakeStack } from '../lake-stack.ts';
import { acknowledge } from './acknowledge.ts';
import { grantLake } from './lake-access.ts';
import type { DeadLetterQueue } from './queue-with-dlq.ts';
import type { StageFunction } from './stage-function.ts';

/**
 * Partitions of one source under way at once. The time is the site's: 441 pages at 4 a second are 110 s
 * however many functions wait for their turn (`core/fetch/permit-store.ts`), and a waiting function is paid
 * for.
 */
export const PARTITIONS_AT_ONCE = 1;

/** A broken partition never stops the others, nor the summary and the report that tell of it. */
export const TOLERATED_FAILURE_PERCENTAGE = 100;

export interface DailyWorkflowProps {
  readonly deployment: Deployment;
  readonly source: Source;
  readonly functions: Readonly<Record<StageName, StageFunction>>;
  readonly lake: LakeStack;
  /** Where a schedule leaves what it could not start. */
  readonly scheduleDlq: DeadLetterQueue;
}

/** The state machine of one source, and the schedule that starts it at the source's own times. */
export class DailyWorkflow extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: DailyWorkflowProps) {
    super(scope, id);
    const { deployment, source, functions, lake } = props;
    const policy = STAGE_POLICIES[deployment.stage];
    const name = nameOf(deployment.stage, source.name);
    const arns = STAGE_NAMES.map((stage) => [stage, functions[stage].function.functionArn] as const);
    const definition = dailyRescrape({
      resources: Object.fromEntries(arns) as Record<StageName, string>,
      workListBucket: lake.bucket.bucketName,
      retry: workflowRetry(source),
      maxConcurrency: PARTITIONS_AT_ONCE,
      toleratedFailurePercentage: TOLERATED_FAILURE_PERCENTAGE,
    });
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName: name,
      definitionBody: DefinitionBody.fromString(Stack.of(this).toJsonString(definition)),
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Logs', {
          // This prefix keeps the account's one resource policy for log delivery from growing past its limit.
          logGroupName: `/aws/vendedlogs/states/${name}`,
          retention: policy.logRetention,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        includeExecutionData: true,
      },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.#grantWhatTheDefinitionDoes(name, props);
    this.#startDaily(name, props);
    acknowledge(this.stateMachine.role, {
      'AwsSolutions-IAM5[Resource::*]':
        'Log delivery and X-Ray have no resources to name: their actions only know "*".',
    });
  }

  #grantWhatTheDefinitionDoes(name: string, { functions, lake }: DailyWorkflowProps): void {
    const { stateMachine } = this;
    for (const stage of STAGE_NAMES) functions[stage].function.grantInvokeLatestVersion(stateMachine);
    // The item reader reads the work list; the result writer writes beside it.
    grantLake(stateMachine.role, lake, { read: ['work'], write: ['work'] });
    Grant.addToPrincipal({
      grantee: stateMachine.role,
      actions: ['s3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
      resourceArns: [`${lake.bucketArnImport}/work/*`],
    });
    // A policy of its own: in the role's default policy, which the state machine waits for, this would be a
    // circle.
    const mapRuns = new Policy(this, 'MapRuns');
    stateMachine.grantStartExecution(mapRuns);
    const executions = (resourceName: string) =>
      Stack.of(this).formatArn({
        service: 'states',
        resource: 'execution',
        resourceName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
    Grant.addToPrincipal({
      grantee: mapRuns,
      actions: ['states:DescribeExecution', 'states:StopExecution'],
      resourceArns: [executions(`${name}:*`)],
    });
    // Redriving the execution redrives its map run, which redrives the children that failed.
    Grant.addToPrincipal({
      grantee: mapRuns,
      actions: ['states:RedriveExecution'],
      resourceArns: [executions(`${name}/partitions:*`)],
    });
    mapRuns.attachToRole(stateMachine.role);
    const own = 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution';
    const reason =
      'An execution is named when it starts; the wildcard stands for those of this state machine alone.';
    acknowledge(mapRuns, {
      [`AwsSolutions-IAM5[Resource::${own}:${name}:*]`]: reason,
      [`AwsSolutions-IAM5[Resource::${own}:${name}/partitions:*]`]: reason,
    });
  }

  #startDaily(name: string, { source, scheduleDlq }: DailyWorkflowProps): void {
    new Schedule(this, 'Daily', {
      scheduleName: name,
      ...scheduleOf(source),
      target: new StepFunctionsStartExecution(this.stateMachine, {
        // A scheduled run is named by when it was due, which Scheduler puts in here, and not by when it
        // starts: plan makes the window and the run's id of it, so a late, a doubled or a redriven start is
        // the same run.
        input: ScheduleTargetInput.fromObject({
          source: source.name,
          scheduledTime: ContextAttribute.scheduledTime,
          executionName: ContextAttribute.executionId,
        }),
        // Starting late beats not starting: the window is that of the time it was due.
        retryAttempts: 10,
        maxEventAge: Duration.hours(6),
        deadLetterQueue: scheduleDlq,
      }),
    });
  }
}

/** When runs of the source start, and how that is described. */
function scheduleOf({ name, cadence, timeZone }: Source): Pick<ScheduleProps, 'description' | 'schedule'> {
  if (cadence.kind === 'every') {
    // Half the time of a target: one that became due just after a run is not left until the next but one.
    const minutes = Math.max(1, Math.floor(cadence.minutes / 2));
    return {
      description: `Scrapes the targets of ${name} that are due: each ${cadence.minutes} minutes after the last time`,
      schedule: ScheduleExpression.rate(Duration.minutes(minutes)),
    };
  }
  const [hour, minute] = cadence.at.split(':').map(Number);
  return {
    description: `Rescrapes ${name}, the last ${cadence.windowDays} days, every day at ${cadence.at} ${timeZone}`,
    schedule: ScheduleExpression.cron({
      hour: String(hour),
      minute: String(minute),
      timeZone: TimeZone.of(timeZone),
    }),
  };
}
