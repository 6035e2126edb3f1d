import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../cli/main.ts';
import { operator } from '../../cli/operator.ts';
import { raceId } from '../e2e/support/race-faults.ts';
import { drainOneByOne, kindsOf } from '../e2e/support/retry-play.ts';
import type { Session } from '../e2e/support/session.ts';
import { DAY } from '../e2e/support/small-site.ts';
import { rescrape, rescrapeItems, rescrapeJson } from './support/command-line.ts';
import { sessionWithDeadLetters } from './support/dead-letters.ts';

interface Entry {
  readonly id: string;
  readonly item: string | null;
  readonly status: string;
}
interface Receipt {
  readonly queue: string;
  readonly redriven: readonly { readonly id: string; readonly item: string; readonly due_at: string }[];
  readonly left: readonly { readonly id: string; readonly item: string | null; readonly why: string }[];
  readonly seconds: number;
}

let session: Session;
const nameOfRace = (race: number) => `racing/gb/${DAY}/${raceId(session, race)}`;
const cli = (...words: string[]) => rescrape(session.directory, 'dead-letters', ...words);
const json = (...words: string[]) => rescrapeJson(session.directory, 'dead-letters', ...words);
const list = (...words: string[]) =>
  rescrapeItems(session.directory, 'dead-letters', 'list', ...words) as Promise<Entry[]>;
const dead = async () => (await session.platform.failedItems.depth()).dead;
const stateOf = async (race: number) =>
  (await session.failures()).find(({ item }) => item === raceId(session, race))!.state;

describe('dead-letters', () => {
  beforeEach(async () => {
    session = await sessionWithDeadLetters();
  });
  afterEach(() => session.close());

  it('lists what is dead with its reason, and colours nobody’s terminal', async () => {
    // Which of two items under way at once died first is chance.
    const byItem = (a: Entry, b: Entry) => String(a.item ?? '').localeCompare(String(b.item ?? ''));
    expect((await list()).toSorted(byItem)).toMatchObject([
      {
        item: null,
        status: 'poison',
        reason: 'the message is no JSON',
        obstacle: 'the message is no JSON',
      },
      { item: nameOfRace(0), status: 'dead', error_code: 'SERVER_ERROR', state: 'dead', obstacle: null },
      { item: nameOfRace(1), status: 'dead', error_code: 'SERVER_ERROR', state: 'dead', obstacle: null },
    ]);
    const { stdout } = await cli('list');
    expect(stdout).toContain('3 retries failed, the last with SERVER_ERROR HTTP 500');
    const { stdout: csv } = await cli('list', '--csv');
    expect(csv.split('\r\n')).toHaveLength(5);
    const poison = (await list()).find(({ status }) => status === 'poison');
    const shown = await cli('show', poison!.id);
    expect(shown.stdout).toContain('does nothing: the message is no JSON');
    expect(shown.stdout).not.toContain('\u001b');
  });

  it('narrows the list by source, target, date and code; poison is of none', async () => {
    expect(await list('--source', 'racing')).toHaveLength(2);
    expect(await list('--target', 'fr')).toEqual([]);
    expect(await list('--start', DAY, '--end', DAY, '--code', 'server_error')).toHaveLength(2);
    expect(await list('--code', 'TIMEOUT')).toEqual([]);
    const none = await cli('redrive', '--code', 'TIMEOUT');
    expect(none).toMatchObject({ code: 0, stdout: 'no dead letters that match\n' });
    const unknown = await cli('purge', '--code', 'BAD');
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('SERVER_ERROR') });
  });

  it('shows one by its item: message, failure, every change of its state, and what to do', async () => {
    const { stdout } = await cli('show', nameOfRace(0));
    expect(stdout).toMatch(/message +\{"version":2,/);
    expect(stdout).toMatch(/was +dead .* by \S+: 3 retries failed, the last with SERVER_ERROR/);
    expect(stdout).toMatch(
      new RegExp(
        `next +put it back .*: rescrape dead-letters redrive ${nameOfRace(0)} --local ${session.directory}\\n`,
      ),
    );
    expect(await cli('show', 'racing/gb/2020-01-01/1')).toMatchObject({
      code: 1,
      stderr: `rescrape: there is no dead letter "racing/gb/2020-01-01/1"; see their names: rescrape dead-letters list --local ${session.directory}\n`,
    });
  });

  it('puts back what can be tried, leaves what cannot, and gives a receipt of both', async () => {
    const { code, stdout } = await cli('redrive');
    expect(code).toBe(0);
    expect(stdout).toContain(
      "2 dead letters of racing back in rescrape's failed-items queue (queue.sqlite); at 250 ms between requests they take at least 0.5 s",
    );
    expect(stdout).toMatch(/1 dead letter left where it is:\n {2}[0-9a-f-]{36}: the message is no JSON/);
    expect(await dead()).toBe(1);
    expect(await stateOf(0)).toBe('queued');
    const transition = (await session.failures())[0]!.transitions.at(-1);
    expect(transition).toMatchObject({ state: 'queued', by: operator() });
    expect(kindsOf(await drainOneByOne(session.platform))).toEqual(['failed-again', 'failed-again']);
  });

  it('gives the receipt as JSON', async () => {
    const receipt = (await json('redrive')) as Receipt;
    expect(receipt).toMatchObject({ dry_run: false, queue: 'queue.sqlite', seconds: 1 });
    expect(receipt.redriven.map(({ item }) => item).toSorted()).toEqual([nameOfRace(0), nameOfRace(1)]);
    expect(Date.parse(receipt.redriven[1]!.due_at) - Date.parse(receipt.redriven[0]!.due_at)).toBe(250);
    expect(receipt.left).toEqual([{ id: expect.any(String), item: null, why: 'the message is no JSON' }]);
  });

  it('says with --dry-run what it would put back, and puts nothing back', async () => {
    const { stdout } = await cli('redrive', '--dry-run');
    expect(stdout).toContain("2 dead letters of racing would be back in rescrape's failed-items queue");
    expect(stdout).toContain('nothing was changed');
    expect(await dead()).toBe(3);
    expect(await stateOf(0)).toBe('dead');
  });

  it('puts the one back that is named, and no other', async () => {
    const { redriven } = (await json('redrive', nameOfRace(1))) as Receipt;
    expect(redriven.map(({ item }) => item)).toEqual([nameOfRace(1)]);
    expect([await stateOf(0), await stateOf(1)]).toEqual(['dead', 'queued']);
  });

  it('shows what a purge would delete, and the command that does it', async () => {
    const { code, stdout } = await cli('purge', '--target', 'gb', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('2 dead letters would be deleted, 2 failures dismissed with them.');
    expect(stdout).toContain(
      `rescrape dead-letters purge --target gb --confirm --local ${session.directory}\n`,
    );
    expect(await dead()).toBe(3);
  });

  it('purges with --confirm, and dismisses what was dead', async () => {
    const { stdout } = await cli('purge', '--confirm');
    expect(stdout).toContain('3 dead letters deleted, 2 failures dismissed with them');
    expect(await dead()).toBe(0);
    expect(await stateOf(0)).toBe('dismissed');
    for (const words of [['list'], ['redrive'], ['purge', '--confirm']])
      expect(await cli(...words)).toMatchObject({ code: 0, stdout: 'there are no dead letters\n' });
    expect(await json('redrive')).toMatchObject({ redriven: [], left: [], seconds: 0 });
  });
});

