import { Duration } from 'aws-cdk-lib';
import { Match, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import {
  batchExtraction,
  EXTRACTION_STAGE_NAMES,
  type ExtractionStageName,
} from '../../core/workflow/batch-extraction.ts';
import type { DeployedExtraction } from '../../lambdas/extraction-contract.ts';
import { type Deployment, hasSchedules, nameOf } from '../deployment.ts';
import type { DeadLetterQueue } from './queue-with-dlq.ts';
import type { StageFunction } from './stage-function.ts';
import { workflowMachine } from './workflow-machine.ts';

/** How often an execution starts, which goes on where the one before ended. */
const EVERY_MINUTES = 10;
/**
 * Waves of one execution. With 20 seconds between two looks it is over before the next one starts; waves that
 * follow each other at once, because there is work, take longer, and two executions share it.
 */
const WAVES_OF_AN_EXECUTION = 20;

/** As Bedrock's events spell the ends of a job. */
const ENDS = ['Completed', 'PartiallyCompleted', 'Failed', 'Stopped', 'Expired'];

export interface ExtractionWorkflowProps {
  readonly deployment: Deployment;
  readonly extraction: DeployedExtraction;
  readonly functions: Readonly<Record<ExtractionStageName, StageFunction>>;
  /** Where a schedule or an event leaves what it could not start. */
  readonly scheduleDlq: DeadLetterQueue;
}

/**
 * The state machine of one extraction; a schedule starts it, and so does the end of a job of Bedrock, which
 * is told by an event (best effort: polling finds it as well).
 */
export class ExtractionWorkflow extends Construct {
  readonly stateMachine: StateMachine;
  /** Of the state machine; other stacks know it by that. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: ExtractionWorkflowProps) {
    super(scope, id);
    const { deployment, extraction, functions } = props;
    const name = nameOf(deployment.stage, `extract-${extraction.name}`);
    this.name = name;
    this.stateMachine = workflowMachine(this, {
      deployment,
      name,
      stageNames: EXTRACTION_STAGE_NAMES,
      functions,
      define: (resources) => batchExtraction({ resources, mostWaves: WAVES_OF_AN_EXECUTION }),
    });
    this.#startOnSchedule(name, props);
    this.#startOnEndOfJob(name, props);
  }

  #startOnSchedule(name: string, { deployment, extraction, scheduleDlq }: ExtractionWorkflowProps): void {
    new Schedule(this, 'Schedule', {
      scheduleName: name,
      description: `Looks after the batches of ${extraction.name}, and sends new ones, every ${EVERY_MINUTES} minutes`,
      schedule: ScheduleExpression.rate(Duration.minutes(EVERY_MINUTES)),
      enabled: hasSchedules(deployment),
      target: new StepFunctionsStartExecution(this.stateMachine, {
        input: ScheduleTargetInput.fromObject({ extraction: extraction.name }),
        // The next one does all that this one would have done.
        retryAttempts: 0,
        deadLetterQueue: scheduleDlq,
      }),
    });
  }

  #startOnEndOfJob(name: string, { extraction, scheduleDlq }: ExtractionWorkflowProps): void {
    new Rule(this, 'JobEnded', {
      ruleName: `${name}-job-ended`,
      description: `A job of ${extraction.name} is over at Bedrock: its results are read at once`,
      eventPattern: {
        source: ['aws.bedrock'],
        detailType: ['Batch Inference Job State Change'],
        detail: { batchJobName: Match.prefix(extraction.jobPrefix), status: ENDS },
      },
      targets: [
        new SfnStateMachine(this.stateMachine, {
          input: RuleTargetInput.fromObject({ extraction: extraction.name }),
          retryAttempts: 0,
          deadLetterQueue: scheduleDlq,
        }),
      ],
    });
  }
}
