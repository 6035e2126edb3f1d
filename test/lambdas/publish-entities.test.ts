import { expect, it } from 'vitest';
import { drainEnrichment } from '../../core/enrich/drain.ts';
import { session as sessionRecord, student } from '../cli/support/records.ts';
import type { Session } from '../e2e/support/session.ts';
import { CalledStages } from './called-stages.ts';

const called = new CalledStages();
const FIRED = { scheduledTime: '2026-11-22T12:00:00Z', executionName: 'fired' };
const HOUR = 3_600_000;

async function enrich({ platform }: Session, kind: string, record: unknown): Promise<void> {
  const body = JSON.stringify({ schema_version: 1, feed: 'north', record });
  await platform.enrichmentQueue(kind).send([{ body, delayMs: 0 }]);
  await drainEnrichment(platform, { mustStop: () => false, onBatch: () => {} });
}

/** What the last call told of `LongestParked`, in the dimensions that the alarms name. */
function longestParked(): unknown {
  const line = called.lines.findLast((one) => 'LongestParked' in one);
  expect(line).toMatchObject({
    stage: 'dev',
    _aws: {
      CloudWatchMetrics: [
        {
          Namespace: 'Rescrape',
          Dimensions: [['stage']],
          Metrics: [{ Name: 'LongestParked', Unit: 'Seconds' }],
        },
      ],
    },
  });
  return line!.LongestParked;
}

it('publishes what was stored, and tells that nothing is parked', async () => {
  const session = await called.sessionWith();
  await enrich(session, 'student', student('u-1'));
  expect(await called.call('publish-entities', FIRED)).toMatchObject({
    partitions: 1,
    results: { committed: 1 },
    expired: 0,
  });
  expect(longestParked()).toBe(0);
});

it('tells how long a record has waited, and puts it among the dead letters when its time is over', async () => {
  const session = await called.sessionWith();
  await enrich(session, 'session', sessionRecord('s-1'));
  await session.clock.sleep(30 * HOUR);
  await enrich(session, 'session', sessionRecord('s-2'));
  await called.call('publish-entities', FIRED);
  expect(longestParked()).toBeGreaterThanOrEqual(30 * 3600);
  expect(longestParked()).toBeLessThan(31 * 3600);
  await session.clock.sleep(139 * HOUR);
  expect(await called.call('publish-entities', FIRED)).toMatchObject({ expired: 1 });
  expect(longestParked()).toBeLessThan(140 * 3600);
  const dead = await Array.fromAsync(session.platform.enrichmentQueue('session').deadLetters());
  expect(dead).toMatchObject([{ reason: expect.stringContaining('did not come within 7 days') }]);
});

it('refuses an event that no schedule sends', async () => {
  await called.sessionWith();
  await expect(called.call('publish-entities', { scheduledTime: 'now' })).rejects.toMatchObject({
    name: 'BadInput',
  });
});
