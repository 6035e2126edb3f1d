import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGlueCatalog } from '../../../adapters/aws/glue-catalog.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { type Answer, type ScriptedService, serveScripted } from './scripted-service.ts';

const partition = { table: 'results', values: ['gb', '2026-11-17'], location: 's3://lake/tables/results/x' };
const TABLE: Answer = {
  output: {
    Table: {
      Name: 'results',
      PartitionKeys: [{ Name: 'country' }, { Name: 'date' }],
      StorageDescriptor: { InputFormat: 'symlinks' },
    },
  },
};

describe('the Glue catalog, when Glue misbehaves', () => {
  let service: ScriptedService;
  let answers: Answer[];
  let tables: Answer[];
  let slept: number[];
  let catalog: ReturnType<typeof openGlueCatalog>;
  beforeEach(async () => {
    answers = [];
    tables = [];
    service = await serveScripted((operation) => {
      if (operation === 'GetTable') return tables.shift() ?? TABLE;
      return answers.shift() ?? { output: {} };
    });
    slept = [];
    const clock = { now: () => 0, sleep: async (ms: number) => void slept.push(ms) };
    catalog = openGlueCatalog({ database: 'lake', clock, connection: service.connection });
  });
  afterEach(async () => {
    catalog.close();
    await service[Symbol.asyncDispose]();
  });
  const operations = () => service.calls.map(({ operation }) => operation);

  it('asks for the table once', async () => {
    for (let n = 0; n < 3; n++) await catalog.registerPartition(partition);
    expect(operations()).toEqual(['GetTable', 'CreatePartition', 'CreatePartition', 'CreatePartition']);
  });

  it('is content where the partition is there, also from a try whose answer got lost', async () => {
    for (const script of [
      [{ error: 'AlreadyExistsException' }],
      ['drop', { output: {} }],
      ['drop', { error: 'AlreadyExistsException' }],
    ] satisfies Answer[][]) {
      answers = script;
      await catalog.registerPartition(partition);
      // Every answer was heard.
      expect(answers).toEqual([]);
    }
  });

  it('tries again where others change the table, and where Glue is throttled', async () => {
    answers = [
      { error: 'ConcurrentModificationException' },
      { error: 'OperationTimeoutException' },
      { error: 'ThrottlingException' },
    ];
    await catalog.registerPartition(partition);
    expect(operations().filter((operation) => operation === 'CreatePartition')).toHaveLength(4);
    // Throttling is waited for by the SDK.
    expect(slept).toHaveLength(2);
  });

  it('gives up after some tries, and says on what', async () => {
    answers = Array.from({ length: 20 }, () => ({ error: 'ConcurrentModificationException' }));
    await expect(catalog.registerPartition(partition)).rejects.toThrow(
      new StorageError(
        'glue:CreatePartition lake.results (gb, 2026-11-17): ConcurrentModificationException: as scripted',
      ),
    );
    expect(slept).toHaveLength(7);
  });

  it('reads all pages, without the columns of every partition', async () => {
    answers = [
      { output: { Partitions: [{ Values: ['gb', '1'] }], NextToken: 'next' } },
      { output: { Partitions: [], NextToken: 'more' } },
      { output: { Partitions: [{ Values: ['fr', '1'] }] } },
    ];
    expect(await Array.fromAsync(catalog.partitions('results'))).toEqual([
      ['gb', '1'],
      ['fr', '1'],
    ]);
    expect(service.calls.map(({ input }) => [input.NextToken, input.ExcludeColumnSchema])).toEqual([
      [undefined, true],
      ['next', true],
      ['more', true],
    ]);
  });

  it('asks for the table again after it could not be read', async () => {
    tables = [{ error: 'AccessDeniedException' }];
    await expect(catalog.registerPartition(partition)).rejects.toThrow(
      /^glue:GetTable lake\.results: access denied/,
    );
    await catalog.registerPartition(partition);
    expect(operations().at(-1)).toBe('CreatePartition');
  });
});
