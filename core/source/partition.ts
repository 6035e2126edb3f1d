import * as z from 'zod';
import type { Item, Partition } from './source.ts';

/** The target that an item belongs to: its own, or else that of its partition's value. */
export function targetOf(item: Pick<Item, 'target'>, partition: Pick<Partition, 'value'>): string {
  return item.target ?? partition.value;
}

/**
 * A schema of what names a partition by its `value`. Documents, messages and work lists of before partitions had values of
 * their own only name a `target`: that is the value.
 */
export function withPartitionValue<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((document) => {
    const isOld = typeof document === 'object' && document !== null && 'target' in document;
    return isOld ? { value: document.target, ...document } : document;
  }, schema);
}
