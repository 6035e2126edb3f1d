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

  const partitionsOf = (from: number, count: number, more: object = {}) =>
    Array.from({ length: count }, (_, n) => ({
      Values: ['gb', String(from + n)],
      StorageDescriptor: { Location: `s3://lake/${from + n}/` },
      ...more,
    }));
  const updates = () => service.calls.filter(({ operation }) => operation === 'BatchUpdatePartition');

  it('aligns a hundred partitions in one request, and at most two thousand in one call', async () => {
    answers = [
      { output: { Partitions: partitionsOf(0, 1_000), NextToken: 'next' } },
      { output: { Partitions: partitionsOf(1_000, 1_250) } },
    ];
    expect(await catalog.alignPartitions('results')).toEqual({ updated: 2_000, left: 250 });
    expect(updates().map(({ input }) => (input.Entries as unknown[]).length)).toEqual(Array(20).fill(100));
    const [entry] = updates()[0]!.input.Entries as {
      PartitionInput: { Parameters: Record<string, string> };
    }[];
    expect(entry).toMatchObject({
      PartitionValueList: ['gb', '0'],
      PartitionInput: {
        Values: ['gb', '0'],
        StorageDescriptor: { InputFormat: 'symlinks', Location: 's3://lake/0/' },
      },
    });
    const { Parameters } = entry!.PartitionInput;
    answers = [
      { output: { Partitions: [...partitionsOf(0, 2_000, { Parameters }), ...partitionsOf(2_000, 250)] } },
    ];
    expect(await catalog.alignPartitions('results')).toEqual({ updated: 250, left: 0 });
    const asked = service.calls.length;
    // A process looks no more when all are as they should be: a deployment starts a new one.
    expect(await catalog.alignPartitions('results')).toEqual({ updated: 0, left: 0 });
    expect(service.calls).toHaveLength(asked);
  });

  it('aligns again only what Glue could not, and forgets what is gone', async () => {
    const failed = (value: string, ErrorCode: string) => ({
      PartitionValueList: ['gb', value],
      ErrorDetail: { ErrorCode, ErrorMessage: 'as scripted' },
    });
    answers = [
      { output: { Partitions: partitionsOf(0, 3) } },
      {
        output: {
          Errors: [failed('1', 'ConcurrentModificationException'), failed('2', 'EntityNotFoundException')],
        },
      },
    ];
    expect(await catalog.alignPartitions('results')).toEqual({ updated: 3, left: 0 });
    expect(
      updates().map(({ input }) =>
        (input.Entries as { PartitionValueList: unknown }[]).map((e) => e.PartitionValueList),
      ),
    ).toEqual([
      [
        ['gb', '0'],
        ['gb', '1'],
        ['gb', '2'],
      ],
      [['gb', '1']],
    ]);
    expect(slept).toHaveLength(1);
  });

  it('says which action failed where a partition cannot be aligned', async () => {
    const ErrorDetail = { ErrorCode: 'InvalidInputException', ErrorMessage: 'as scripted' };
    answers = [
      { output: { Partitions: partitionsOf(0, 1) } },
      { output: { Errors: [{ PartitionValueList: ['gb', '0'], ErrorDetail }] } },
    ];
    await expect(catalog.alignPartitions('results')).rejects.toThrow(
      new StorageError(
        'glue:BatchUpdatePartition lake.results: InvalidInputException: 1 partition was not updated: as scripted',
      ),
    );
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
