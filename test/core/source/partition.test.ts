import { expect, it } from 'vitest';
import { failureSchema } from '../../../core/failures/failure-schema.ts';
import { decodeFailedItem } from '../../../core/failures/message.ts';
import { targetOf } from '../../../core/source/partition.ts';
import { partitionWorkSchema } from '../../../lambdas/contracts.ts';

const RUN = '01a2e0c4-1111-7222-8333-444455556666';

it('an item is of its own target, or of that which its partition is named after', () => {
  expect(targetOf({ target: 'school-1' }, { value: 'CA' })).toBe('school-1');
  expect(targetOf({}, { value: 'gb' })).toBe('gb');
});

it('what was written before partitions had values of their own names its target', () => {
  const failure = {
    ...{ source: 'racing', target: 'gb', date: '2026-11-17', item: '1', url: 'https://example.org/1' },
    ...{ state: 'open', code: 'TIMEOUT', message: null, runs: 1, attempts: 4, capture: null },
    ...{ firstRunId: RUN, lastRunId: RUN, openedAt: 1, lastFailedAt: 1, closedAt: null, closedBy: null },
  };
  expect(failureSchema().parse(failure)).toMatchObject({ target: 'gb', value: 'gb' });
  expect(failureSchema().parse({ ...failure, target: 'school-1', value: 'CA' })).toMatchObject({
    target: 'school-1',
    value: 'CA',
  });

  const message = { version: 1, source: 'racing', target: 'gb', date: '2026-11-17', item: '1' };
  const body = JSON.stringify({ ...message, url: 'https://example.org/1', runId: RUN, notBefore: 0 });
  expect(decodeFailedItem(body)).toMatchObject({
    kind: 'message',
    key: { source: 'racing', partition: { value: 'gb' } },
  });

  const work = { runId: RUN, source: 'racing', target: 'gb', date: '2026-11-17', force: false };
  expect(partitionWorkSchema().parse(work)).toMatchObject({ value: 'gb' });
  expect(partitionWorkSchema().safeParse({ ...work, target: '../x' }).success).toBe(false);
});
