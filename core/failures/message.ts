import * as z from 'zod';
import { civilDateSchema } from '../calendar/civil-date.ts';
import { isIdentifier } from '../source/identifier.ts';
import { withPartitionValue } from '../source/partition.ts';
import { type FailureKey, keyOf } from './failure-store.ts';

const identifier = z.string().refine(isIdentifier, { error: 'not an identifier' });

/**
 * The message about a failed item: the key of its failure and nothing else. Whether it is tried, when, and
 * how often stands in the failure alone, so that a message that comes twice, late or out of order cannot do
 * anything that the failure does not ask for. Version 1 said more, and is read as the key that it holds.
 */
const messageSchema = withPartitionValue(
  z.object({
    version: z.literal([1, 2]),
    source: identifier,
    value: identifier,
    date: civilDateSchema,
    /** `index` where the index of the day itself failed. */
    item: identifier,
  }),
);

/** The message about this failure. */
export function encodeFailedItem({ source, partition: { value, date }, item }: FailureKey): string {
  return JSON.stringify({ version: 2, source, value, date, item });
}

/** `poison`: no program of this version can do anything with it, and `reason` says why in one line. */
export type DecodedFailedItem =
  | { readonly kind: 'message'; readonly key: FailureKey }
  | { readonly kind: 'poison'; readonly reason: string };

export function decodeFailedItem(body: string): DecodedFailedItem {
  let said: unknown;
  try {
    said = JSON.parse(body);
  } catch {
    return { kind: 'poison', reason: 'the message is no JSON' };
  }
  const checked = messageSchema.safeParse(said);
  if (checked.success) return { kind: 'message', key: keyOf(checked.data) };
  const problems = checked.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'message'}: ${message}`,
  );
  return { kind: 'poison', reason: `no failed item of version 1 or 2: ${problems.join('; ')}` };
}
