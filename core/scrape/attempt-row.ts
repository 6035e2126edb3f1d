import type { FetchResult, SentBy } from '../fetch/fetcher.ts';
import type { PartitionJob } from '../job.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { statusOf } from '../outcome/policy.ts';
import { VERSION } from '../version.ts';

/** What is known of an attempt when its request goes out. */
export type RequestFacts = Pick<AttemptRow, 'target' | 'item_id' | 'url' | 'attempted_at' | 'attempt_number'>;

/** The row of an attempt of whose response nothing is known: what is known of it is put over this. */
export function unansweredRow(
  { platform, source, runId, partition }: PartitionJob,
  request: RequestFacts,
  outcome: Outcome,
): AttemptRow {
  return {
    ...request,
    attempt_id: platform.newId(),
    run_id: runId,
    source: source.name,
    partition_date: partition.date,
    status: statusOf(outcome.code),
    error_code: outcome.code,
    block_type: outcome.blockType ?? null,
    rule: outcome.rule ?? null,
    error_message: outcome.message ?? null,
    parser_version: source.parserVersion,
    partition_value: partition.value,
    scraper_version: `${VERSION}/${source.parserVersion}`,
    timing_ms: 0,
    waited_ms: 0,
    redirects: 0,
    conditional: false,
    retry_count: 0,
    backoff_delay_ms: 0,
    ...UNKNOWN,
  };
}

/** `capture` and what was changed are known when the scrape is finalized. */
const UNKNOWN = {
  final_url: null,
  http_status_code: null,
  wire_bytes: null,
  decoded_bytes: null,
  records_found: null,
  proxy: null,
  user_agent: null,
  tier: null,
  finished_at: null,
  last_retry_at: null,
  capture: null,
  records_upserted: null,
  snapshots_created: null,
  notes: null,
  details: null,
  skip_future_attempts: null,
  skip_reason: null,
} satisfies Partial<AttemptRow>;

/** How it went out. `wasSent`: the request itself, and not only one for its robots.txt. */
export function sentFacts(
  { source }: PartitionJob,
  by: SentBy | undefined,
  wasSent: boolean,
): Pick<AttemptRow, 'proxy' | 'user_agent'> {
  const userAgent = by?.userAgent ?? source.politeness.userAgent;
  return { proxy: by?.proxy ?? null, user_agent: wasSent ? userAgent : null };
}

/** Headers that tell later why a site answered as it did. None that could hold a secret. */
const KEPT_HEADERS: ReadonlySet<string> = new Set([
  'age',
  'cache-control',
  'cf-cache-status',
  'cf-mitigated',
  'cf-ray',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'etag',
  'last-modified',
  'location',
  'retry-after',
  'server',
  'via',
  'x-cache',
]);

/** Characters of a header that are kept: whatever is longer is no use to a reader. */
const MAX_HEADER_LENGTH = 200;

/** What is known of a response beside the columns of its attempt, as JSON: small, for a person to read. */
export function detailsOf(fetched: Exclude<FetchResult, { kind: 'dropped' }>): string {
  const shared = fetched.shared && { shared: true };
  if (fetched.kind === 'failed') return JSON.stringify({ request_sent: fetched.requestSent, ...shared });
  const { statusText, remoteAddress, headers } = fetched.response;
  const kept: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (KEPT_HEADERS.has(key)) kept[key] = value.slice(0, MAX_HEADER_LENGTH);
  }
  return JSON.stringify({
    status_text: statusText.slice(0, MAX_HEADER_LENGTH),
    ...(remoteAddress !== undefined && { remote_address: remoteAddress }),
    headers: kept,
    ...shared,
  });
}
