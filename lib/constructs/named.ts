import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type IStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';

// Resources of another stack of this deployment by the names that it gave them. Taken from their constructs
// they would be exports, and CloudFormation lets nobody take away a resource whose export is imported: a
// source could be removed or renamed no more.

/** To watch it. */
export function stateMachineNamed(scope: Construct, name: string): IStateMachine {
  return StateMachine.fromStateMachineName(scope, `Named-${name}`, name);
}

/** To watch it. */
export function functionNamed(scope: Construct, name: string): IFunction {
  return LambdaFunction.fromFunctionName(scope, `Named-${name}`, name);
}

/** Messages that wait in a queue and may be received. */
export function messagesIn(queueName: string): Metric {
  return new Metric({
    namespace: 'AWS/SQS',
    metricName: 'ApproximateNumberOfMessagesVisible',
    dimensionsMap: { QueueName: queueName },
    statistic: 'Maximum',
    period: Duration.minutes(5),
  });
}
