import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { StateQuery } from '../../core/ports/state-store.ts';

export type Item = Record<string, AttributeValue>;

/** What a query asks DynamoDB for, of the sort keys of a partition. */
interface Range {
  /** Goes behind `#pk = :pk`: DynamoDB takes one condition on the sort key, no more. */
  readonly condition: string;
  readonly values: Item;
  /** What the one condition leaves over. */
  holds(sort: string): boolean;
}

/**
 * Bounds in bytes of UTF-8, the order of DynamoDB. An empty text bounds nothing and may not stand in a
 * condition.
 */
export function rangeOf({ prefix = '', from = '', to }: StateQuery): Range | 'nothing' {
  const holds = (sort: string) =>
    sort.startsWith(prefix) && inOrder(from, sort) && (to === undefined || inOrder(sort, to));
  if (to !== undefined && !(inOrder(from, to) && to !== '')) return 'nothing';
  if (prefix !== '')
    return { condition: ' AND begins_with(#sk, :prefix)', values: { ':prefix': { S: prefix } }, holds };
  if (to === undefined) {
    return from === ''
      ? { condition: '', values: {}, holds }
      : { condition: ' AND #sk >= :from', values: { ':from': { S: from } }, holds };
  }
  return from === ''
    ? { condition: ' AND #sk <= :to', values: { ':to': { S: to } }, holds }
    : {
        condition: ' AND #sk BETWEEN :from AND :to',
        values: { ':from': { S: from }, ':to': { S: to } },
        holds,
      };
}

function inOrder(low: string, high: string): boolean {
  return Buffer.compare(Buffer.from(low), Buffer.from(high)) <= 0;
}
