import { CfnOutput } from 'aws-cdk-lib';
import type { DeployedExtraction } from '../lambdas/extraction-contract.ts';
import type { ExtractionAccess } from './constructs/extraction-access.ts';
import { pascalCase } from './deployment.ts';
import type { LakeStack } from './lake-stack.ts';
import type { PipelineStack } from './pipeline-stack.ts';

/** What the outputs tell of beside the stack itself. */
interface Beside {
  readonly lake: LakeStack;
  readonly extractions: readonly DeployedExtraction[];
  readonly access: ExtractionAccess;
}

/** What the command line finds everything by (`--stack NAME`). */
export function writeOutputs(stack: PipelineStack, { lake, extractions, access }: Beside): void {
  const outputs: Record<string, string> = {
    Bucket: lake.bucket.bucketName,
    Table: lake.table.tableName,
    Database: lake.database.databaseName,
    WorkGroup: lake.workGroup.name,
    FailedItemsQueueUrl: stack.failedItems.queue.queueUrl,
    FailedItemsDlqUrl: stack.failedItems.dlq.queueUrl,
    TopicArn: stack.topic.topicArn,
    BedrockRoleArn: access.bedrockRole.roleArn,
  };
  for (const [source, { stateMachine }] of stack.workflows)
    outputs[`StateMachineArn${pascalCase(source)}`] = stateMachine.stateMachineArn;
  for (const [extraction, { stateMachine }] of stack.extractions)
    outputs[`ExtractionArn${pascalCase(extraction)}`] = stateMachine.stateMachineArn;
  for (const { name, variables } of extractions)
    outputs[`ExtractionSettings${pascalCase(name)}`] = stack.toJsonString(variables);
  for (const [kind, { queue, dlq }] of stack.enrichmentQueues) {
    outputs[`EnrichQueueUrl${pascalCase(kind)}`] = queue.queueUrl;
    outputs[`EnrichDlqUrl${pascalCase(kind)}`] = dlq.queueUrl;
  }
  for (const [key, value] of Object.entries(outputs)) new CfnOutput(stack, `${key}Output`, { key, value });
}
