import { randomUUID } from 'node:crypto';
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandOutput,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../core/ports/clock.ts';
import type {
  DocumentName,
  StateDocument,
  StateQuery,
  StateStore,
  StateWrite,
  TransactResult,
} from '../../core/ports/state-store.ts';
import { encodeTransaction } from '../../core/ports/state-transaction.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { awsFailure } from './aws-failure.ts';
import { type Backoff, retrying } from './backoff.ts';
import { type AwsConnection, clientSettings, ONE_RESOURCE, withoutLogger } from './client-settings.ts';
import { conflictsOf, isContention, UnansweredError, wroteItself } from './dynamo-conflict.ts';
import { type Item, rangeOf } from './dynamo-range.ts';
import { keyOf, type Put, putOf, transactItemOf, updateOf } from './dynamo-write.ts';
import { STATE_TABLE } from './state-table.ts';

export interface DynamoStateStoreOptions {
  readonly table: string;
  readonly clock: Clock;
  /** @default what the SDK finds */
  readonly connection?: AwsConnection;
}

/**
 * Transactions that meet on an item are refused and may be sent again: two of them are done within some 10
 * ms.
 */
const CONTENDED: Backoff = { attempts: 10, baseMs: 25, capMs: 1_000 };

/**
 * Documents as items of one DynamoDB table; keys, attributes and access patterns stand in `state-table.ts`.
 *
 * One put is a PutItem or UpdateItem; several writes, a check, and a delete with an expectation, are a
 * TransactWriteItems. All may be sent twice by the SDK when an answer gets lost, and must not take their own
 * first try for somebody else's: a put leaves its `write_id` in the item, which DynamoDB gives back when the
 * condition does not hold, and a transaction bears a token. An unconditional put that is carried out twice
 * counts two revisions, which hurts nobody.
 *
 * `conflict` is an expectation that does not hold, and nothing else: transactions that meet are tried again
 * here, throttling by the SDK, and what remains is a `StorageError`. Needs dynamodb:GetItem, BatchGetItem,
 * PutItem, UpdateItem, DeleteItem, ConditionCheckItem and Query on the table, and for `scan` dynamodb:Scan,
 * which only an operator has.
 */
export function openDynamoStateStore(options: DynamoStateStoreOptions): StateStore & { close(): void } {
  return new DynamoStateStore(options);
}

const WRITTEN: TransactResult = { kind: 'written' };

class DynamoStateStore implements StateStore {
  readonly #table: string;
  readonly #clock: Clock;
  readonly #client: DynamoDBClient;

  constructor({ table, clock, connection = {} }: DynamoStateStoreOptions) {
    this.#table = table;
    this.#clock = clock;
    this.#client = withoutLogger(new DynamoDBClient({ ...clientSettings(connection), ...ONE_RESOURCE }));
  }

