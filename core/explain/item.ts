import { advise } from '../advice/advise.ts';
import { isUnresolved } from '../failures/failure.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import { listedAs, type VersionItem } from '../lake/version.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import { itsRows } from '../wording/figures.ts';
import type { Answer, WhyFacts } from './facts.ts';
import { failureClause } from './failure-history.ts';
import { isOver, timesOf, whoIs } from './wording.ts';

/**
 * Why an item is as it is: by its own last try where there is one, else by what became of its partition; and
 * by its failure.
 */
export function explainItem(facts: WhyFacts, partition: Answer): Answer {
  const { answer, next } = byTheIndex(facts) ?? untried(facts) ?? byItsTries(facts, partition);
  const [failure] = facts.failures;
  if (!failure) return { answer, next };
  const last = facts.attempts.at(-1);
  const ended = `${answer}; ${failureClause(failure, facts)}`;
  // What was fetched and waits for a decision about its partition is not asked for again.
  if (last && DISPOSITIONS[last.error_code].verdict === 'accept') return { answer: ended, next };
  if (isUnresolved(failure))
    return {
      answer: ended,
      next: advise({ ...facts, ...timesOf(facts), kind: 'failures', failures: [failure] }),
    };
  const isSettled = failure.closedAt !== null && (!last || failure.closedAt >= Date.parse(last.attempted_at));
  return { answer: ended, next: isSettled ? [] : next };
}

/** What the index of the day says of it decides, whatever was tried before. */
function byTheIndex(facts: WhyFacts): Answer | undefined {
  const { current } = facts;
  if (current.kind !== 'version') return undefined;
  const { item, withdrawn } = current;
  const isOut = item !== null && listedAs(item) !== undefined;
  if (!isOut && !withdrawn) return undefined;
  const says = item && isOut ? standsAs(item) : 'the index of the day no longer lists it';
  if (!withdrawn) return { answer: says, next: [] };
  return {
    answer: `${says}; the ${withdrawn.rows} rows that it had went with version ${withdrawn.version}`,
    next: advise({ ...facts, kind: 'withdrawn' }),
  };
}

/**
 * The run read the index that lists it, counts items that failed, and has neither an attempt at this one nor
 * a failure of it: it was not tried before the run ended, and nothing tries it by itself.
 */
function untried(facts: WhyFacts): Answer | undefined {
  const { run, attempts, lastRefresh, failures } = facts;
  const item = itemOf(facts);
  if (!run || !item || !lastRefresh || lastRefresh.runId < run.runId || failures.some(isUnresolved))
    return undefined;
  const isIndexRead = lastRefresh.failed > 0 && lastRefresh.expected !== null;
  const isTriedSince = attempts.some(({ run_id }) => run_id >= run.runId);
  if (run.status === 'running' || !isIndexRead || isTriedSince) return undefined;
  return {
    answer: `run ${run.runId} did not try it: its target was flagged before that; ${standsAs(item)}; only another run tries it`,
    next: advise({ ...facts, isOver: isOver(facts), kind: 'unscraped' }),
  };
}

function byItsTries(facts: WhyFacts, partition: Answer): Answer {
  const last = facts.attempts.at(-1);
  if (last && DISPOSITIONS[last.error_code].verdict !== 'accept') return failed(facts, last);
  if (last) return read(facts, last, partition);
  const item = itemOf(facts);
  if (item)
    return {
      answer: `no attempt at it is on record; ${standsAs(item)}; of its partition: ${partition.answer}`,
      next: partition.next,
    };
  const { current } = facts;
  if (current.kind === 'version' && facts.run?.status !== 'running') {
    // Where each target has its own time there is no index.
    const isUnlisted = facts.targets === null ? 'the index of the day does not list it: ' : '';
    return {
      answer: `${isUnlisted}it is none of the ${current.items} items of the current version (${current.version}), and was never tried`,
      next: [],
    };
  }
  return { answer: `it was never tried; of its partition: ${partition.answer}`, next: partition.next };
}

function failed(facts: WhyFacts, last: AttemptRow): Answer {
  const item = itemOf(facts);
  const evidence = evidenceOf(last);
  const made = Math.max(last.attempt_number, facts.failures[0]?.attempts ?? 0);
  const tries = made === 1 ? 'its only try' : `its last of ${made} tries`;
  const stands = item ? standsAs(item) : 'it has no rows in the table';
  return {
    answer: `${tries} in ${whoIs(facts, last.run_id)} ended in ${last.error_code}${evidence === '' ? '' : ` (${evidence})`}; ${stands}`,
    next: advise({
      kind: 'outcomes',
      outcomes: [{ code: last.error_code, message: last.error_message, target: last.target }],
      place: { ...facts, ...timesOf(facts) },
    }),
  };
}

/** Status, rule and message of an attempt, what the message says already left out. */
export function evidenceOf({ http_status_code, rule, error_message }: AttemptRow): string {
  const message = error_message ?? '';
  const status = http_status_code === null ? '' : `HTTP ${http_status_code}`;
  const parts = [
    message.includes(status) ? '' : status,
    rule === null || message.includes(rule) ? '' : `rule ${rule}`,
    message,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function read(facts: WhyFacts, last: AttemptRow, partition: Answer): Answer {
  const how = last.error_code === 'NOT_MODIFIED' ? 'confirmed by the site as unchanged' : 'read';
  const when = `${whoIs(facts, last.run_id)} (try ${last.attempt_number}, ${last.attempted_at})`;
  if (facts.item === 'index')
    return {
      answer: `it was ${how} in ${when}; of its partition: ${partition.answer}`,
      next: partition.next,
    };
  const item = itemOf(facts);
  const settled =
    facts.lastRefresh?.runId === last.run_id &&
    facts.lastRefresh.status !== 'held' &&
    facts.lastRefresh.status !== 'failed';
  if (item && settled) return { answer: `it was ${how} in ${when}; ${standsAs(item)}`, next: [] };
  return { answer: `it was ${how} in ${when}; of its partition: ${partition.answer}`, next: partition.next };
}

const STAY_CURRENT = ['stays current', 'stay current'] as const;
const STATES: Readonly<Record<VersionItem['state'], (item: VersionItem) => string>> = {
  found: ({ rows }) => itsRows(rows, ['is current', 'are current']),
  empty: () => 'it rightly has no rows',
  carried: ({ rows, checkedAt, listed }) =>
    (listed === undefined ? '' : `the index lists it as ${listed}, although it had a result; `) +
    itsRows(rows, STAY_CURRENT, ` of ${new Date(checkedAt).toISOString()}`),
  failed: () => 'it has no rows in the table',
  pending: ({ rows }) =>
    'the index lists it without a result yet' +
    (rows > 0 ? `; ${itsRows(rows, STAY_CURRENT, ' from before')}` : ''),
  abandoned: () => 'the index lists it as abandoned: no rows are expected',
  void: () => 'the index lists it as void: no rows are expected',
};

function standsAs(item: VersionItem): string {
  return STATES[item.state](item);
}

function itemOf({ current }: WhyFacts): VersionItem | undefined {
  return current.kind === 'version' ? (current.item ?? undefined) : undefined;
}
