import { glueTableColumns } from '../adapters/aws/glue-table-columns.ts';
import { connectionOf } from './aws-connection.ts';
import type { StackPlatform } from './stack.ts';

/** Columns of a table in the catalog of a stack, types as Glue names them; undefined where it has none. */
export function deployedColumns(
  { resources }: Pick<StackPlatform, 'resources'>,
  table: string,
  env: Parameters<typeof connectionOf>[0],
): Promise<ReadonlyMap<string, string> | undefined> {
  return glueTableColumns(resources.database, table, connectionOf(env));
}