  async get(partition: string, sort: string): Promise<StateDocument | undefined> {
    const command = new GetItemCommand({
      TableName: this.#table,
      Key: keyOf({ partition, sort }),
      ConsistentRead: true,
    });
    const { Item: item } = await this.#attempt('dynamodb:GetItem', `${partition}/${sort}`, () =>
      this.#client.send(command),
    );
    return item && this.#documentOf(item);
  }

  async getMany(names: readonly DocumentName[]): Promise<(StateDocument | undefined)[]> {
    if (names.length === 0) return [];
    const found: StateDocument[] = [];
    let left: Item[] = names.map(keyOf);
    await this.#attempt('dynamodb:BatchGetItem', names[0]?.partition ?? '', async () => {
      const request = { [this.#table]: { Keys: left, ConsistentRead: true } };
      const answer = await this.#client.send(new BatchGetItemCommand({ RequestItems: request }));
      for (const item of answer.Responses?.[this.#table] ?? []) found.push(this.#documentOf(item));
      left = answer.UnprocessedKeys?.[this.#table]?.Keys ?? [];
      if (left.length > 0) throw new UnansweredError(`${left.length} of ${names.length} were left out`);
    });
    return names.map(({ partition, sort }) =>
      found.find((each) => each.partition === partition && each.sort === sort),
    );
  }

  async *query(partition: string, options: StateQuery = {}): AsyncGenerator<StateDocument> {
    const range = rangeOf(options);
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    if (range === 'nothing' || left <= 0) return;
    let start: Item | undefined;
    do {
      const page: QueryCommandOutput = await this.#attempt('dynamodb:Query', partition, () =>
        this.#client.send(
          new QueryCommand({
            TableName: this.#table,
            ConsistentRead: true,
            KeyConditionExpression: `#pk = :pk${range.condition}`,
            ExpressionAttributeNames: {
              '#pk': STATE_TABLE.partitionKey,
              ...(range.condition && { '#sk': STATE_TABLE.sortKey }),
            },
            ExpressionAttributeValues: { ':pk': { S: partition }, ...range.values },
            ScanIndexForward: options.descending !== true,
            // Reading more than is asked for would be paid for.
            ...(Number.isFinite(left) && { Limit: left }),
            ExclusiveStartKey: start,
          }),
        ),
      );
      for (const item of page.Items ?? []) {
        const document = this.#documentOf(item);
        if (!range.holds(document.sort)) continue;
        yield document;
        if (--left <= 0) return;
      }
      start = page.LastEvaluatedKey;
    } while (start);
  }

  async *scan(): AsyncGenerator<DocumentName> {
    let start: Item | undefined;
    do {
      const page: ScanCommandOutput = await this.#attempt('dynamodb:Scan', '', () =>
        this.#client.send(
          new ScanCommand({
            TableName: this.#table,
            ConsistentRead: true,
            ProjectionExpression: '#pk, #sk',
            ExpressionAttributeNames: { '#pk': STATE_TABLE.partitionKey, '#sk': STATE_TABLE.sortKey },
            ExclusiveStartKey: start,
          }),
        ),
      );
      for (const item of page.Items ?? []) {
        yield {
          partition: item[STATE_TABLE.partitionKey]?.S ?? '',
          sort: item[STATE_TABLE.sortKey]?.S ?? '',
        };
      }
      start = page.LastEvaluatedKey;
    } while (start);
  }

  async write(writes: readonly StateWrite[]): Promise<'written' | 'conflict'> {
    return (await this.transact(writes)).kind;
  }

  async transact(writes: readonly StateWrite[]): Promise<TransactResult> {
    const values = encodeTransaction(writes);
    const [only] = writes;
    if (only === undefined) return WRITTEN;
    const what = writes.map(({ partition, sort }) => `${partition}/${sort}`);
    if (writes.length > 1) return this.#transact(writes, values, what);
    if (only.kind === 'put') return this.#put(only, values[0] ?? '', what.join());
    // Gone at the second try of the SDK: only a transaction knows whether the first one did it.
    if (only.kind === 'check' || only.expect !== undefined) return this.#transact(writes, values, what);
    const command = new DeleteItemCommand({ TableName: this.#table, Key: keyOf(only) });
    await this.#attempt('dynamodb:DeleteItem', what.join(), () => this.#client.send(command));
    return WRITTEN;
  }

  close(): void {
    this.#client.destroy();
  }

  async #put(put: Put, value: string, what: string): Promise<TransactResult> {
    const now = this.#clock.now();
    if (put.expect === undefined) {
      const command = new UpdateItemCommand(updateOf(this.#table, put, value, now));
      await this.#attempt('dynamodb:UpdateItem', what, () => this.#client.send(command));
      return WRITTEN;
    }
    const writeId = randomUUID();
    const command = new PutItemCommand({
      ...putOf(this.#table, put, value, now, writeId),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      await this.#attempt('dynamodb:PutItem', what, () => this.#client.send(command));
      return WRITTEN;
    } catch (error) {
      const cause = error instanceof StorageError ? error.cause : error;
      if (wroteItself(cause, writeId)) return WRITTEN;
      const at = conflictsOf(cause);
      if (at.length > 0) return { kind: 'conflict', at };
      throw error;
    }
  }

  async #transact(
    writes: readonly StateWrite[],
    values: readonly (string | undefined)[],
    what: readonly string[],
  ): Promise<TransactResult> {
    const now = this.#clock.now();
    const items = writes.map((write, at) => transactItemOf(this.#table, write, values[at] ?? '', now));
    const more = what.length > 1 ? ` and ${what.length - 1} more` : '';
    try {
      // A token of its own for each try: one that was refused is over, and its token with it.
      await this.#attempt('dynamodb:TransactWriteItems', `${what[0]}${more}`, () =>
        this.#client.send(
          new TransactWriteItemsCommand({ TransactItems: items, ClientRequestToken: randomUUID() }),
        ),
      );
      return WRITTEN;
    } catch (error) {
      const at = conflictsOf(error instanceof StorageError ? error.cause : error);
      if (at.length > 0) return { kind: 'conflict', at };
      throw error;
    }
  }

  async #attempt<T>(action: string, what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await retrying(this.#clock, CONTENDED, isContention, work);
    } catch (error) {
      throw awsFailure(error, `${action} ${this.#table} ${what}`.trim());
    }
  }

  #documentOf(item: Item): StateDocument {
    const partition = item[STATE_TABLE.partitionKey]?.S ?? '';
    const sort = item[STATE_TABLE.sortKey]?.S ?? '';
    const revision = Number(item[STATE_TABLE.revision]?.N);
    const value = item[STATE_TABLE.value]?.S;
    if (value === undefined || !Number.isInteger(revision)) {
      throw new StorageError(
        `the item ${partition}/${sort} of ${this.#table} is no document of ours; remove it, or check the name of the table`,
      );
    }
    return { partition, sort, revision, value: JSON.parse(value) };
  }
}
