/**
 * Small JSON documents under (partition, sort), with optimistic revisions: the DynamoDB model.
 * Meaning and validation of `value` live above; the store only keeps it.
 */
export interface StateStore {
  /** The document, read consistently, or undefined. */
  get(partition: string, sort: string): Promise<StateDocument | undefined>;
  /**
   * Documents by their names, at most 100 distinct ones, in their order: for one request. Each is read
   * consistently, but not all at one moment.
   */
  getMany(names: readonly DocumentName[]): Promise<readonly (StateDocument | undefined)[]>;
  /** Documents of one partition in the byte order of `sort`. */
  query(partition: string, options?: StateQuery): AsyncIterable<StateDocument>;
  /**
   * The names of all documents of all partitions, in no particular order; what is written or deleted
   * meanwhile may be among them or not. It reads the whole store: for what concerns the store as a whole,
   * never for a lookup.
   */
  scan(): AsyncIterable<DocumentName>;
  /**
   * All the writes or none: at most 100, of distinct documents, 3.5 MB together (`state-transaction.ts`; a
   * RangeError otherwise). `conflict` when an expectation does not hold.
   */
  write(writes: readonly StateWrite[]): Promise<'written' | 'conflict'>;
  /** As `write`, and says which expectations did not hold. */
  transact(writes: readonly StateWrite[]): Promise<TransactResult>;
}

export type TransactResult =
  | { readonly kind: 'written' }
  /** Nothing was written. `at`: indexes of the writes whose expectation does not hold, ascending. */
  | { readonly kind: 'conflict'; readonly at: readonly number[] };

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

export interface DocumentName {
  readonly partition: string;
  readonly sort: string;
}

export interface StateDocument extends DocumentName {
  /** 1 for the first write, one more for each write after it. */
  readonly revision: number;
  readonly value: Json;
}

export interface StateQuery {
  readonly prefix?: string;
  /** Inclusive lower bound of `sort`. */
  readonly from?: string;
  /** Inclusive upper bound of `sort`. */
  readonly to?: string;
  readonly descending?: boolean;
  readonly limit?: number;
}

export type StateWrite =
  | {
      readonly kind: 'put';
      readonly partition: string;
      readonly sort: string;
      readonly value: Json;
      /** The revision that must be there, or `absent`; without it the write is unconditional. */
      readonly expect?: number | 'absent';
    }
  | { readonly kind: 'delete'; readonly partition: string; readonly sort: string; readonly expect?: number }
  /** Writes nothing: what it expects holds at the moment in which the others are written. */
  | {
      readonly kind: 'check';
      readonly partition: string;
      readonly sort: string;
      readonly expect: number | 'present' | 'absent';
    };
