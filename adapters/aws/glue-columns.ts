import { createHash } from 'node:crypto';
import type {
  BatchUpdatePartitionFailureEntry,
  Column,
  PartitionInput,
  StorageDescriptor,
} from '@aws-sdk/client-glue';

/** A table of Glue as its partitions need it. */
export interface TableShape {
  readonly partitionKeys: readonly string[];
  readonly storage: StorageDescriptor;
  /** Of the columns of `storage`, see `columnsMark`. */
  readonly mark: string;
}

/** The parameter of a partition that tells with which columns it was registered. */
const COLUMNS = 'rescrape.columns';

/**
 * A short hash of names and types in order. A partition keeps that of its own columns, because Glue lists the
 * partitions of a table much faster without their columns.
 */
export function columnsMark(columns: readonly Column[] = []): string {
  const text = JSON.stringify(columns.map(({ Name, Type }) => [Name, Type]));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export function hasColumnsOf(
  { mark }: TableShape,
  parameters: Readonly<Record<string, string>> = {},
): boolean {
  return parameters[COLUMNS] === mark;
}

/** Formats and columns of the table, and a place of its own. `location` ends with a slash. */
export function partitionInput(
  { storage, mark }: TableShape,
  values: readonly string[],
  location: string | undefined,
  parameters: Readonly<Record<string, string>> = {},
): PartitionInput {
  return {
    Values: [...values],
    StorageDescriptor: { ...storage, Location: location },
    Parameters: { ...parameters, [COLUMNS]: mark },
  };
}

/** What Glue says of one partition of a batch, as the SDK would throw it of a request. */
export function entryError(failed: readonly BatchUpdatePartitionFailureEntry[]): Error {
  const { ErrorCode = 'UnknownError', ErrorMessage = '' } = failed[0]?.ErrorDetail ?? {};
  const which = failed.length === 1 ? '1 partition was' : `${failed.length} partitions were`;
  const error = new Error(`${which} not updated: ${ErrorMessage}`);
  return Object.assign(error, { name: ErrorCode, $metadata: { httpStatusCode: 400 } });
}
