import {
  CreatePartitionCommand,
  GetPartitionsCommand,
  type GetPartitionsCommandOutput,
  GetTableCommand,
  GlueClient,
  type StorageDescriptor,
} from '@aws-sdk/client-glue';
import type { Catalog, CatalogPartition } from '../../core/ports/catalog.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { awsFailure, awsTrouble } from './aws-failure.ts';
import { type Backoff, retrying } from './backoff.ts';
import { type AwsConnection, clientSettings, PATIENT_ATTEMPTS } from './client-settings.ts';

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

/**
 * The tables of a Glue database. A partition gets its formats and columns from its table (the symlink input
 * format over Parquet), so that Athena reads both in one way; only the place differs.
 *
 * Throws a `StorageError` where Glue stays out of reach, the table is not there, or the values do not fit its
 * partition columns. Needs glue:GetTable, CreatePartition and GetPartitions on catalog, database and tables.
 */
export function openGlueCatalog(options: GlueCatalogOptions): Catalog & { close(): void } {
  return new GlueCatalog(options);
}

interface TableShape {
  readonly partitionKeys: readonly string[];
  readonly storage: StorageDescriptor;
}

class GlueCatalog implements Catalog {
  readonly #database: string;
  readonly #clock: Clock;
  readonly #client: GlueClient;
  readonly #shapes = new Map<string, Promise<TableShape>>();

  constructor({ database, clock, connection = {} }: GlueCatalogOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#client = new GlueClient(clientSettings(connection, PATIENT_ATTEMPTS));
  }

  async registerPartition({ table, values, location }: CatalogPartition): Promise<void> {
    const { partitionKeys, storage } = await this.#shapeOf(table);
    const name = `${this.#database}.${table} (${values.join(', ')})`;
    if (partitionKeys.length !== values.length) {
      throw new StorageError(
        `glue:CreatePartition ${name}: the table is partitioned by ${partitionKeys.join(', ')}; deploy the stack of this version`,
      );
    }
    const command = new CreatePartitionCommand({
      DatabaseName: this.#database,
      TableName: table,
      PartitionInput: {
        Values: [...values],
        // With the slash it cannot be taken for the beginning of another folder's name.
        StorageDescriptor: { ...storage, Location: `${location}/` },
      },
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
      for (const { Values } of page.Partitions ?? []) if (Values) yield Values;
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

/** Names of errors with status 400, which the SDK takes for final. */
const CONTENTION = new Set(['ConcurrentModificationException', 'OperationTimeoutException']);

function isContention(error: unknown): boolean {
  return CONTENTION.has(awsTrouble(error)?.name ?? '');
}
