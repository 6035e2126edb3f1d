/** A view of the lake. `sql` is one SELECT, the same text for DuckDB and for Athena. */
export interface View {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
}

/** The columns that name a partition in `commits`, and in every view of partitions. */
export const PARTITION = 'source, table_name, target, partition_date';
