/** What a query engine knows of a table's partitions: Glue on AWS; locally the manifests themselves. */
export interface Catalog {
  /** Makes a partition known, once: already there is fine. Throws where the catalog stays out of reach. */
  registerPartition(partition: CatalogPartition): Promise<void>;
  /**
   * The values of every partition that is known of a table, in the order of the table's partition columns.
   */
  partitions(table: string): AsyncIterable<readonly string[]>;
}

export interface CatalogPartition {
  readonly table: string;
  /** In the order of the table's partition columns: `['gb', '2026-11-17']`. */
  readonly values: readonly string[];
  /** Address of the folder that holds the manifest, without a slash at the end. */
  readonly location: string;
}
