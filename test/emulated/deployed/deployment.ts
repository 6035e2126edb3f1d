import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetPartitionsCommand, GlueClient } from '@aws-sdk/client-glue';
import {
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { uuidv7 } from 'uuidv7';
import { openDynamoStateStore } from '../../../adapters/aws/dynamo-state-store.ts';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';
import { type RunInput, RunStore } from '../../../core/state/run-store.ts';
import type { FunctionName } from '../../../lambdas/contracts.ts';
import { pascalCase } from '../../../lib/deployment.ts';
import type { Emulator } from '../../emulator/emulator.ts';
import { deploy, ROOT, runCdk, synthesize } from './cdk-cli.ts';
import { type Change, makeTemplatePlayable } from './cloud-assembly.ts';

/** What the command line is given with `--stack`. */
const PIPELINE = 'rescrape-dev-pipeline';
/** Milliseconds, for what hangs: a run of 48 pages ends in seconds, and an extraction in a minute. */
const RUN_TIMEOUT_MS = 300_000;

/** One try of a stage that failed, as its execution's history tells it. */
export interface StageFailure {
  readonly error: string;
  readonly cause: string;
}

/** How an execution ended. */
export interface ExecutionEnd {
  readonly executionArn: string;
  readonly status: string;
  readonly problem: string | undefined;
}

/** Our app, stage dev, on an emulator: synthesized, deployed with the CDK CLI, its outputs read. */
export class Deployment {
  readonly outputs: Readonly<Record<string, string>>;
  /** What had to be changed of the app, so that the emulator can play it. */
  readonly changes: readonly Change[];
  readonly state: StateStore & { close(): void };
  readonly #emulator: Emulator;
  readonly #home: string;
  readonly #s3: S3Client;
  readonly #stepFunctions: SFNClient;
  readonly #glue: GlueClient;
  readonly #sqs: SQSClient;
  #root: string;
  #mirrors = 0;

  private constructor(
    emulator: Emulator,
    home: string,
    root: string,
    changes: readonly Change[],
    outputs: Readonly<Record<string, string>>,
  ) {
    const { connection } = emulator;
    this.#emulator = emulator;
    this.#home = home;
    this.#root = root;
    this.changes = changes;
    this.outputs = outputs;
    this.#s3 = new S3Client({ ...connection, forcePathStyle: true });
    this.#stepFunctions = new SFNClient(connection);
    this.#glue = new GlueClient(connection);
    this.#sqs = new SQSClient(connection);
    this.state = openDynamoStateStore({ table: outputs.Table!, clock: systemClock, connection });
  }

  /**
   * `overrides`: the variables `RESCRAPE_<SOURCE>_…` of every function. `root`: the checkout of the app.
   * @default root ours
   */
  static async start(
    emulator: Emulator,
    overrides: Readonly<Record<string, string>>,
    root = ROOT,
  ): Promise<Deployment> {
    const home = mkdtempSync(join(tmpdir(), 'rescrape-deployed-'));
    try {
      // Node's search for the type of a module ends here and not in some package.json above.
      writeFileSync(join(home, 'package.json'), '{}');
      const assembly = await synthesize(emulator, home, overrides, root);
      const bootstrap = join(home, 'bootstrap.json');
      writeFileSync(bootstrap, await runCdk(emulator, home, ['bootstrap', '--show-template', '--json']));
      makeTemplatePlayable(bootstrap);
      const account = `aws://000000000000/${emulator.region}`;
      const here = ['--app', assembly.directory];
      await runCdk(emulator, home, ['bootstrap', '--template', bootstrap, ...here, account]);
      await deploy(emulator, home, assembly);
      return new Deployment(emulator, home, root, assembly.changes, await outputsOf(emulator, PIPELINE));
    } catch (error) {
      rmSync(home, { recursive: true, force: true });
      throw error;
    }
  }

  /** Deploys another version of the app, from a checkout of it, over this one, with the same stores. */
  async redeploy(overrides: Readonly<Record<string, string>>, root: string): Promise<void> {
    const assembly = await synthesize(this.#emulator, this.#home, overrides, root);
    await deploy(this.#emulator, this.#home, assembly);
    this.#root = root;
  }

  /** One run of the state machine of a source, to its end. */
  async run(input: Omit<RunInput, 'runId'>): Promise<ExecutionEnd & { readonly runId: string }> {
    const runId = uuidv7();
    return { ...(await this.start({ ...input, runId }, input.source)), runId };
  }

  /** Starts the state machine of a source with any input and waits for its end. */
  start(input: unknown, source = 'racing'): Promise<ExecutionEnd> {
    return this.#execute(`StateMachineArn${pascalCase(source)}`, input);
  }

  /** One execution of the state machine of an extraction, to its end. */
  extract(extraction: string): Promise<ExecutionEnd> {
    return this.#execute(`ExtractionArn${pascalCase(extraction)}`, { extraction });
  }

  /** Puts the files below a directory into the lake's bucket, as somebody does who has the rights. */
  async upload(directory: string, prefix: string): Promise<void> {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name);
      const Key = `${prefix}/${relative(directory, path).split(sep).join('/')}`;
      const object = { Bucket: this.outputs.Bucket, Key, Body: readFileSync(path) };
      await this.#s3.send(new PutObjectCommand(object));
    }
  }

  /** Starts a run and stops its execution, as from the console, once the run is on record. */
  async stopped(input: Omit<RunInput, 'runId'>): Promise<RunInput> {
    const named = { ...input, runId: uuidv7() };
    const executionArn = await this.#begin(`StateMachineArn${pascalCase(input.source)}`, named);
    const runs = new RunStore(this.state);
    const deadline = Date.now() + RUN_TIMEOUT_MS;
    while (!(await runs.get(input.source, named.runId))) {
      if (Date.now() > deadline) throw new Error('the run was never begun');
      await sleep(20);
    }
    await this.#stepFunctions.send(new StopExecutionCommand({ executionArn }));
    return named;
  }

  async #begin(machine: string, input: unknown): Promise<string> {
    const { executionArn = '' } = await this.#stepFunctions.send(
      new StartExecutionCommand({
        stateMachineArn: this.outputs[machine],
        input: JSON.stringify(input),
      }),
    );
    return executionArn;
  }

  async #execute(machine: string, input: unknown): Promise<ExecutionEnd> {
    const executionArn = await this.#begin(machine, input);
    const deadline = Date.now() + RUN_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const { status, error, cause } = await this.#stepFunctions.send(
        new DescribeExecutionCommand({ executionArn }),
      );
      if (status !== 'RUNNING') {
        const problem = error === undefined ? undefined : `${error}: ${cause}`;
        return { executionArn, status: String(status), problem };
      }
      await sleep(100);
    }
    throw new Error(`the execution did not end; the emulator says:\n${this.#emulator.log().slice(-4000)}`);
  }

  /** The command line, with --stack, as somebody types it who has the rights. */
  async rescrape(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const { endpoint, region, credentials } = this.#emulator;
    const env = {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    return new Promise((resolve) => {
      execFile(
        'node',
        ['bin/rescrape.js', '--stack', PIPELINE, ...args],
        { env, cwd: this.#root },
        (error, stdout, stderr) => {
          resolve({ code: Number(error?.code ?? 0), stdout, stderr });
        },
      );
    });
  }

  /** The same with `--json`: what it prints, as a value. Throws where it ends with another code than 0. */
  async asked<T>(...words: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await this.rescrape('--json', ...words);
    if (code !== 0) throw new Error(`${words.join(' ')} ended ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** How tasks of an execution's children failed, those that were tried again included. */
  async stageErrors({ executionArn }: ExecutionEnd): Promise<StageFailure[]> {
    const client = this.#stepFunctions;
    const errors: StageFailure[] = [];
    const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn }));
    for (const { mapRunArn } of mapRuns) {
      const { executions = [] } = await client.send(new ListExecutionsCommand({ mapRunArn }));
      for (const child of executions) {
        const { events = [] } = await client.send(
          new GetExecutionHistoryCommand({ executionArn: child.executionArn }),
        );
        for (const { taskFailedEventDetails } of events) {
          if (taskFailedEventDetails === undefined) continue;
          const { error = '', cause = '' } = taskFailedEventDetails;
          errors.push({ error, cause });
        }
      }
    }
    return errors;
  }

  /** What Glue has of a table, in order. */
  async partitions(table: string): Promise<{ values: string[]; location: string }[]> {
    const { Partitions = [] } = await this.#glue.send(
      new GetPartitionsCommand({ DatabaseName: this.outputs.Database, TableName: table }),
    );
    return Partitions.map(({ Values = [], StorageDescriptor }) => ({
      values: Values,
      location: String(StorageDescriptor?.Location),
    })).sort((a, b) => (a.location < b.location ? -1 : 1));
  }

  /**
   * Calls a function at once, as Scheduler does with this event when it is due, and answers what it answers.
   * Throws what it throws.
   */
  async call(name: FunctionName, event: unknown): Promise<unknown> {
    const { endpoint, region, credentials } = this.#emulator;
    const path = `/2015-03-31/functions/rescrape-dev-${name}/invocations`;
    // The emulator takes the account's own key without a signature.
    const credential = `${credentials.accessKeyId}/20251122/${region}/lambda/aws4_request`;
    const answer = await fetch(`${endpoint}${path}`, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=none`,
      },
      body: JSON.stringify(event),
    });
    const text = await answer.text();
    if (!answer.ok || answer.headers.has('x-amz-function-error')) throw new Error(`${name}: ${text}`);
    return JSON.parse(text);
  }

  async sendFailedItem(body: string): Promise<void> {
    await this.#sqs.send(
      new SendMessageCommand({ QueueUrl: this.outputs.FailedItemsQueueUrl, MessageBody: body }),
    );
  }

  /** Messages in a queue, those included that wait or are being worked on. */
  async queued(output: 'FailedItemsQueueUrl' | 'FailedItemsDlqUrl'): Promise<number> {
    const { Attributes = {} } = await this.#sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: this.outputs[output], AttributeNames: ['All'] }),
    );
    const counts = ['', 'Delayed', 'NotVisible'].map((kind) => `ApproximateNumberOfMessages${kind}`);
    return counts.reduce((sum, count) => sum + Number(Attributes[count as 'All'] ?? 0), 0);
  }

  /**
   * Denies everybody to write under a prefix of the lake, beside what the bucket's policy says. Answers how
   * to end it.
   */
  async denyWriting(prefix: string): Promise<() => Promise<void>> {
    const Bucket = this.outputs.Bucket!;
    const { Policy } = await this.#s3
      .send(new GetBucketPolicyCommand({ Bucket }))
      .catch(() => ({ Policy: undefined }));
    const denial = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: `arn:aws:s3:::${Bucket}/${prefix}*`,
    };
    const before = Policy === undefined ? { Version: '2012-10-17', Statement: [] } : JSON.parse(Policy);
    const policy = { ...before, Statement: [...before.Statement, denial] };
    await this.#s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));
    return async () => {
      if (Policy === undefined) await this.#s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      else await this.#s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    };
  }

  /** Keys and ETags of everything that readers of the lake see. */
  async visible(): Promise<[key: string, etag: string][]> {
    const rooms = await Promise.all(['data/', 'tables/', 'exports/'].map((prefix) => this.objects(prefix)));
    return rooms.flat();
  }

  /** Keys and ETags of every object of the lake under a prefix, in order. */
  async objects(prefix = ''): Promise<[key: string, etag: string][]> {
    const found: [string, string][] = [];
    const pages = paginateListObjectsV2(
      { client: this.#s3 },
      { Bucket: this.outputs.Bucket, Prefix: prefix },
    );
    for await (const { Contents = [] } of pages) {
      for (const { Key, ETag } of Contents) found.push([String(Key), String(ETag)]);
    }
    return found;
  }

  /** Copies the lake, as it is now, into a folder as a local run would have left it. */
  async mirror(): Promise<string> {
    const directory = join(this.#home, `mirror-${++this.#mirrors}`);
    const lake = join(directory, 'lake');
    for (const [Key] of await this.objects()) {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: this.outputs.Bucket, Key }));
      const file = join(lake, Key);
      mkdirSync(dirname(file), { recursive: true });
      const bytes = await Body!.transformToByteArray();
      // A manifest names its files as the engine of that lake finds them.
      const isManifest = Key.startsWith('tables/');
      writeFileSync(
        file,
        isManifest ? Buffer.from(bytes).toString().replaceAll(`s3://${this.outputs.Bucket}`, lake) : bytes,
      );
    }
    return directory;
  }

  close(): void {
    this.state.close();
    this.#s3.destroy();
    for (const client of [this.#stepFunctions, this.#glue, this.#sqs]) client.destroy();
    rmSync(this.#home, { recursive: true, force: true });
  }
}

async function outputsOf(emulator: Emulator, stack: string): Promise<Record<string, string>> {
  const client = new CloudFormationClient(emulator.connection);
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const outputs = Stacks[0]?.Outputs ?? [];
    return Object.fromEntries(
      outputs.map(({ OutputKey, OutputValue }) => [String(OutputKey), String(OutputValue)]),
    );
  } finally {
    client.destroy();
  }
}
