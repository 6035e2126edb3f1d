import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateDatabaseCommand, CreateTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { catalogTypes } from '../core/schema/catalog-types.ts';
import { tableSchema } from '../core/schema/table-shape.ts';
import type { Source } from '../core/source/source.ts';
import type { AwsResources } from '../runtime/aws.ts';
import { newStateTable } from '../test/emulated/adapters/state-table.ts';
import { FORMATS } from '../test/emulated/adapters/symlink-formats.ts';
import type { Emulator } from '../test/emulator/emulator.ts';

/** A bucket, the table of the state and the catalog of one source, as the stack has them. */
export async function createLake({ connection }: Emulator, { table }: Source): Promise<Required<Stores>> {
  const s3 = new S3Client({ ...connection, forcePathStyle: true });
  const dynamo = new DynamoDBClient(connection);
  const glue = new GlueClient(connection);
  const stores = { bucket: 'lake', table: await newStateTable(dynamo), database: 'lake' };
  await s3.send(new CreateBucketCommand({ Bucket: stores.bucket }));
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: stores.database } }));
  const types = catalogTypes(tableSchema(table).shape);
  const TableInput = {
    Name: table.name,
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: table.partitionBy.map((Name) => ({ Name, Type: Name === 'date' ? 'date' : 'string' })),
    StorageDescriptor: {
      ...FORMATS,
      Location: `s3://${stores.bucket}/tables/${table.name}/`,
      Columns: [...types].map(([Name, Type]) => ({ Name, Type })),
    },
  };
  await glue.send(new CreateTableCommand({ DatabaseName: stores.database, TableInput }));
  for (const client of [s3, dynamo, glue]) client.destroy();
  return stores;
}

type Stores = Pick<AwsResources, 'bucket' | 'table' | 'database'>;
