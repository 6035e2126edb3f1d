import { daily, defineSource } from '../../core/source/define-source.ts';
import { parseIndexPage } from './index-page.ts';
import { parseRacePage } from './race-page.ts';
import { runnerSchema } from './schema.ts';

/**
 * Results of horse races in Great Britain, Ireland and France, a record a runner. Stewards, late distances
 * and ratings change a result for days, which is why a week is read again each night.
 */
export const racing = defineSource({
  name: 'racing',
  baseUrl: 'https://www.racingpost.com',
  timeZone: 'Europe/London',
  cadence: daily({ at: '01:30', windowDays: 7 }),
  targets: [{ id: 'gb' }, { id: 'ire' }, { id: 'fr' }],
  table: {
    name: 'racing_results',
    partitionBy: ['country', 'date'],
    itemKey: 'race_id',
    rowKey: ['race_id', 'horse_id'],
    unique: ['off', 'horse_id'],
    schema: runnerSchema,
    csv: true,
  },
  politeness: {
    concurrency: 4,
    minDelayMs: 250,
    robots: 'respect',
    userAgent: 'Rescrape/0.1 (+https://example.org/rescrape)',
  },
  outcomes: { rateLimitStatuses: [406, 429], skipAfterBlocks: 1, skipAfterNotFound: 4 },
  retry: { attempts: 3, intervalSeconds: 2, backoffRate: 2 },
  expect: { minItems: 5, maxShrink: 0.5 },
  parserVersion: 2,
  discover: {
    url: ({ date }) => `/results/${date}`,
    whole: { contentTypes: ['text/html'], end: '</html>' },
    parse: parseIndexPage,
  },
  parse: parseRacePage,
});
