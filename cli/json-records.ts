import type { CompletenessReport } from '../core/completeness/completeness.ts';
import type { PartitionJudgement } from '../core/completeness/date-status.ts';
import type { Why } from '../core/explain/story.ts';
import type { Failure } from '../core/failures/failure.ts';
import { partitionName } from '../core/lake/layout.ts';
import type { Outcome, OutcomeCode } from '../core/outcome/outcome.ts';
import type { FailedItems } from '../core/report/failed-items.ts';
import type { PartitionResult, PartitionSummary } from '../core/report/run-summary.ts';
import type { Plan } from '../core/run/make-plan.ts';
import type { Reparsed } from '../core/run/reparse.ts';
import type { PartitionRecord } from '../core/state/partition-store.ts';
import type { EnrichmentEnd } from '../runtime/local-enrichment.ts';
import type { RunEnd } from '../runtime/run-end.ts';
import { publicationRecord } from './publication-text.ts';

/**
 * Records under the names that the tables have for the same things: `item_id`, `error_code`, `items_found`.
 */

type Json = Readonly<Record<string, unknown>>;

export function failureRecord({ item, code, message, outcomes, ...rest }: Failure): Json {
  const { source, target, date, ...more } = rest;
  return {
    ...{ source, target, date, item_id: item, error_code: code, error_message: message },
    ...more,
    outcomes: outcomes.map(({ at, runId, ...outcome }) => ({ at, runId, ...errorRecord(outcome) })),
  };
}

function errorRecord({ code, message }: { code: OutcomeCode; message?: string | null }): Json {
  return { error_code: code, error_message: message ?? null };
}

/** How a partition stands. */
export function partitionRecord(source: string, record: PartitionRecord): Json {
  const { value, date, status, runId, at, freshAt, withdrawn, ...rest } = record;
  const { version, rows, held, reason, repeated, sign } = rest;
  return {
    ...{ partition: partitionName(source, record), source, value, date, status, runId },
    ...{ recorded_at: iso(at), freshAt },
    ...itemCounts({ ...rest, withdrawn: withdrawn.count }),
    ...{ withdrawn_items: withdrawn.ids, repeated, sign, rows, version, held, reason },
  };
}

/** Of a partition's record, of a judgement or of a version: its items by how they stand. */
const COUNTS = [
  ...(['expected', 'found', 'unchanged', 'empty', 'carried', 'failed'] as const),
  ...(['pending', 'abandoned', 'void', 'withdrawn'] as const),
] as const;

function itemCounts(counts: Partial<Record<(typeof COUNTS)[number], number | null>>): Json {
  return Object.fromEntries(
    COUNTS.flatMap((name) => (counts[name] === undefined ? [] : [[`items_${name}`, counts[name]]])),
  );
}

/** One date of one target, as it was judged. */
export function judgementRecord(source: string, target: string, judged: PartitionJudgement): Json {
  const { date, status, withdrawnItems, rows, freshAt, reason } = judged;
  return {
    ...{ partition: partitionName(source, { value: target, date }), source, target, date, status },
    ...itemCounts(judged),
    ...{ withdrawn_items: withdrawnItems, rows, fresh_at: freshAt, reason, targets: judged.targets },
  };
}

/** `partitions` of the report are counts by status; those of a target are its dates. */
export function completenessRecord({ targets, partitions, ...report }: CompletenessReport): Json {
  return {
    ...report,
    partitions,
    targets: targets.map(({ items, dates, ...target }) => ({
      ...target,
      ...itemCounts(items),
      dates: dates.map((date) => judgementRecord(report.source, target.target, date)),
    })),
  };
}

export function planRecord({ source, work, ...plan }: Plan): Json {
  return {
    ...{ source, ...plan },
    partitions: work.map((each) => ({ partition: partitionName(source, each), ...each })),
  };
}

/** How the run of a source ended. What there is not, as the table of a run that failed, is null or empty. */
export function runRecord(end: RunEnd): Json {
  if (end.kind !== 'finished') {
    const { kind, runId, message } = end;
    return { kind, runId, message, run: null, partitions: [], skipped: [], failures: null, report: null };
  }
  const { kind, runId, summary, problems, report, enrichment } = end;
  const messages = new Map(problems.map(({ name, message }) => [name, message]));
  return {
    ...{ kind, runId, message: null, run: summary.run },
    partitions: summary.partitions.map((each) => partitionEnd(each, messages.get(each.name))),
    skipped: summary.skipped,
    failures: summary.failures ? failedItems(summary.failures) : null,
    report,
    ...(enrichment && { enrichment: enrichmentRecord(enrichment) }),
  };
}

/** Of a run whose records are enriched here. */
function enrichmentRecord(enrichment: EnrichmentEnd): Json {
  if (enrichment.kind === 'failed') return { ...enrichment };
  const { kind, publication, ...counts } = enrichment;
  return { kind, ...counts, ...publicationRecord(publication) };
}

function partitionEnd({ partition, name, result }: PartitionSummary, problem: string | undefined): Json {
  if (result === 'broken')
    return { partition: name, ...partition, status: 'failed', reason: problem ?? null };
  return { partition: name, ...partition, ...resultRecord(result) };
}

function resultRecord({ stats, ...result }: PartitionResult): Json {
  const { indexRead, expected, ...counts } = stats;
  const { status, reason, ...more } = result;
  const read = { expected: indexRead ? expected : null, ...counts };
  return { status, reason, ...itemCounts(read), ...more };
}

function failedItems({ items, ...counts }: FailedItems): Json {
  return {
    ...counts,
    items: items.map(({ name, item, code, message, ...rest }) => ({
      ...{ partition: name, item_id: item, ...errorRecord({ code, message }) },
      ...rest,
    })),
  };
}

export function reparsedRecord(
  source: string,
  { partition, result, pages, unreadable, damaged }: Reparsed,
): Json {
  return {
    ...{ partition: partitionName(source, partition), source, ...partition },
    ...(result === 'no-captures' ? { status: 'no_captures', reason: null } : resultRecord(result)),
    pages,
    unreadable: unreadable.map(({ item, outcome }) => ({ item_id: item, ...errorRecord(outcome) })),
    damaged_captures: damaged.map(({ place, problem }) => ({ capture: place, message: problem })),
  };
}

/** What became of a try: the error and the result in the words of the tables. */
export function answerRecord<Answer extends object>({
  outcome,
  result,
  ...answer
}: Answer & { readonly outcome?: Outcome; readonly result?: PartitionResult }): Json {
  return { ...answer, ...(outcome && errorRecord(outcome)), ...(result && { result: resultRecord(result) }) };
}

/** The answer to `why` and what it rests on. */
export function whyRecord({ partition, item, failures, lastRefresh, ...why }: Why): Json {
  const { name, answer, next, source, ...facts } = why;
  return {
    ...{ name, answer, next, source, ...partition, item_id: item, ...facts },
    failures: failures.map(failureRecord),
    last_refresh: lastRefresh && partitionRecord(source, lastRefresh),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
