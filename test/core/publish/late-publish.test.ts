import { afterEach, describe, expect, it } from 'vitest';
import { keyOf } from '../../../core/failures/failure-store.ts';
import { queueOpen } from '../../../core/failures/queue-failures.ts';
import { readCurrent } from '../../../core/lake/manifest.ts';
import type { PartitionWork } from '../../../core/platform.ts';
import { accept } from '../../../core/publish/decisions.ts';
import { publish } from '../../../core/publish/publish.ts';
import { retryNow } from '../../../core/retry/claimed-retry.ts';
import { handleFailedItem } from '../../../core/retry/handle-message.ts';
import { recordFailures, scrape } from '../../../core/scrape/scrape.ts';
import { PartitionStore } from '../../../core/state/partition-store.ts';
import { unflagged } from '../../../core/targets/flags.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import { racing } from '../../../sources/racing/source.ts';
import { logRows } from '../../e2e/support/lake-reading.ts';
import { asked, faults, raceId, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import { COOL_DOWN_MINUTES, IN_A_RUN, MINUTE } from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';
import { BY } from '../targets/by.ts';

const GB = { value: 'gb', date: DAY };

let session: Session;
afterEach(() => session.close());

const lastRefresh = async () => (await new PartitionStore(session.platform.state).get('racing_results', GB))!;
const current = async () => (await readCurrent(session.platform.lake, session.source.table, GB))!.descriptor;
const retry = (race: number) =>
  retryNow(
    session.platform,
    session.source,
    keyOf({ source: 'racing', value: 'gb', date: DAY, item: raceId(session, race) }),
  );

async function scraped(work: PartitionWork): Promise<void> {
  try {
    while (!(await scrape(session.platform, work)).done);
  } catch {
    await recordFailures(session.platform, work);
  }
}

describe('the record of a partition', () => {
  it('follows the run that publishes last, also where that began before a retry', async () => {
    session = await sessionWith(faults(rule(0, status(500), IN_A_RUN), rule(1, status(500), IN_A_RUN)));
    await session.run({ targets: ['gb'] });
    const early = await session.planned('gb');
    expect(await retry(0)).toMatchObject({ kind: 'recovered' });
    expect(await lastRefresh()).toMatchObject({ found: session.amount.races - 1, failed: 1 });
    await scraped(early);
    await publish(session.platform, early);
    expect(await lastRefresh()).toMatchObject({
      found: session.amount.races,
      failed: 0,
      version: (await current()).version,
    });
  });

  it('is not taken back by one that comes late to record what it had decided before', async () => {
    session = await sessionWith(NO_FAULTS);
    await session.run({ targets: ['gb'] });
    const { freshAt: _, value: __, date: ___, ...before } = await lastRefresh();
    const store = new PartitionStore(session.platform.state);
    await store.record('racing_results', GB, {
      ...before,
      found: 1,
      at: before.at - 1,
      settledRun: 0,
      fresh: false,
    });
    expect(await lastRefresh()).toMatchObject({ found: session.amount.races });
  });
});

describe('an item that had failed and rightly has no rows', () => {
  it('is told by a new version, and its rows count as unchanged', async () => {
    let abandoned = '';
    const parse: typeof racing.parse = (page, item, ...known) =>
      item.id === abandoned
        ? { kind: 'empty', reason: 'the race was abandoned' }
        : racing.parse(page, item, ...known);
    const race = 2;
    session = await sessionWith(faults(rule(race, status(404), 1)), { sources: [{ ...racing, parse }] });
    abandoned = raceId(session, race);
    await session.run({ targets: ['gb'] });
    expect(await lastRefresh()).toMatchObject({ failed: 1, empty: 0 });
    const { rows, contentHash } = await current();
    expect(await retry(race)).toMatchObject({
      kind: 'recovered',
      result: { status: 'committed', changed: false },
    });
    const after = await current();
    expect(after).toMatchObject({ rows, contentHash });
    expect(after.items.find(({ id }) => id === raceId(session, race))).toMatchObject({ state: 'empty' });
    expect(await lastRefresh()).toMatchObject({ failed: 0, empty: 1 });
    const [last] = (await logRows(session.directory, 'commits')).filter(({ actor }) => actor === 'retry');
    expect(last).toMatchObject({ status: 'committed', changed: false });
  });
});

describe('a version that was held and is accepted', () => {
  it('recovers the failures of the items that it has', async () => {
    session = await sessionWith(faults(rule(0, status(500), IN_A_RUN)), {});
    await session.run({ targets: ['gb'] });
    const failure = (await session.failures())[0]!;
    const work = await session.planned('gb');
    await scraped(work);
    const { maxShrink } = session.source.expect;
    (session.source.expect as { maxShrink: number }).maxShrink = -1;
    expect(await publish(session.platform, work)).toMatchObject({ status: 'held' });
    (session.source.expect as { maxShrink: number }).maxShrink = maxShrink;
    expect(await session.failures()).toMatchObject([{ item: failure.item, state: 'queued' }]);
    await accept(session.platform, session.source, GB, { actor: 'anna' });
    expect(await session.failures()).toMatchObject([{ state: 'recovered', closedBy: 'anna' }]);
  });
});

describe('a flag that is lifted', () => {
  it('brings back to the queue what it had taken off it, and nothing else', async () => {
    session = await sessionWith(
      faults(rule(0, status(500), 1), rule(1, status(404)), rule(3, { kind: 'cloudflare-challenge' })),
    );
    await session.run({ targets: ['gb'] });
    await session.clock.sleep(COOL_DOWN_MINUTES * MINUTE);
    const { failedItems, state } = session.platform;
    const [message] = await failedItems.receive({ max: 1, visibilityMs: 1000 });
    expect(await handleFailedItem(session.platform, message!)).toMatchObject({ kind: 'needs-a-person' });
    await new TargetStore(state).update('racing', 'gb', (record) => unflagged(record, 0), BY);
    expect(await queueOpen(session.platform, { source: 'racing', target: 'gb' }, 'anna')).toBe(1);
    const [again] = await failedItems.receive({ max: 10, visibilityMs: 1000 });
    expect(await handleFailedItem(session.platform, again!)).toMatchObject({ kind: 'recovered' });
    expect(asked(session, 0, 1, 3)).toEqual([2, 1, 1]);
  });
});
