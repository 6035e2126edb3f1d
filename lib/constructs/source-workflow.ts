import { ArnFormat, Duration, Stack, TimeZone } from 'aws-cdk-lib';
import { Grant, Policy } from 'aws-cdk-lib/aws-iam';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  type ScheduleProps,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { checkMinutesOf, requestsAtOnceOf, type Source } from '../../core/source/source.ts';
import { dailyRescrape, STAGE_NAMES, type StageName, scrapeRetryOf } from '../../core/workflow/workflow.ts';
import { type Deployment, nameOf } from '../deployment.ts';
import type { LakeStack } from '../lake-stack.ts';
import { acknowledge } from './acknowledge.ts';
import { grantLake } from './lake-access.ts';
import type { DeadLetterQueue } from './queue-with-dlq.ts';
import type { StageFunction } from './stage-function.ts';
import { workflowMachine } from './workflow-machine.ts';

/**
 * Of a source with many hosts. A new account may run ten functions at once: this leaves six to the other
 * sources, the retries and the stages.
 */
const PARTITIONS_AT_ONCE_ON_MANY_HOSTS = 4;

/**
 * Partitions of a source under way at once. One where one host is asked: the time is the site's (441 pages at
 * 4 a second are 110 s however many functions wait for their turn, see `core/fetch/permit-store.ts`), and a
 * waiting function is paid for. More where each target has its own host, but never more than the requests
 * that the source lets out at once: a function for each of them would wait again.
 */
export function partitionsAtOnce({ baseUrl, politeness }: Pick<Source, 'baseUrl' | 'politeness'>): number {
  if (baseUrl !== undefined) return 1;
  return Math.min(requestsAtOnceOf(politeness), PARTITIONS_AT_ONCE_ON_MANY_HOSTS);
}

/** A broken partition never stops the others, nor the summary and the report that tell of it. */
export const TOLERATED_FAILURE_PERCENTAGE = 100;

export interface SourceWorkflowProps {
  readonly deployment: Deployment;
  readonly source: Source;
  readonly functions: Readonly<Record<StageName, StageFunction>>;
  readonly lake: LakeStack;
  /** Where a schedule leaves what it could not start. */
  readonly scheduleDlq: DeadLetterQueue;
  /** Its schedule is on. */
  readonly isScheduled: boolean;
}

/** The state machine of one source, and the schedule that starts it at the source's own times. */
export class SourceWorkflow extends Construct {
  readonly stateMachine: StateMachine;
  /** Of the state machine; other stacks know it by that. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: SourceWorkflowProps) {
    super(scope, id);
    const { deployment, source, functions, lake } = props;
    const name = nameOf(deployment.stage, source.name);
    this.name = name;
    this.stateMachine = workflowMachine(this, {
      deployment,
      name,
      stageNames: STAGE_NAMES,
      functions,
      define: (resources) =>
        dailyRescrape({
          resources,
          workListBucket: lake.bucket.bucketName,
          retry: source.retry,
          scrapeRetry: scrapeRetryOf(source),
          maxConcurrency: partitionsAtOnce(source),
          toleratedFailurePercentage: TOLERATED_FAILURE_PERCENTAGE,
        }),
    });
    this.#grantWhatTheDefinitionDoes(name, props);
    this.#startOnSchedule(name, props);
  }

  #grantWhatTheDefinitionDoes(name: string, { functions, lake }: SourceWorkflowProps): void {
    const { stateMachine } = this;
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
    mapRuns.attachToRole(stateMachine.role);
    // Of a run that has not ended, the plan of the next one asks whether its execution has.
    Grant.addToPrincipal({
      grantee: functions.plan.role,
      actions: ['states:DescribeExecution'],
      resourceArns: [executions(`${name}:*`)],
    });
    const own = 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution';
    const reason =
      'An execution is named when it starts; the wildcard stands for those of this state machine alone.';
    for (const construct of [mapRuns, functions.plan.role])
      acknowledge(construct, { [`AwsSolutions-IAM5[Resource::${own}:${name}:*]`]: reason });
  }

  #startOnSchedule(name: string, { source, scheduleDlq, isScheduled }: SourceWorkflowProps): void {
    // Its id stays what it was: under another one the name would be taken while the old one is still there.
    new Schedule(this, 'Daily', {
      scheduleName: name,
      ...scheduleOf(source),
      enabled: isScheduled,
      target: new StepFunctionsStartExecution(this.stateMachine, {
        // A scheduled run is named by when it was due, which Scheduler puts in here, and not by when it
        // starts: plan makes the window and the run's id of it, so a late or a doubled start is the same run.
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
    // A run that is still under way when the next one starts harms nobody: each target is claimed by one run.
    const look = Duration.minutes(checkMinutesOf(cadence));
    return {
      description: `Crawls the targets of ${name} that are due, each ${Duration.minutes(cadence.minutes).toHumanString()} after its last crawl; looks every ${look.toHumanString()}`,
      schedule: ScheduleExpression.rate(look),
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
