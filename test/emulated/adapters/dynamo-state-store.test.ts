import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, it } from 'vitest';
import { openDynamoStateStore } from '../../../adapters/aws/dynamo-state-store.ts';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { stateStoreContract } from '../../contracts/state-store.contract.ts';
import { startEmulator } from '../../emulator/emulator.ts';

const emulator = await startEmulator();
afterAll(() => emulator?.stop());

describe.skipIf(!emulator)('on an emulated DynamoDB', () => {
  if (!emulator) return;
  const { connection } = emulator;
  const client = new DynamoDBClient(connection);
  afterAll(() => client.destroy());

  async function newTable(): Promise<string> {
    const table = `state-${randomUUID()}`;
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
      }),
    );
    return table;
  }

  stateStoreContract('the DynamoDB state store', async () => {
    const table = await newTable();
    const open = new Set<{ close(): void }>();
    return {
      async open() {
        const store = openDynamoStateStore({ table, clock: systemClock, connection });
        open.add(store);
        return store;
      },
      async dispose() {
        for (const store of open) store.close();
      },
    };
  });

  it('lets finalize markers expire after 30 days, and nothing else', async () => {
    const table = await newTable();
    const clock = { ...systemClock, now: () => Date.parse('2026-11-22T00:00:00Z') };
    const store = openDynamoStateStore({ table, clock, connection });
    const marker = {
      kind: 'put',
      partition: 'finalized#r1',
      sort: 'a',
      value: true,
      expect: 'absent',
    } as const;
    await store.write([marker]);
    await store.write([
      { ...marker, sort: 'b' },
      { kind: 'put', partition: 'targets', sort: 'a', value: 1 },
    ]);
    const { expect: _, ...always } = marker;
    await store.write([{ ...always, sort: 'c' }]);
    const expiry = async (pk: string, sk: string) => {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: { pk: { S: pk }, sk: { S: sk } } }),
      );
      return Item?.expires_at?.N;
    };
    const inThirtyDays = String(Date.parse('2026-12-22T00:00:00Z') / 1000);
    for (const sort of ['a', 'b', 'c']) expect(await expiry('finalized#r1', sort)).toBe(inThirtyDays);
    expect(await expiry('targets', 'a')).toBeUndefined();
    store.close();
  });

  it('names the table that is not there', async () => {
    const store = openDynamoStateStore({ table: 'no-such-table', clock: systemClock, connection });
    await expect(store.get('targets', 'racing#gb')).rejects.toThrow(StorageError);
    await expect(store.get('targets', 'racing#gb')).rejects.toThrow(
      /^dynamodb:GetItem no-such-table targets\/racing#gb: it is not there/,
    );
    await expect(store.write([{ kind: 'put', partition: 'p', sort: 's', value: 1 }])).rejects.toThrow(
      /^dynamodb:UpdateItem no-such-table p\/s: it is not there/,
    );
    store.close();
  });

  it('tells a document that is too large from a conflict', async () => {
    const store = openDynamoStateStore({ table: await newTable(), clock: systemClock, connection });
    const big = {
      kind: 'put',
      partition: 'p',
      sort: 's',
      value: 'x'.repeat(410_000),
      expect: 'absent',
    } as const;
    await expect(store.write([big])).rejects.toThrow(
      /^dynamodb:PutItem .* p\/s: ValidationException: .*size/,
    );
    await expect(store.write([big, { ...big, sort: 't', value: 1 }])).rejects.toThrow(StorageError);
    store.close();
  });
});
