import { Duration, Token } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ENV_CONTRACTS, type FunctionName } from '../../lambdas/contracts.ts';
import { type Deployment, nameOf, STAGE_POLICIES } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import { bundledCode } from './bundled-code.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

/**
 * Values for every variable that any contract names; a function is given those that its own contract names.
 */
export type EnvValues = Readonly<Record<string, string>>;

export interface StageFunctionProps {
  readonly deployment: Deployment;
  readonly name: FunctionName;
  /** Megabytes; also the share of a core (1,769 MB are one). */
  readonly memorySize: number;
  readonly timeout: Duration;
  readonly values: EnvValues;
  readonly topic: ITopic;
}

/**
 * One stage as a Lambda function: its bundle, the variables of its contract, a role that may write its own
 * log and nothing else until it is granted more, a log group with an end, and an alarm for when it dies.
 */
export class StageFunction extends Construct {
  readonly function: LambdaFunction;
  /** Other stacks know it by that. */
  readonly name: string;
  /** Grants of more than its own log go here. */
  readonly role: Role;

  constructor(scope: Construct, id: string, props: StageFunctionProps) {
    super(scope, id);
    const { deployment, name, values } = props;
    const policy = STAGE_POLICIES[deployment.stage];
    const functionName = nameOf(deployment.stage, name);
    this.name = functionName;
    // Named by CloudFormation: it outlives its stack in prod, and a name of ours would stop the next one.
    const logGroup = new LogGroup(this, 'Logs', {
      retention: policy.logRetention,
      removalPolicy: policy.removalPolicy,
    });
    // AWSLambdaBasicExecutionRole would let it write to every log group of the account.
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.role);
    this.function = new LambdaFunction(this, 'Function', {
      functionName,
      description: `Rescrape: ${name}`,
      code: bundledCode(name),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memorySize,
      timeout: props.timeout,
      role: this.role,
      logGroup,
      // platform.report, which the alarm below counts, is written at INFO and only as JSON.
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.INFO,
      tracing: Tracing.ACTIVE,
      environment: { ...environmentOf(name, values), ...deployment.sourceOverrides },
    });
    acknowledge(this.role, {
      'AwsSolutions-IAM5[Resource::*]':
        'X-Ray has no resources to name: PutTraceSegments and PutTelemetryRecords only know "*".',
    });
    this.#alarmWhenItDies(functionName, logGroup, props.topic);
  }

  /**
   * Stages throw to ask the state machine for another try, so Lambda's own count of errors says nothing. What
   * is never right: a time-out, a process that dies (out of memory), and an import that fails (a variable is
   * missing).
   */
  #alarmWhenItDies(functionName: string, logGroup: LogGroup, topic: ITopic): void {
    const died = new MetricFilter(this, 'Died', {
      logGroup,
      metricNamespace: 'Rescrape/Functions',
      metricName: `${functionName}-died`,
      metricValue: '1',
      filterPattern: FilterPattern.any(
        FilterPattern.all(
          FilterPattern.stringValue('$.type', '=', 'platform.report'),
          FilterPattern.any(
            FilterPattern.stringValue('$.record.status', '=', 'timeout'),
            FilterPattern.stringValue('$.record.status', '=', 'failure'),
          ),
        ),
        FilterPattern.all(
          FilterPattern.stringValue('$.type', '=', 'platform.initReport'),
          FilterPattern.stringValue('$.record.status', '!=', 'success'),
        ),
      ),
    });
    new RunbookAlarm(this, 'DiedAlarm', {
      alarmName: `${functionName}-died`,
      summary: `${functionName} timed out, ran out of memory or could not start.`,
      runbook: 'function-died',
      topic,
      metric: died.metric({ period: Duration.minutes(5), statistic: 'Sum' }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

/**
 * The variables of a contract. Throws where one has no value, or a value that is known now and that its
 * reader would refuse.
 */
export function environmentOf(name: FunctionName, values: EnvValues): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [variable, schema] of Object.entries(ENV_CONTRACTS[name]().shape)) {
    const value = values[variable];
    if (value === undefined) throw new Error(`function ${name}: no value for ${variable}`);
    const checked = Token.isUnresolved(value) || schema.safeParse(value).success;
    if (!checked) throw new Error(`function ${name}: ${JSON.stringify(value)} is no ${variable}`);
    environment[variable] = value;
  }
  return environment;
}
