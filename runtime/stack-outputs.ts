import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { awsFailure, awsTrouble } from '../adapters/aws/aws-failure.ts';
import { type AwsConnection, clientSettings } from '../adapters/aws/client-settings.ts';
import { StorageError } from '../core/ports/storage-error.ts';
import type { AwsResources } from './aws.ts';

/** A deployed pipeline, as its stack's outputs tell. */
export interface StackResources extends Required<AwsResources> {
  /** Of Athena. */
  readonly workGroup: string;
  /**
   * ARN of the state machine of each source, by the name that the output carries: `Racing`, `BellSchedules`.
   */
  readonly stateMachines: ReadonlyMap<string, string>;
  /** By the name that the outputs carry: `Catalogs`. */
  readonly extractions: ReadonlyMap<string, ExtractionResources>;
  /** By which Bedrock reads and writes batches; undefined where a version without it was deployed. */
  readonly bedrockRoleArn: string | undefined;
}

export interface ExtractionResources {
  /** ARN */
  readonly stateMachine: string;
  /** The variables of its settings that were given when it was deployed. */
  readonly settings: Readonly<Record<string, string>>;
}

const STATE_MACHINE = 'StateMachineArn';
const EXTRACTION = 'ExtractionArn';
const ENRICH_QUEUE = 'EnrichQueueUrl';

/**
 * Finds what a stack has deployed. Throws a `StorageError` of one line that names the stack where it is not
 * there, is no pipeline of ours, or cannot be asked for.
 */
export async function readStackOutputs(
  stack: string,
  connection: AwsConnection = {},
): Promise<StackResources> {
  const client = new CloudFormationClient(clientSettings(connection));
  const outputs = await outputsOf(client, stack).finally(() => client.destroy());
  const output = (name: string): string => {
    const value = outputs.get(name);
    if (value !== undefined) return value;
    throw new StorageError(
      `the stack ${stack} has no output ${name}: give the name of a pipeline stack, as in rescrape-dev-pipeline, or deploy it again`,
    );
  };
  return {
    stack,
    bucket: output('Bucket'),
    table: output('Table'),
    database: output('Database'),
    workGroup: output('WorkGroup'),
    failedItems: {
      queueUrl: output('FailedItemsQueueUrl'),
      deadLettersUrl: output('FailedItemsDlqUrl'),
    },
    enrichmentQueues: new Map(
      [...namedAfter(outputs, ENRICH_QUEUE)].map(([kind, queueUrl]) => [
        kindOf(kind),
        { queueUrl, deadLettersUrl: output(`EnrichDlqUrl${kind}`) },
      ]),
    ),
    topicArn: output('TopicArn'),
    stateMachines: namedAfter(outputs, STATE_MACHINE),
    extractions: new Map(
      [...namedAfter(outputs, EXTRACTION)].flatMap(([name, stateMachine]) => {
        const settings = outputs.get(`ExtractionSettings${name}`);
        // Of a version that did not tell them: `extractionResourcesOf` says what to do.
        return settings === undefined ? [] : [[name, { stateMachine, settings: JSON.parse(settings) }]];
      }),
    ),
    bedrockRoleArn: outputs.get('BedrockRoleArn'),
  };
}

/**
 * The state machine that runs a source. Throws a `StorageError` where the stack was deployed without the
 * source.
 */
export function stateMachineOf({ stack, stateMachines }: StackResources, source: string): string {
  return deployed(stack, stateMachines, source);
}

/** Of an extraction. Throws a `StorageError` where the stack was deployed without it. */
export function extractionResourcesOf(
  { stack, extractions }: StackResources,
  extraction: string,
): ExtractionResources {
  return deployed(stack, extractions, extraction);
}

/** `name`: `bell-schedules`, which an output carries as `BellSchedules`. */
function deployed<T>(stack: string, all: ReadonlyMap<string, T>, name: string): T {
  const words = name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const found = all.get(words.join(''));
  if (found !== undefined) return found;
  throw new StorageError(`the stack ${stack} does not run ${name}: deploy it again with this version`);
}

/** Values of the outputs whose name begins so, by the rest of it. */
function namedAfter(outputs: ReadonlyMap<string, string>, prefix: string): Map<string, string> {
  return new Map(
    [...outputs]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

/** `bell-time` of `BellTime`, as an output carries it. */
function kindOf(name: string): string {
  return name.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase();
}

async function outputsOf(client: CloudFormationClient, stack: string): Promise<Map<string, string>> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const outputs = Stacks[0]?.Outputs ?? [];
    return new Map(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
  } catch (error) {
    // CloudFormation has no error of its own for this.
    const { name, message } = awsTrouble(error) ?? {};
    if (name === 'ValidationError' && /does not exist/.test(message ?? '')) {
      throw new StorageError(
        `there is no stack ${stack} in this account and region: check the name (rescrape-dev-pipeline), the profile and the region, or deploy it with "npx cdk deploy --all"`,
        { cause: error },
      );
    }
    throw awsFailure(error, `cloudformation:DescribeStacks ${stack}`);
  }
}
