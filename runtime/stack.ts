import { openAthenaWarehouse } from '../adapters/aws/athena-warehouse.ts';
import type { Executions } from '../core/ports/executions.ts';
import type { Warehouse } from '../core/ports/warehouse.ts';
import {
  type AwsOptions,
  type AwsPlatform,
  openAwsPlatform,
  withEnrichmentQueues,
  withExecutions,
  withGlue,
  withSns,
  withSqs,
} from './aws.ts';
import { connectionOf } from './aws-connection.ts';
import { withFetchers } from './aws-fetchers.ts';
import { guardedWarehouse } from './guarded-warehouse.ts';
import { readStackOutputs, type StackResources } from './stack-outputs.ts';

/** A deployed pipeline, for the command line. */
export interface StackPlatform extends AwsPlatform {
  readonly resources: StackResources;
  readonly executions: Executions;
}

/** Opens what a stack has deployed. Throws as `readStackOutputs` does. */
export async function openStack(stack: string, options: AwsOptions): Promise<StackPlatform> {
  const connection = options.connection ?? connectionOf(options.env);
  const resources = await readStackOutputs(stack, connection);
  const parts = [withFetchers, withGlue, withSqs, withEnrichmentQueues, withSns, withExecutions];
  const platform = openAwsPlatform(resources, parts, { ...options, connection });
  return { ...platform, executions: platform.executions!, resources };
}

/** The lake of a stack as Athena sees it. Close it. Refuses a table with objects that are no manifests. */
export function openStackWarehouse(platform: StackPlatform, env: AwsOptions['env']): Warehouse {
  const { clock, resources } = platform;
  const { database, workGroup } = resources;
  const athena = openAthenaWarehouse({ database, workGroup, clock, connection: connectionOf(env) });
  return guardedWarehouse(athena, platform);
}
