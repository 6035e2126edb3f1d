import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDynamoStateStore } from '../../../adapters/aws/dynamo-state-store.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import type { StateWrite } from '../../../core/ports/state-store.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { type Answer, type Input, type ScriptedService, serveScripted } from './scripted-service.ts';

const put = (sort: string, expected?: number | 'absent'): StateWrite => ({
  kind: 'put',
  partition: 'p',
  sort,
  value: 1,
  ...(expected !== undefined && { expect: expected }),
});
const done: Answer = { output: {} };
const cancelled = (...reasons: string[]): Answer => ({
  error: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
  message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.join(', ')}]`,
  more: { CancellationReasons: reasons.map((Code) => ({ Code })) },
});
const conditionFailed = (item?: unknown): Answer => ({
  error: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
  more: item === undefined ? {} : { Item: item },
});

describe('the DynamoDB state store, when DynamoDB misbehaves', () => {
  let service: ScriptedService;
  let slept: number[];
  let store: ReturnType<typeof openDynamoStateStore>;
  let answers: ((input: Input) => Answer)[];
  beforeEach(async () => {
    answers = [];
    service = await serveScripted((_, input) => {
      const [next] = answers;
      if (answers.length > 1) answers.shift();
      return next?.(input) ?? done;
    });
    slept = [];
    const clock: Clock = { now: () => 0, sleep: async (ms) => void slept.push(ms) };
    store = openDynamoStateStore({ table: 'state', clock, connection: service.connection });
  });
  afterEach(async () => {
    store.close();
    await service[Symbol.asyncDispose]();
  });

  it('knows its own put again when the answer got lost and the condition fails on what it wrote', async () => {
    let written: unknown;
    answers = [
      ({ Item }) => {
        written = Item;
        return 'drop';
      },
      () => conditionFailed(written),
    ];
    expect(await store.write([put('s', 3)])).toBe('written');
    expect(service.calls.map(({ operation }) => operation)).toEqual(['PutItem', 'PutItem']);
    expect(written).toMatchObject({ revision: { N: '4' }, value: { S: '1' } });
  });

  it('does not take the put of another for its own', async () => {
    answers = [
      () => 'drop',
      ({ Item }) => conditionFailed({ ...(Item as object), write_id: { S: 'somebody else’s' } }),
    ];
    expect(await store.write([put('s', 3)])).toBe('conflict');
    expect(await store.write([put('s', 'absent')])).toBe('conflict');
  });

  it('sends a transaction again whose answer got lost under the same token: DynamoDB carries it out once', async () => {
    answers = [() => 'drop', () => done];
    expect(await store.write([put('a', 1), { kind: 'delete', partition: 'p', sort: 'b' }])).toBe('written');
    const tokens = service.calls.map(({ input }) => input.ClientRequestToken);
    expect(tokens).toEqual([tokens[0], tokens[0]]);
    expect(tokens[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('deletes what it expects in a transaction, for nobody could tell later who deleted it', async () => {
    answers = [() => 'drop', () => done];
    expect(await store.write([{ kind: 'delete', partition: 'p', sort: 's', expect: 2 }])).toBe('written');
    expect(service.calls.map(({ operation }) => operation)).toEqual([
      'TransactWriteItems',
      'TransactWriteItems',
    ]);
  });

  it.each([
    [cancelled('None', 'TransactionConflict')],
    [cancelled('ThrottlingError', 'None')],
    [cancelled('ProvisionedThroughputExceeded', 'TransactionConflict')],
  ])('begins a transaction anew that met others: %j', async (refusal) => {
    answers = [() => refusal, () => refusal, () => done];
    expect(await store.write([put('a', 1), put('b', 1)])).toBe('written');
    expect(slept).toHaveLength(2);
    expect(new Set(service.calls.map(({ input }) => input.ClientRequestToken)).size).toBe(3);
  });

  it('puts again what met a transaction', async () => {
    answers = [() => ({ error: 'TransactionConflictException' }), () => done];
    expect(await store.write([put('s')])).toBe('written');
    expect(slept).toHaveLength(1);
  });

  it('answers conflict at once where an expectation does not hold, whatever else is the matter', async () => {
    answers = [() => cancelled('ConditionalCheckFailed', 'TransactionConflict')];
    expect(await store.write([put('a', 1), put('b', 1)])).toBe('conflict');
    expect(service.calls).toHaveLength(1);
  });

  it('names the writes of a cancelled transaction whose conditions failed', async () => {
    answers = [
      () => cancelled('ConditionalCheckFailed', 'None', 'TransactionConflict', 'ConditionalCheckFailed'),
    ];
    const writes = [put('a', 1), put('b'), put('c'), put('d', 'absent')];
    expect(await store.transact(writes)).toEqual({ kind: 'conflict', at: [0, 3] });
  });

  it('checks by a condition, also where nothing is written', async () => {
    const check = (sort: string, expected: number | 'present' | 'absent') =>
      ({ kind: 'check', partition: 'p', sort, expect: expected }) as const;
    await store.transact([check('a', 'present'), check('b', 'absent'), check('c', 4)]);
    await store.transact([check('a', 'present')]);
    expect(service.calls.map(({ operation }) => operation)).toEqual([
      'TransactWriteItems',
      'TransactWriteItems',
    ]);
    const items = service.calls[0]!.input.TransactItems as { ConditionCheck: Input }[];
    expect(items.map(({ ConditionCheck: { ConditionExpression } }) => ConditionExpression)).toEqual([
      'attribute_exists(#pk)',
      'attribute_not_exists(#pk)',
      '#revision = :expected',
    ]);
  });

  it('gives up with an error, never with a conflict, where others are in the way for ever', async () => {
    answers = [() => cancelled('TransactionConflict', 'None')];
    const error = await store.write([put('a', 1), put('b', 1)]).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StorageError);
    expect(String(error)).toMatch(
      /dynamodb:TransactWriteItems state p\/a and 1 more: TransactionCanceledException/,
    );
    expect(service.calls).toHaveLength(10);
    expect(Math.max(...slept)).toBeLessThanOrEqual(1_000);
  });

  it('takes any other reason to cancel for an error', async () => {
    answers = [() => cancelled('ValidationError', 'None')];
    await expect(store.write([put('a', 1), put('b', 1)])).rejects.toThrow(StorageError);
    expect(service.calls).toHaveLength(1);
  });

  it('reads many consistently, and asks again for those that were left out', async () => {
    const key = (sort: string) => ({ pk: { S: 'p' }, sk: { S: sort } });
    const item = (sort: string) => ({ ...key(sort), revision: { N: '1' }, value: { S: `"${sort}"` } });
    answers = [
      () => ({
        output: { Responses: { state: [item('b')] }, UnprocessedKeys: { state: { Keys: [key('a')] } } },
      }),
      () => ({ output: { Responses: { state: [item('a')] } } }),
    ];
    const names = ['a', 'b', 'none'].map((sort) => ({ partition: 'p', sort }));
    expect((await store.getMany(names)).map((document) => document?.value)).toEqual(['a', 'b', undefined]);
    expect(service.calls.map(({ input }) => input.RequestItems)).toEqual([
      { state: { Keys: names.map(({ sort }) => key(sort)), ConsistentRead: true } },
      { state: { Keys: [key('a')], ConsistentRead: true } },
    ]);
  });

  it('scans page by page, names only, consistently', async () => {
    const key = (n: number) => ({ pk: { S: 'p' }, sk: { S: `s${n}` } });
    answers = [
      () => ({ output: { Items: [key(1)], LastEvaluatedKey: key(1) } }),
      // A page may be empty and not the last.
      () => ({ output: { Items: [], LastEvaluatedKey: key(2) } }),
      () => ({ output: { Items: [key(3)] } }),
    ];
    expect(await Array.fromAsync(store.scan())).toEqual([
      { partition: 'p', sort: 's1' },
      { partition: 'p', sort: 's3' },
    ]);
    expect(service.calls.map(({ input }) => input.ExclusiveStartKey)).toEqual([undefined, key(1), key(2)]);
    expect(service.calls[0]!.input).toMatchObject({
      ConsistentRead: true,
      ProjectionExpression: '#pk, #sk',
      ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
    });
  });

  it('names action and table where a scan is denied', async () => {
    answers = [() => ({ error: 'AccessDeniedException', message: 'User: x is not authorized' })];
    await expect(Array.fromAsync(store.scan())).rejects.toThrow(
      'dynamodb:Scan state: access denied; allow this action to the role (AccessDeniedException: User: x is not authorized)',
    );
  });

  it('waits out throttling', async () => {
    const throttled: Answer = { error: 'ProvisionedThroughputExceededException' };
    answers = [() => throttled, () => done];
    expect(await store.get('p', 's')).toBeUndefined();
    expect(service.calls).toHaveLength(2);
  });

  it('names action, table and document where access is denied', async () => {
    answers = [() => ({ error: 'AccessDeniedException', message: 'User: x is not authorized' })];
    const told = (action: string, what: string) =>
      new StorageError(
        `dynamodb:${action} state ${what}: access denied; allow this action to the role (AccessDeniedException: User: x is not authorized)`,
      );
    await expect(store.get('p', 's')).rejects.toThrow(told('GetItem', 'p/s'));
    await expect(Array.fromAsync(store.query('p'))).rejects.toThrow(told('Query', 'p'));
    await expect(store.write([put('s')])).rejects.toThrow(told('UpdateItem', 'p/s'));
    await expect(store.write([put('s', 1)])).rejects.toThrow(told('PutItem', 'p/s'));
    await expect(store.write([{ kind: 'delete', partition: 'p', sort: 's' }])).rejects.toThrow(
      told('DeleteItem', 'p/s'),
    );
  });

  it('reads consistently, and all pages', async () => {
    const item = (sort: string) => ({
      pk: { S: 'p' },
      sk: { S: sort },
      revision: { N: '1' },
      value: { S: 'true' },
    });
    answers = [
      () => ({ output: { Items: [item('a')], LastEvaluatedKey: { pk: { S: 'p' }, sk: { S: 'a' } } } }),
      // An empty page in the middle is nothing unusual.
      () => ({ output: { Items: [], LastEvaluatedKey: { pk: { S: 'p' }, sk: { S: 'b' } } } }),
      () => ({ output: { Items: [item('c')] } }),
    ];
    expect((await Array.fromAsync(store.query('p'))).map(({ sort }) => sort)).toEqual(['a', 'c']);
    expect(service.calls.map(({ input }) => input.ConsistentRead)).toEqual([true, true, true]);
    expect(service.calls[2]?.input.ExclusiveStartKey).toEqual({ pk: { S: 'p' }, sk: { S: 'b' } });
  });

  it('refuses an item that is none of its documents', async () => {
    answers = [() => ({ output: { Item: { pk: { S: 'p' }, sk: { S: 's' } } } })];
    await expect(store.get('p', 's')).rejects.toThrow(/the item p\/s of state is no document of ours/);
  });
});
