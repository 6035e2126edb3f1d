/** What a check of the lake can find. */
export type LakeProblem =
  /** An object beside the manifests that is none: query engines read every file there. */
  | 'stray_object'
  | 'manifest_missing'
  | 'manifest_unreadable'
  | 'descriptor_unreadable'
  /** A later Rescrape wrote the manifest or the descriptor. */
  | 'newer_format'
  /** The manifest and the descriptor of its version name different files. */
  | 'files_differ'
  | 'file_missing'
  /** Not the bytes that were committed, or no Parquet. */
  | 'file_damaged'
  | 'rows_differ'
  | 'duplicate_rows'
  /** Rows of more than one version in one partition. */
  | 'mixed_versions'
  /** The record of the partition and the lake name different versions. */
  | 'register_differs'
  /** The store could not be asked: permissions, a broken disk. */
  | 'store_failed';
