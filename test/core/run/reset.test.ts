import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planReset, reset } from '../../../core/run/reset.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import { sessionWith } from '../../e2e/support/race-faults.ts';
import type { Session } from '../../e2e/support/session.ts';

let session: Session;
beforeEach(async () => {
  session = await sessionWith(NO_FAULTS);
  for (let group = 0; group < 3; group++) {
    await session.platform.state.write(
      Array.from({ length: 100 }, (_, n) => ({
        kind: 'put' as const,
        partition: `failures#source-${n % 4}`,
        sort: `gb#2026-11-20#${group * 100 + n}`,
        value: { state: 'open', claim: n === 0 ? { until: session.clock.now() + 60_000 } : null },
      })),
    );
  }
  await session.platform.failedItems.send([{ body: 'a', delayMs: 0 }]);
});
afterEach(() => session.close());

describe('a reset', () => {
  it('is planned without changing anything: what there is, by kind, and what is under way', async () => {
    const before = session.writes.length;
    const plan = await planReset(session.platform);
    expect(plan).toMatchObject({ failures: { open: 300 }, retrying: 3, others: 0, queue: { due: 1 } });
    expect(plan.documents).toHaveLength(300);
    expect(session.writes.length).toBe(before);
  });

  it('deletes in transactions that DynamoDB takes, and tells how far it is', async () => {
    const told: number[] = [];
    expect(await reset(session.platform, (done) => told.push(done))).toBe(300);
    expect(told).toEqual([100, 200, 300]);
    expect((await planReset(session.platform)).documents).toEqual([]);
  });

  it('that crashed on the way has emptied the queue, and the same again takes the rest', async () => {
    let writes = 0;
    session.onWrite = () => {
      if (++writes === 3) throw new Error('killed');
    };
    await expect(reset(session.platform)).rejects.toThrow('killed');
    session.onWrite = () => {};
    const left = await planReset(session.platform);
    expect(left).toMatchObject({ failures: { open: 100 }, queue: { due: 0 } });
    expect(await reset(session.platform)).toBe(100);
    expect((await planReset(session.platform)).documents).toEqual([]);
  });
});
