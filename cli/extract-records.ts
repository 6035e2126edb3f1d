import type { Batch } from '../core/extract/batch.ts';
import type { LoggedFailure } from '../core/extract/failure-log.ts';
import type { RunEnd } from '../core/extract/run-extraction.ts';
import { isoTime } from '../core/wording/times.ts';
import type { PageStatus } from './page-status.ts';

/** Records of extraction under the names that its tables have: `page_key`, `batch_id`, `prompt_version`. */

type Json = Readonly<Record<string, unknown>>;

export function batchRecord(batch: Batch): Json {
  const { id, state, name, route, provider, model, promptVersion, job, pages, submissions } = batch;
  const { createdAt, readAt, counts, tokens, costUsd, transitions } = batch;
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
  const status = reason.replaceAll(' ', '_');
  return { page_key: key, status, reason: reasonText, tries, failures, last_failure: lastFailure };
}

export function extractRunRecord({ leftOut, ...run }: RunEnd): Json {
  return { ...run, left_out: leftOut };
}
