import type { PartitionJob } from '../job.ts';
import type { PutOptions } from '../ports/object-store.ts';
import { type StoredCheckpoint, writeCheckpoint } from './checkpoint.ts';

/** What is kept of an attempt without a response. */
export const NO_CAPTURE = new Uint8Array(0);

/** Puts an attempt on record and tells of it. False where a condition on it did not hold. */
export async function recordAttempt(
  context: PartitionJob,
  stored: StoredCheckpoint,
  options?: Pick<PutOptions, 'ifNoneMatch'>,
): Promise<boolean> {
  if (!(await writeCheckpoint(context, stored, options))) return false;
  const { platform, source, partition } = context;
  const { item, attempt, outcome } = stored.checkpoint;
  platform.emit({
    kind: 'attempted',
    source: source.name,
    partition,
    item: item.id,
    attempt: attempt.attempt_number,
    code: outcome.code,
    ...(outcome.message !== undefined && { message: outcome.message }),
  });
  return true;
}
