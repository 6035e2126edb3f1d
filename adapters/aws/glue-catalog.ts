import {
  BatchUpdatePartitionCommand,
  type BatchUpdatePartitionRequestEntry,
  CreatePartitionCommand,
  GetPartitionsCommand,
  type GetPartitionsCommandOutput,
  GetTableCommand,
  GlueClient,
  type Partition,
} from '@aws-sdk/client-glue';
import type { AlignedPartitions, Catalog, CatalogPartition } from '../../core/ports/catalog.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { awsFailure, awsTrouble } from './aws-failure.ts';
import { type Backoff, retrying } from './backoff.ts';
import { type AwsConnection, clientSettings, PATIENT_ATTEMPTS } from './client-settings.ts';
import { columnsMark, entryError, hasColumnsOf, partitionInput, type TableShape } from './glue-columns.ts';

export interface GlueCatalogOptions {
  readonly database: string;
  readonly clock: Clock;
  /** @default what the SDK finds */
  readonly connection?: AwsConnection;
}

/**
 * Partitions of one table that are registered at the same moment may hinder each other; the SDK does not
 * repeat that.
 */
const CONTENDED: Backoff = { attempts: 8, baseMs: 200, capMs: 5_000 };
/** As many as Glue updates in one request. */
const BATCH = 100;
/** Of one call of `alignPartitions`: 2,000 partitions, which take well under a minute. */
const BATCHES = 20;

/**
 * The tables of a Glue database. A partition gets its formats and columns from its table (the symlink input
 * format over Parquet), so that Athena reads both in one way; only the place differs. Glue copies nothing of
 * a table that changes: its partitions keep their columns until they are aligned with it.
 *
 * Throws a `StorageError` where Glue stays out of reach, the table is not there, or the values do not fit its
 * partition columns. Needs glue:GetTable, CreatePartition, GetPartitions and BatchUpdatePartition on catalog,
 * database and tables.
 */
export function openGlueCatalog(options: GlueCatalogOptions): Catalog & { close(): void } {
  return new GlueCatalog(options);
}

class GlueCatalog implements Catalog {
  readonly #database: string;
  readonly #clock: Clock;
  readonly #client: GlueClient;
  readonly #shapes = new Map<string, Promise<TableShape>>();
  readonly #aligned = new Set<string>();

  constructor({ database, clock, connection = {} }: GlueCatalogOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#client = new GlueClient(clientSettings(connection, PATIENT_ATTEMPTS));
  }

