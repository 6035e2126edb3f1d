import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { StateMachineDefinition } from '../../core/workflow/asl.ts';
import { type Deployment, STAGE_POLICIES } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import type { StageFunction } from './stage-function.ts';

export interface WorkflowMachineProps<StageName extends string> {
  readonly deployment: Deployment;
  /** Of its own in the account: that of the deployment is in it. */
  readonly name: string;
  readonly stageNames: readonly StageName[];
  readonly functions: Readonly<Record<StageName, StageFunction>>;
  /** `resources`: the ARN of the function of each stage. */
  readonly define: (resources: Readonly<Record<StageName, string>>) => StateMachineDefinition;
}

/** The state machine of a workflow in this scope: logged, traced, and allowed to call the stages. */
export function workflowMachine<StageName extends string>(
  scope: Construct,
  { deployment, name, stageNames, functions, define }: WorkflowMachineProps<StageName>,
): StateMachine {
  const arns = stageNames.map((stage) => [stage, functions[stage].function.functionArn] as const);
  const definition = define(Object.fromEntries(arns) as Record<StageName, string>);
  const machine = new StateMachine(scope, 'StateMachine', {
    stateMachineName: name,
    definitionBody: DefinitionBody.fromString(Stack.of(scope).toJsonString(definition)),
    tracingEnabled: true,
    logs: {
      destination: new LogGroup(scope, 'Logs', {
        // This prefix keeps the account's one resource policy for log delivery from growing past its limit.
        logGroupName: `/aws/vendedlogs/states/${name}`,
        retention: STAGE_POLICIES[deployment.stage].logRetention,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      level: LogLevel.ALL,
      includeExecutionData: true,
    },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  for (const stage of stageNames) functions[stage].function.grantInvokeLatestVersion(machine);
  acknowledge(machine.role, {
    'AwsSolutions-IAM5[Resource::*]':
      'Log delivery and X-Ray have no resources to name: their actions only know "*".',
  });
  return machine;
}
