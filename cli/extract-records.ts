import type { Batch } from '../core/extract/batch.ts';
import type { LoggedFailure } from '../core/extract/failure-log.ts';
import type { RunEnd } from '../core/extract/run-extraction.ts';
import type { ScanCounts, ScanReason } from '../core/extract/scan.ts';
import type { Usage } from '../core/extract/usage.ts';
import { isoTime } from '../core/wording/times.ts';
import type { PageStatus } from './page-status.ts';
import type { resultsOf } from './publication-text.ts';

/** Records of extraction under the names that its tables have: `page_key`, `batch_id`, `prompt_version`. */

type Json = Readonly<Record<string, unknown>>;

/** `in_flight` */
export function reasonName(reason: ScanReason): string {
  return reason.replaceAll(' ', '_');
}

/** Pages by reason, and how many there are; those of other books than are asked for do not count. */
export function countsRecord({ filtered: _, ...counts }: ScanCounts): Readonly<Record<string, number>> {
  const pages = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const named = Object.entries(counts).map(([reason, count]) => [reasonName(reason as ScanReason), count]);
  return { pages, ...Object.fromEntries(named) };
}

export function usageRecord({ model, promptVersion, tokens, costUsd, ...counts }: Usage): Json {
  return {
    ...{ model, prompt_version: promptVersion, ...counts },
    ...{ input_tokens: tokens.input, output_tokens: tokens.output, cost_usd: costUsd },
  };
}

export function batchRecord(batch: Batch): Json {
  const { id, state, name, route, provider, model, promptVersion, job, pages, submissions } = batch;
  const { createdAt, readAt, counts, tokens, costUsd, lease, transitions } = batch;
  return {
    ...{ batch_id: id, state, name, route, provider, model, prompt_version: promptVersion, job, pages },
    ...{ submissions, created_at: isoTime(createdAt), read_at: readAt === null ? null : isoTime(readAt) },
    counts: counts && {
      succeeded: counts.succeeded,
      failed: counts.failed,
      missing: counts.missing,
      repeated: counts.repeated,
      unknown_keys: counts.unknownKeys,
      invalid_lines: counts.invalidLines,
    },
    ...{ input_tokens: tokens?.input ?? null, output_tokens: tokens?.output ?? null, cost_usd: costUsd },
    lease: lease && { owner: lease.owner, until: isoTime(lease.until) },
    transitions: transitions.map((each) => ({ ...each, at: isoTime(each.at) })),
  };
}

export function extractFailureRecord(failure: LoggedFailure): Json {
  const { page, batch, code, message, paths, attempt, model, promptVersion, raw, at } = failure;
  return {
    ...{ page_key: page, batch_id: batch, attempt, error_type: code, error_message: message, paths, model },
    ...{ prompt_version: promptVersion, raw, created_at: isoTime(at) },
  };
}

export function pageRecord({ key, reason, reasonText, tries, failures, lastFailure }: PageStatus): Json {
  return {
    page_key: key,
    status: reasonName(reason),
    reason: reasonText,
    tries,
    failures,
    last_failure: lastFailure,
  };
}

export function tableRecord({ name, status, rows }: ReturnType<typeof resultsOf>[number]): Json {
  return { partition: name, status, rows };
}

export function extractRunRecord({ leftOut, ...run }: RunEnd): Json {
  return { ...run, left_out: leftOut };
}
