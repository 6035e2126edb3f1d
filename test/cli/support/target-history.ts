import { testClock } from '../../e2e/support/test-time.ts';
import { DAY_MS, type DistrictsDirectory, HOUR_MS } from './districts.ts';

/** The districts of a directory where nothing else is said, by their names. */
export const [ALDER, BIRCH, CEDAR, OXNARD] = ['0600001', '0600002', '1700003', '0600004'] as const;

/** Alder failed twice, Birch is due tomorrow, Cedar failed too often, Oxnard has no address. */
export async function withHistory(lake: DistrictsDirectory): Promise<void> {
  const now = testClock.now();
  await lake.change(ALDER, (record) => ({
    ...record,
    ...{ nextCrawlAt: now - HOUR_MS, lastCrawlAt: now - DAY_MS, lastFailureAt: now - DAY_MS },
    ...{ lastErrorCode: 'TIMEOUT', consecutiveFailures: 2, backoffMultiplier: 4 },
    ...{ totalAttempts: 8, totalSuccesses: 5 },
  }));
  await lake.change(BIRCH, (record) => ({
    ...record,
    ...{ nextCrawlAt: now + DAY_MS, lastCrawlAt: now - HOUR_MS, lastSuccessAt: now - HOUR_MS },
    ...{ recordCount: 3, totalAttempts: 1, totalSuccesses: 1 },
  }));
  await lake.change(CEDAR, (record) => ({
    ...record,
    ...{ status: 'failed', failedAt: now, consecutiveFailures: 10, failureNotes: 'ten in a row' },
  }));
}
