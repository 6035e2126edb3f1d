import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { awsFailure, awsTrouble } from './aws-failure.ts';
import { type AwsConnection, clientSettings, PATIENT_ATTEMPTS } from './client-settings.ts';

/**
 * Names and types of the columns of a table of a Glue database, in order; undefined where it has no such
 * table. Throws a `StorageError` where Glue stays out of reach. Needs glue:GetTable.
 */
export async function glueTableColumns(
  database: string,
  table: string,
  connection: AwsConnection = {},
): Promise<ReadonlyMap<string, string> | undefined> {
  const client = new GlueClient(clientSettings(connection, PATIENT_ATTEMPTS));
  try {
    const { Table } = await client.send(new GetTableCommand({ DatabaseName: database, Name: table }));
    const columns = Table?.StorageDescriptor?.Columns ?? [];
    return new Map(columns.map(({ Name = '', Type = '' }) => [Name, Type]));
  } catch (error) {
    if (awsTrouble(error)?.name === 'EntityNotFoundException') return undefined;
    throw awsFailure(error, `glue:GetTable ${database}.${table}`);
  } finally {
    client.destroy();
  }
}
