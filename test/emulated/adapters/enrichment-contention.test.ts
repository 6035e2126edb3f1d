import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, it } from 'vitest';
import { openDynamoStateStore } from '../../../adapters/aws/dynamo-state-store.ts';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import { readCounts } from '../../../core/enrich/enrichment-stats.ts';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import { batchHandler } from '../../../core/enrich/handle-batch.ts';
import { parkedRecordsOf } from '../../../core/enrich/parked-records.ts';
import type { EnrichmentStores } from '../../../core/enrich/stores.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';
import {
  EnrichmentWorld,
  messageOf,
  sessionRecord,
  studentRecord,
  tutorRecord,
  workOnce,
} from '../../core/enrich/enrichment-world.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { type LinkFault, startFaultyLink } from '../deployed/faulty-link.ts';
import { newStateTable } from './state-table.ts';

const WORKERS = 4;
const SESSIONS = 80;
const CHANGES = 16;

const emulator = await startEmulator();
afterAll(() => emulator?.stop());

describe.skipIf(!emulator)('a popular parent on an emulated DynamoDB', () => {
  if (!emulator) return;

  /** Sessions of one tutor and one student, who come last, and change all the time. */
  const messages = [
    ...Array.from({ length: SESSIONS }, (_, n) => messageOf(`m-x${n}`, 'session', sessionRecord(`x${n}`))),
    ...Array.from({ length: CHANGES }, (_, n) =>
      messageOf(
        `m-t${n}`,
        'tutor',
        tutorRecord('t1', { name: `Change ${n}`, updated_at: `2025-11-22T09:00:${10 + n}Z` }),
      ),
    ),
    messageOf('m-s1', 'student', studentRecord('s1')),
  ];

  async function end(state: StateStore) {
    const store = new EntityStore(state);
    const entities = await Promise.all(
      ['tutor', 'student', 'session'].map((kind) => Array.fromAsync(store.list(kind))),
    );
    const inserted = (await readCounts(state)).reduce((sum, { counts }) => sum + counts.inserted, 0);
    return {
      entities: entities.flat().map(({ kind, key, record, derived }) => ({ kind, key, record, derived })),
      parked: await Array.fromAsync(parkedRecordsOf(state, 'session')),
      inserted,
    };
  }

  async function worker(stores: EnrichmentStores): Promise<void> {
    const handle = batchHandler(stores);
    for (let idle = 0; idle < 3; idle++) {
      for (const kind of ['session', 'tutor', 'student'])
        if ((await workOnce(stores, handle, kind, 3)).length > 0) idle = 0;
    }
  }

  it('four workers whose transactions are cancelled, and whose answers get lost, end as one does alone', async () => {
    const alone = new EnrichmentWorld();
    await alone.send(...messages);
    await alone.drain();

    const world = new EnrichmentWorld();
    const client = new DynamoDBClient(emulator.connection);
    const link = await startFaultyLink();
    link.target = emulator.endpoint;
    const state = openDynamoStateStore({
      table: await newStateTable(client),
      clock: systemClock,
      connection: { ...emulator.connection, endpoint: link.url },
    });
    let transactions = 0;
    link.fault = ({ target = '' }): LinkFault | undefined => {
      if (!target.endsWith('.TransactWriteItems')) return undefined;
      transactions++;
      if (transactions % 3 === 0) return { kind: 'cancel', reasons: ['None', 'TransactionConflict'] };
      return transactions % 7 === 0 ? { kind: 'lose-answer' } : undefined;
    };
    try {
      const stores = { ...world.stores, state };
      await world.send(...messages);
      await Promise.all(Array.from({ length: WORKERS }, () => worker(stores)));
      expect(transactions).toBeGreaterThan(60);
      const ended = await end(state);
      expect(ended).toEqual(await end(alone.state));
      expect(ended.parked).toEqual([]);
      expect(ended.inserted).toBe(SESSIONS + 2);
      expect(ended.entities[0]!.record.name).toBe(`Change ${CHANGES - 1}`);
    } finally {
      state.close();
      client.destroy();
      await link.close();
      world.close();
      alone.close();
    }
  });
});
