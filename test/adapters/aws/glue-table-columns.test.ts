import { describe, expect, it } from 'vitest';
import { glueTableColumns } from '../../../adapters/aws/glue-table-columns.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { type Answer, serveScripted } from './scripted-service.ts';

async function columnsBehind(answer: Answer) {
  await using service = await serveScripted(() => answer);
  return await glueTableColumns('lake', 'results', service.connection);
}

describe('the columns of a table in Glue', () => {
  it('are names and types in order', async () => {
    const Columns = [
      { Name: '_run_id', Type: 'string' },
      { Name: 'price', Type: 'decimal(8,2)' },
    ];
    const found = await columnsBehind({
      output: { Table: { Name: 'results', StorageDescriptor: { Columns } } },
    });
    expect([...found!]).toEqual([
      ['_run_id', 'string'],
      ['price', 'decimal(8,2)'],
    ]);
  });

  it('are undefined of a table that there is not, and an error where Glue refuses', async () => {
    expect(await columnsBehind({ error: 'EntityNotFoundException' })).toBeUndefined();
    await expect(columnsBehind({ error: 'AccessDeniedException' })).rejects.toThrow(StorageError);
  });
});
