import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, it } from 'vitest';
import { openDynamoStateStore } from '../../../adapters/aws/dynamo-state-store.ts';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { dueTargets } from '../../../core/targets/indexes.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { stateStoreContract } from '../../contracts/state-store.contract.ts';
import { BY } from '../../core/targets/by.ts';
import { registerTargets } from '../../core/targets/register-targets.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { kitchens } from '../../sources-of-tests/kitchens.ts';
import { startFaultyLink } from '../deployed/faulty-link.ts';
import { newStateTable } from './state-table.ts';

const emulator = await startEmulator();
afterAll(() => emulator?.stop());

describe.skipIf(!emulator)('on an emulated DynamoDB', () => {
  if (!emulator) return;
  const { connection } = emulator;
  const client = new DynamoDBClient(connection);
  afterAll(() => client.destroy());

  const newTable = () => newStateTable(client);

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

  it('takes a claim that was sent twice for its own, and one of somebody else for lost', async () => {
    const link = await startFaultyLink();
    link.target = emulator.endpoint;
    const table = await newTable();
    const store = openDynamoStateStore({
      table,
      clock: systemClock,
      connection: { ...connection, endpoint: link.url },
    });
    const targets = new TargetStore(store);
    await registerTargets(store, kitchens, [{ id: 'oak', attributes: { state: 'AZ', path: 'oak' } }], BY);
    const writes: string[] = [];
    link.fault = ({ target = '' }) => {
      if (!/\.(PutItem|TransactWriteItems)$/.test(target)) return undefined;
      writes.push(target);
      return writes.length === 1 ? { kind: 'lose-answer' } : undefined;
    };
    const claim = { runId: 'ours', id: 'the-claim', every: 240 };
    const answer = await targets.claim('kitchens', 'oak', claim, systemClock);
    expect(writes.length).toBeGreaterThan(1);
    expect(answer).toMatchObject({ kind: 'claimed', claim: { id: 'the-claim', runId: 'ours' } });
    const { claim: kept, lastCrawlAt, nextCrawlAt } = await targets.get('kitchens', 'oak');
    expect(kept).toMatchObject({ id: 'the-claim', at: lastCrawlAt });
    expect(nextCrawlAt).toBe(lastCrawlAt! + 240 * 60_000);
    expect(await Array.fromAsync(dueTargets(store, 'kitchens', nextCrawlAt!))).toHaveLength(1);
    const another = { runId: 'theirs', id: 'another', every: 240 };
    expect(await targets.claim('kitchens', 'oak', another, systemClock)).toMatchObject({
      kind: 'refused',
      reason: 'CLAIMED',
    });
    store.close();
    await link.close();
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
