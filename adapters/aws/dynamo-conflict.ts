import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { awsTrouble } from './aws-failure.ts';
import { STATE_TABLE } from './state-table.ts';

/** Which writes expected what does not hold, by their place in the transaction; one alone is the first. */
export function conflictsOf(error: unknown): readonly number[] {
  if (error instanceof ConditionalCheckFailedException) return [0];
  return reasonsOf(error).flatMap((reason, at) => (reason === 'ConditionalCheckFailed' ? [at] : []));
}

/** The condition of a put failed on the item that an earlier try of the same put had written. */
export function wroteItself(error: unknown, writeId: string): boolean {
  return error instanceof ConditionalCheckFailedException && error.Item?.[STATE_TABLE.writeId]?.S === writeId;
}

/**
 * Reasons for which DynamoDB cancels a transaction and that pass: nothing was written, and the next try may
 * succeed.
 */
const PASSING = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
]);

/** Part of a batch was left out, as where the table is throttled: the SDK takes that for success. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
}

/**
 * Others were at work on the same items, or a transaction or a batch met throttling: not carried out, worth
 * another try, and nothing that the SDK repeats by itself.
 */
export function isContention(error: unknown): boolean {
  if (error instanceof UnansweredError) return true;
  const reasons = reasonsOf(error);
  if (reasons.length > 0) {
    return (
      !reasons.includes('ConditionalCheckFailed') &&
      reasons.every((reason) => reason === 'None' || PASSING.has(reason)) &&
      reasons.some((reason) => PASSING.has(reason))
    );
  }
  return awsTrouble(error)?.name === 'TransactionConflictException';
}

function reasonsOf(error: unknown): string[] {
  if (!(error instanceof TransactionCanceledException)) return [];
  return (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None');
}
