/** What a query engine knows of a table's partitions: Glue on AWS; locally the manifests themselves. */
export interface Catalog {
  /** Makes a partition known, once: already there is fine. Throws where the catalog stays out of reach. */
  registerPartition(partition: CatalogPartition): Promise<void>;
  /**
   * The values of every partition that is known of a table, in the order of the table's partition columns.
   */
  partitions(table: string): AsyncIterable<readonly string[]>;
  /**
   * Gives the columns that a table has now to each of its partitions that was registered with others: a query
   * engine may match them by position; registers those of `expected`, partitions of it, that are not known.
   * Once more changes nothing. Throws as `registerPartition` does.
   */
  alignPartitions(table: string, expected?: readonly CatalogPartition[]): Promise<AlignedPartitions>;
}

export interface AlignedPartitions {
  /** Partitions that have other columns now than before. */
  readonly updated: number;
  /** Those that still have others, because one call does not take hours: call again. */
  readonly left: number;
}

export interface CatalogPartition {
  readonly table: string;
  /** In the order of the table's partition columns: `['gb', '2026-11-17']`. */
  readonly values: readonly string[];
  /** Address of the folder that holds the manifest, without a slash at the end. */
  readonly location: string;
}