describe('dead-letters where there is no queue', () => {
  afterEach(() => vi.restoreAllMocks());

  it('makes none by looking', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rescrape-none-'));
    for (const action of ['list', 'redrive', 'purge'])
      expect((await rescrape(directory, 'dead-letters', action)).stdout).toBe('there are no dead letters\n');
    expect(existsSync(join(directory, 'queue.sqlite'))).toBe(false);
    rmSync(directory, { recursive: true });
  });

  it('names the stack whose queue is not there, in one line', async () => {
    const outputs = ['Bucket', 'Table', 'Database', 'WorkGroup', 'TopicArn'].map((key) => [key, 'x']);
    const queues = ['FailedItemsQueueUrl', 'FailedItemsDlqUrl'].map((key) => [key, 'https://sqs/1/the-dlq']);
    const cloudFormation = mockClient(CloudFormationClient);
    cloudFormation.on(DescribeStacksCommand).resolves({
      Stacks: [
        {
          StackName: 'rescrape-dev-pipeline',
          CreationTime: new Date(0),
          StackStatus: 'CREATE_COMPLETE',
          Outputs: [...outputs, ...queues].map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
        },
      ],
    });
    const dynamo = mockClient(DynamoDBClient);
    dynamo.onAnyCommand().resolves({ Items: [] });
    const sqs = mockClient(SQSClient);
    const gone = { name: 'QueueDoesNotExist', $metadata: { httpStatusCode: 400 } };
    sqs.onAnyCommand().rejects(Object.assign(new Error('gone'), gone));
    const lines: string[] = [];
    vi.spyOn(console, 'error').mockImplementation((line) => void lines.push(String(line)));
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    const before = process.exitCode;
    await main(['node', 'rescrape', '--stack', 'rescrape-dev-pipeline', 'dead-letters', 'list']);
    expect(process.exitCode).toBe(1);
    process.exitCode = before;
    expect(lines).toEqual([
      'rescrape: sqs:ReceiveMessage: the queue the-dlq of the stack rescrape-dev-pipeline is not there; deploy the stack again, or check the region',
    ]);
    for (const mock of [cloudFormation, dynamo, sqs]) mock.restore();
    vi.unstubAllEnvs();
  });
});
