import { randomUUID } from 'node:crypto';
import {
  CreateDatabaseCommand,
  CreatePartitionCommand,
  CreateTableCommand,
  GetPartitionCommand,
  GetPartitionsCommand,
  GetTableCommand,
  GlueClient,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { afterAll, describe, expect, it } from 'vitest';
import { openGlueCatalog } from '../../../adapters/aws/glue-catalog.ts';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import { catalogContract, catalogFixture } from '../../contracts/catalog.contract.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { FORMATS } from './symlink-formats.ts';

const emulator = await startEmulator();
afterAll(() => emulator?.stop());

describe.skipIf(!emulator)('on an emulated Glue', () => {
  if (!emulator) return;
  const { connection } = emulator;
  const client = new GlueClient(connection);
  afterAll(() => client.destroy());

  async function newDatabase(): Promise<string> {
    const database = `lake_${randomUUID().replaceAll('-', '')}`;
    await client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: database } }));
    for (const [table, columns] of Object.entries(catalogFixture)) {
      await client.send(
        new CreateTableCommand({
          DatabaseName: database,
          TableInput: {
            Name: table,
            TableType: 'EXTERNAL_TABLE',
            PartitionKeys: columns.map((Name) => ({ Name, Type: Name === 'date' ? 'date' : 'string' })),
            StorageDescriptor: {
              ...FORMATS,
              Location: `s3://lake/tables/${table}/`,
              Columns: [{ Name: 'race_id', Type: 'string', Comment: 'of the source' }],
            },
          },
        }),
      );
    }
    return database;
  }

  catalogContract('the Glue catalog', async () => {
    const database = await newDatabase();
    const open = new Set<{ close(): void }>();
    return {
      async open() {
        const catalog = openGlueCatalog({ database, clock: systemClock, connection });
        open.add(catalog);
        return catalog;
      },
      // Glue looks at no object.
      commit: async (table, values) => `s3://lake/tables/${table}/${values.join('/')}`,
      async widen(table) {
        const { Table } = await client.send(new GetTableCommand({ DatabaseName: database, Name: table }));
        const { Name, TableType, PartitionKeys, StorageDescriptor } = Table!;
        const Columns = [{ Name: '_new', Type: 'double' }, ...StorageDescriptor!.Columns!];
        const TableInput = {
          ...{ Name, TableType, PartitionKeys },
          StorageDescriptor: { ...StorageDescriptor, Columns },
        };
        await client.send(new UpdateTableCommand({ DatabaseName: database, TableInput }));
      },
      async columns(table) {
        const listed = await client.send(
          new GetPartitionsCommand({ DatabaseName: database, TableName: table }),
        );
        return (listed.Partitions ?? []).map((each) => each.StorageDescriptor?.Columns?.length ?? 0);
      },
      async dispose() {
        for (const catalog of open) catalog.close();
      },
    };
  });

  describe('a partition in Glue', () => {
    it('has formats and columns of its table and a place of its own', async () => {
      const database = await newDatabase();
      const catalog = openGlueCatalog({ database, clock: systemClock, connection });
      const values = ['gb', '2026-11-17'];
      const location = 's3://lake/tables/racing_results/country=gb/date=2026-11-17';
      await catalog.registerPartition({ table: 'racing_results', values, location });
      const { Partition } = await client.send(
        new GetPartitionCommand({
          DatabaseName: database,
          TableName: 'racing_results',
          PartitionValues: values,
        }),
      );
      expect(Partition?.StorageDescriptor).toMatchObject({
        ...FORMATS,
        Location: `${location}/`,
        Columns: [{ Name: 'race_id', Type: 'string', Comment: 'of the source' }],
      });
      catalog.close();
    });

    it('that was registered before its columns were kept gets those of the table, and keeps its place', async () => {
      const database = await newDatabase();
      const Location = 's3://lake/elsewhere/';
      const Values = ['gb', '2026-11-17'];
      const Old = { ...FORMATS, Location, Columns: [{ Name: 'old', Type: 'int' }] };
      await client.send(
        new CreatePartitionCommand({
          DatabaseName: database,
          TableName: 'racing_results',
          PartitionInput: { Values, StorageDescriptor: Old, Parameters: { ours: 'kept' } },
        }),
      );
      const catalog = openGlueCatalog({ database, clock: systemClock, connection });
      expect(await catalog.alignPartitions('racing_results')).toEqual({ updated: 1, left: 0 });
      const { Partition } = await client.send(
        new GetPartitionCommand({
          DatabaseName: database,
          TableName: 'racing_results',
          PartitionValues: Values,
        }),
      );
      expect(Partition).toMatchObject({
        Parameters: { ours: 'kept' },
        StorageDescriptor: { ...FORMATS, Location, Columns: [{ Name: 'race_id', Type: 'string' }] },
      });
      catalog.close();
    });

    it('is refused where its values do not fit the columns, or where there is no table', async () => {
      const catalog = openGlueCatalog({ database: await newDatabase(), clock: systemClock, connection });
      const partition = { table: 'racing_results', values: ['gb'], location: 's3://lake/x' };
      await expect(catalog.registerPartition(partition)).rejects.toThrow(
        /^glue:CreatePartition \S+\.racing_results \(gb\): the table is partitioned by country, date; deploy/,
      );
      await expect(catalog.registerPartition({ ...partition, table: 'nothing' })).rejects.toThrow(
        /^glue:GetTable \S+\.nothing: it is not there; .*deploy the stack/,
      );
      catalog.close();
    });
  });
});
