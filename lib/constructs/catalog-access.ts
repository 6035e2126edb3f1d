import type { FunctionName } from '../../lambdas/contracts.ts';

/** A partition becomes known, with the columns of its table. */
const REGISTER = ['glue:GetTable', 'glue:CreatePartition'];
/** Partitions get the columns that their table has now, and those that are not known any more become so. */
const ALIGN = [...REGISTER, 'glue:GetPartitions', 'glue:UpdatePartition', 'glue:BatchUpdatePartition'];

/** What each function does to the tables of sources in the catalog, and no more. */
export const CATALOG_ACCESS: Readonly<Partial<Record<FunctionName, readonly string[]>>> = {
  publish: REGISTER,
  'retry-items': REGISTER,
  summarize: ALIGN,
  'publish-entities': ALIGN,
  'publish-extraction': ALIGN,
};
