/**
 * Facts about one partition and one item of it, each as it is where all is well; a test changes what it is
 * about.
 */

import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { WhyCurrent, WhyFacts, WhyRun } from '../../../core/explain/facts.ts';
import type { AttemptRow } from '../../../core/lake/log-tables.ts';
import type { VersionItem } from '../../../core/lake/version.ts';
import type { PartitionRecord } from '../../../core/state/partition-store.ts';
import { EARLIER_ATTEMPT } from '../lake/attempt-row.ts';

export const AT = Date.UTC(2025, 10, 18, 1, 30);
export const [OLD_RUN, RUN] = [
  '019a0000-0000-7000-8000-000000000001',
  '019a0000-0000-7000-8000-000000000002',
];

export const NOTHING: WhyFacts = {
  source: 'racing',
  partition: { value: 'gb', date: civilDate('2025-11-17') },
  item: null,
  today: civilDate('2025-11-18'),
  now: AT,
  skip: null,
  run: null,
  attempts: [],
  retries: [],
  failures: [],
  commits: [],
  lastRefresh: null,
  completeness: null,
  current: { kind: 'none' },
  targets: null,
  entities: null,
  pages: null,
};

export const run = (more: Partial<WhyRun> = {}): WhyRun => ({
  runId: RUN,
  start: '2025-11-11',
  end: '2025-11-17',
  status: 'succeeded',
  startedAt: AT,
  finishedAt: AT,
  message: null,
  planned: 'yes',
  ...more,
});

export const lastRefresh = (more: Partial<PartitionRecord> = {}): PartitionRecord => ({
  ...NOTHING.partition,
  status: 'committed',
  version: 'v2',
  heldReason: null,
  runId: RUN,
  at: AT,
  order: 1,
  settledRun: 1,
  inCatalog: true,
  failuresMark: 0,
  freshAt: AT,
  expected: 20,
  found: 20,
  empty: 0,
  pending: 0,
  abandoned: 0,
  void: 0,
  withdrawn: { count: 0, ids: [] },
  repeated: [],
  sign: null,
  carried: 0,
  failed: 0,
  rows: 200,
  held: null,
  reason: null,
  ...more,
});

export const current = (item: Partial<VersionItem> | null = null): WhyCurrent => ({
  kind: 'version',
  version: 'v1',
  rows: 190,
  items: 19,
  committedAt: '2025-11-17T01:30:00Z',
  committedBy: OLD_RUN,
  item: item && {
    id: '4711',
    url: '/4711',
    state: 'found',
    rows: 12,
    checkedAt: AT,
    parserVersion: 1,
    capture: null,
    ...item,
  },
});

export const attempt = (more: Partial<AttemptRow> = {}): AttemptRow => ({
  ...EARLIER_ATTEMPT,
  attempt_id: RUN,
  run_id: RUN,
  item_id: '4711',
  url: 'https://example.org/4711',
  ...more,
});

export const FLAG = {
  target: 'gb',
  reason: 'security_block_one_attempt',
  actor: 'rescrape',
  since: AT,
  expiresAt: null,
  lastsMs: null,
};