  async registerPartition({ table, values, location }: CatalogPartition): Promise<void> {
    const shape = await this.#shapeOf(table);
    const { partitionKeys } = shape;
    const name = `${this.#database}.${table} (${values.join(', ')})`;
    if (partitionKeys.length !== values.length) {
      throw new StorageError(
        `glue:CreatePartition ${name}: the table is partitioned by ${partitionKeys.join(', ')}; deploy the stack of this version`,
      );
    }
    const command = new CreatePartitionCommand({
      DatabaseName: this.#database,
      TableName: table,
      // With the slash it cannot be taken for the beginning of another folder's name.
      PartitionInput: partitionInput(shape, values, `${location}/`),
    });
    await this.#attempt(`glue:CreatePartition ${name}`, async () => {
      try {
        await this.#client.send(command);
      } catch (error) {
        if (awsTrouble(error)?.name !== 'AlreadyExistsException') throw error;
      }
    });
  }

  async *partitions(table: string): AsyncGenerator<readonly string[]> {
    for await (const { Values } of this.#list(table)) if (Values) yield Values;
  }

  /** Once in a process, as far as that was enough: a deployment starts new processes. */
  async alignPartitions(
    table: string,
    expected: readonly CatalogPartition[] = [],
  ): Promise<AlignedPartitions> {
    if (this.#aligned.has(table)) return { updated: 0, left: 0 };
    const shape = await this.#shapeOf(table);
    const entries: BatchUpdatePartitionRequestEntry[] = [];
    const missing = new Map(expected.map((each) => [each.values.join('/'), each]));
    let left = 0;
    for await (const { Values = [], StorageDescriptor, Parameters } of this.#list(table)) {
      missing.delete(Values.join('/'));
      if (hasColumnsOf(shape, Parameters)) continue;
      if (entries.length >= BATCH * BATCHES) left++;
      else
        entries.push({
          PartitionValueList: Values,
          PartitionInput: partitionInput(shape, Values, StorageDescriptor?.Location, Parameters),
        });
    }
    for (let at = 0; at < entries.length; at += BATCH)
      await this.#update(table, entries.slice(at, at + BATCH));
    for (const each of missing.values()) await this.registerPartition(each);
    if (left === 0) this.#aligned.add(table);
    return { updated: entries.length, left };
  }

  async #update(table: string, entries: readonly BatchUpdatePartitionRequestEntry[]): Promise<void> {
    let remaining = [...entries];
    const action = `glue:BatchUpdatePartition ${this.#database}.${table}`;
    await this.#attempt(action, async () => {
      const { Errors = [] } = await this.#client.send(
        new BatchUpdatePartitionCommand({
          DatabaseName: this.#database,
          TableName: table,
          Entries: remaining,
        }),
      );
      // Somebody has removed it: there is nothing left to update.
      const failed = Errors.filter(({ ErrorDetail }) => ErrorDetail?.ErrorCode !== 'EntityNotFoundException');
      if (failed.length === 0) return;
      const again = new Set(failed.map(({ PartitionValueList }) => JSON.stringify(PartitionValueList)));
      remaining = remaining.filter(({ PartitionValueList }) => again.has(JSON.stringify(PartitionValueList)));
      throw entryError(failed);
    });
  }

  async *#list(table: string): AsyncGenerator<Partition> {
    let token: string | undefined;
    do {
      const page: GetPartitionsCommandOutput = await this.#attempt(
        `glue:GetPartitions ${this.#database}.${table}`,
        () =>
          this.#client.send(
            new GetPartitionsCommand({
              DatabaseName: this.#database,
              TableName: table,
              // A partition with its 60 columns is 50 times its values.
              ExcludeColumnSchema: true,
              NextToken: token,
            }),
          ),
      );
      yield* page.Partitions ?? [];
      token = page.NextToken;
    } while (token);
  }

  close(): void {
    this.#client.destroy();
  }

  /** Asked once: a deployment starts new processes. */
  #shapeOf(table: string): Promise<TableShape> {
    const known = this.#shapes.get(table);
    if (known) return known;
    const shape = this.#readShape(table);
    this.#shapes.set(table, shape);
    shape.catch(() => this.#shapes.delete(table));
    return shape;
  }

  async #readShape(table: string): Promise<TableShape> {
    const action = `glue:GetTable ${this.#database}.${table}`;
    const { Table } = await this.#attempt(action, () =>
      this.#client.send(new GetTableCommand({ DatabaseName: this.#database, Name: table })),
    );
    if (!Table?.StorageDescriptor)
      throw new StorageError(`${action}: the table has no storage; deploy the stack`);
    return {
      partitionKeys: (Table.PartitionKeys ?? []).map(({ Name }) => Name ?? ''),
      storage: Table.StorageDescriptor,
      mark: columnsMark(Table.StorageDescriptor.Columns),
    };
  }

  async #attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await retrying(this.#clock, CONTENDED, isContention, work);
    } catch (error) {
      throw awsFailure(error, action);
    }
  }
}

/** Names of errors with status 400, or of one entry of a batch, which the SDK takes for final. */
const CONTENTION = new Set([
  'ConcurrentModificationException',
  'OperationTimeoutException',
  'InternalServiceException',
]);

function isContention(error: unknown): boolean {
  return CONTENTION.has(awsTrouble(error)?.name ?? '');
}
