import type {
  PutItemCommandInput,
  TransactWriteItem,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { StateWrite } from '../../core/ports/state-store.ts';
import { expiresAt, STATE_TABLE } from './state-table.ts';

export type Put = Extract<StateWrite, { kind: 'put' }>;

export function keyOf({ partition, sort }: { readonly partition: string; readonly sort: string }) {
  return { [STATE_TABLE.partitionKey]: { S: partition }, [STATE_TABLE.sortKey]: { S: sort } };
}

/** A put that expects a revision or none: what the item becomes is known, so it is replaced whole. */
export function putOf(TableName: string, put: Put, value: string, now: number, writeId?: string) {
  const before = put.expect === 'absent' ? 0 : (put.expect ?? 0);
  const expires = expiresAt(put.partition, now);
  return {
    TableName,
    Item: {
      ...keyOf(put),
      [STATE_TABLE.revision]: { N: String(before + 1) },
      [STATE_TABLE.value]: { S: value },
      ...(writeId !== undefined && { [STATE_TABLE.writeId]: { S: writeId } }),
      ...(expires !== undefined && { [STATE_TABLE.expiresAt]: { N: String(expires) } }),
    },
    ...(before === 0 ? isAbsent() : isRevision(before)),
  } satisfies PutItemCommandInput;
}

/** A put that expects nothing: DynamoDB counts the revision. */
export function updateOf(TableName: string, put: Put, value: string, now: number) {
  const expires = expiresAt(put.partition, now);
  const sets = ['#value = :value', '#revision = if_not_exists(#revision, :zero) + :one'];
  if (expires !== undefined) sets.push('#expires = :expires');
  return {
    TableName,
    Key: keyOf(put),
    UpdateExpression: `SET ${sets.join(', ')}`,
    ExpressionAttributeNames: {
      '#value': STATE_TABLE.value,
      '#revision': STATE_TABLE.revision,
      ...(expires !== undefined && { '#expires': STATE_TABLE.expiresAt }),
    },
    ExpressionAttributeValues: {
      ':value': { S: value },
      ':zero': { N: '0' },
      ':one': { N: '1' },
      ...(expires !== undefined && { ':expires': { N: String(expires) } }),
    },
  } satisfies UpdateItemCommandInput;
}

/** `value`: JSON text of a put. */
export function transactItemOf(
  TableName: string,
  write: StateWrite,
  value: string,
  now: number,
): TransactWriteItem {
  if (write.kind === 'check') {
    const condition =
      write.expect === 'absent'
        ? isAbsent()
        : write.expect === 'present'
          ? isPresent()
          : isRevision(write.expect);
    return { ConditionCheck: { TableName, Key: keyOf(write), ...condition } };
  }
  if (write.kind === 'delete') {
    const condition = write.expect === undefined ? {} : isRevision(write.expect);
    return { Delete: { TableName, Key: keyOf(write), ...condition } };
  }
  return write.expect === undefined
    ? { Update: updateOf(TableName, write, value, now) }
    : { Put: putOf(TableName, write, value, now) };
}

function isAbsent() {
  return {
    ConditionExpression: 'attribute_not_exists(#pk)',
    ExpressionAttributeNames: { '#pk': STATE_TABLE.partitionKey },
  };
}

function isPresent() {
  return {
    ConditionExpression: 'attribute_exists(#pk)',
    ExpressionAttributeNames: { '#pk': STATE_TABLE.partitionKey },
  };
}

function isRevision(revision: number) {
  return {
    ConditionExpression: '#revision = :expected',
    ExpressionAttributeNames: { '#revision': STATE_TABLE.revision },
    ExpressionAttributeValues: { ':expected': { N: String(revision) } },
  };
}
