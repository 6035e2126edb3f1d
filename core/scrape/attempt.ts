import { encodeCapture, requestMark } from '../capture/warc-writer.ts';
import { type CopyAge, copyAge, olderThan } from '../fetch/copy-age.ts';
import type { FetchResult, RobotsRequest, SentBy, Validators } from '../fetch/fetcher.ts';
import { headerValue } from '../http/headers.ts';
import type { PartitionJob, StartedPage } from '../job.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { statusOf } from '../outcome/policy.ts';
import type { HttpResponse } from '../ports/http-client.ts';
import { targetOf } from '../source/partition.ts';
import type { Item } from '../source/source.ts';
import type { LookClock } from '../state/look-clock.ts';
import type { SkipFlag } from '../targets/target.ts';
import { VERSION } from '../version.ts';
import { detailsOf } from './attempt-details.ts';
import { type Checkpoint, type Learned, type StoredCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { type Asked, type Reading, readResponse, withoutOptional } from './read-page.ts';
import type { Passage, TargetGate } from './target-gate.ts';

/** A fetch of which there is something to record. */
type Fetched = Exclude<FetchResult, { kind: 'dropped' }>;

const NO_CAPTURE = new Uint8Array(0);

/** Which try at a page it is. */
export interface Try {
  /** In its run, from 1. */
  readonly number: number;
  /** Tries in runs before, which this one retries. @default 0 */
  readonly earlier?: number;
  /** When the try before ended; milliseconds. */
  readonly lastAt?: number;
}

/** The try after those that are on record of this run; `earlier`: of runs before. */
export function nextTry(before: Checkpoint | undefined, earlier?: Omit<Try, 'number'>): Try {
  const attempt = before?.attempt;
  const ended = attempt && Date.parse(attempt.attempted_at) + attempt.timing_ms;
  return { ...earlier, number: (attempt?.attempt_number ?? 0) + 1, ...(ended && { lastAt: ended }) };
}

/** What is known of a page before it is asked for. */
export interface Held {
  /** What a 304 confirms; only then is the page asked for conditionally. */
  readonly confirms?: { readonly validators: Validators; readonly learned: Learned };
  /** How old the copy is that the current version was made of. */
  readonly copy?: CopyAge;
}

/**
 * Tries one page once, puts the attempt on record, and raises the flag where its answer is a wall. Undefined
 * where nothing was sent: the gate shut, or the platform was told to stop, while the request waited for its
 * turn. Never throws for what a site does.
 */
export async function attemptPage(
  context: PartitionJob,
  gate: TargetGate,
  looks: LookClock,
  asked: Asked,
  which: Try,
  held: Held,
): Promise<Checkpoint | undefined> {
  const passage = await gate.enter(asked.kind);
  try {
    return await passThrough(context, passage, looks, asked, which, held);
  } finally {
    passage.end();
  }
}

async function passThrough(
  context: PartitionJob,
  passage: Passage,
  looks: LookClock,
  asked: Asked,
  which: Try,
  held: Held,
): Promise<Checkpoint | undefined> {
  const { platform, source } = context;
  const validators = held.confirms?.validators;
  const url = new URL(asked.item.url, source.baseUrl).href;
  const { method, headers, body } = asked.item;
  const request = {
    url,
    permission: passage.permission,
    ...(passage.route && { route: passage.route }),
    ...(method && { method }),
    ...(headers && { headers }),
    ...(body !== undefined && { body }),
    ...(validators && { validators }),
  };
  const fetched = await platform.fetcherFor(source).fetch(request);
  if (fetched.robots) await recordRobots(context, fetched.robots, targetOf(asked.item, context.partition));
  if (fetched.kind === 'dropped') return undefined;

  const { startedAt } = fetched;
  const lookedAt = looks.order(startedAt);
  const toRecord = () => readAndRecord(context, passage, asked, which, held, url, fetched, lookedAt);
  const { readAlone } = context;
  if (!readAlone || fetched.kind === 'failed') return toRecord();
  const { kind, item } = asked;
  const page = pageOf(asked);
  return readAlone({ kind, item, page, number: which.number, startedAt, lookedAt }, toRecord);
}

async function readAndRecord(
  context: PartitionJob,
  passage: Passage,
  asked: Asked,
  which: Try,
  held: Held,
  url: string,
  fetched: Fetched,
  lookedAt: number,
): Promise<Checkpoint> {
  const { platform, source, runId, partition } = context;
  const validators = held.confirms?.validators;
  const reading = read(context, asked, fetched, held);
  const response = fetched.kind === 'response' ? fetched.response : undefined;
  const { outcome, again } = passage.weigh(reading.outcome, fetched.by);
  const attempted_at = new Date(fetched.startedAt).toISOString();
  const tried: Checkpoint = {
    kind: asked.kind,
    item: asked.item,
    lookedAt,
    outcome,
    ...(again && { again }),
    ...(reading.learned && { learned: reading.learned }),
    ...(pageOf(asked) > 0 && { page: pageOf(asked) }),
    ...(response?.status === 304 ? validators : pageValidators(response)),
    ...(response && { asOf: copyAge(response, fetched.startedAt).asOf }),
    attempt: {
      ...attemptFacts(context, targetOf(asked.item, partition), outcome),
      item_id: asked.item.id,
      url,
      final_url: response?.url ?? null,
      attempted_at,
      ...countOf(which, fetched.startedAt),
      http_status_code: response?.status ?? null,
      timing_ms: Math.round(fetched.finishedAt - fetched.startedAt),
      waited_ms: Math.round(fetched.waitedMs),
      redirects: fetched.redirects,
      conditional: validators !== undefined,
      wire_bytes: response?.body.length ?? null,
      decoded_bytes: reading.decodedBytes ?? null,
      records_found: reading.learned?.kind === 'records' ? reading.learned.records.length : null,
      ...sentFacts(context, fetched.by, fetched.kind === 'response' || fetched.requestSent),
      tier: passage.tier,
      finished_at: new Date(fetched.finishedAt).toISOString(),
      notes: reading.notes ?? null,
      details: detailsOf(fetched),
    },
  };
  // Nobody in this process asks on; the store is told behind the record, for a flag whose attempt is lost
  // explains nothing.
  const flag = passage.judge(tried);
  const checkpoint: Checkpoint = { ...tried, attempt: { ...tried.attempt, ...flagAfter(flag) } };
  await writeCheckpoint(platform.lake, runId, source.name, partition, {
    checkpoint,
    capture: await captureOf(asked.item, url, fetched, lookedAt),
  });
  platform.emit({
    kind: 'attempted',
    source: source.name,
    partition,
    item: asked.item.id,
    attempt: which.number,
    code: outcome.code,
    ...(outcome.message !== undefined && { message: outcome.message }),
  });
  await passage.settle();
  return checkpoint;
}

function read(
  { source, partition }: PartitionJob,
  asked: Asked,
  fetched: Fetched,
  { confirms, copy }: Held,
): Reading {
  if (fetched.kind === 'failed') return withoutOptional(asked, { outcome: fetched.outcome });
  const { response, startedAt } = fetched;
  if (response.status === 304) {
    if (confirms) return { outcome: { code: 'NOT_MODIFIED' }, learned: confirms.learned };
    return {
      outcome: { code: 'SERVER_ERROR', message: 'HTTP 304, although the page was asked for in full' },
    };
  }
  const reading = readResponse(source, partition, asked, response);
  const stale = reading.learned && copy && olderThan(copyAge(response, startedAt), copy);
  if (stale === undefined) return reading;
  const { decodedBytes } = reading;
  const outcome: Outcome = { code: 'SERVER_ERROR', rule: 'stale-copy', message: stale };
  return { outcome, ...(decodedBytes !== undefined && { decodedBytes }) };
}

function pageOf(asked: Asked): number {
  return asked.kind === 'index' ? asked.step.page : asked.page;
}

/** A 304 has no body of its own: the capture that it confirms is already kept. */
async function captureOf(item: Item, asked: string, fetched: Fetched, lookedAt: number): Promise<Uint8Array> {
  if (fetched.kind === 'failed' || fetched.response.status === 304) return NO_CAPTURE;
  const request = requestMark(item);
  const { response, startedAt: fetchedAt } = fetched;
  return encodeCapture({ response, fetchedAt, lookedAt, asked, ...(request && { request }) });
}

/** What a response came with that the next request can send back. */
export function pageValidators(response: HttpResponse | undefined): Validators {
  if (response?.status !== 200) return {};
  const etag = headerValue(response.headers, 'etag');
  const lastModified = headerValue(response.headers, 'last-modified');
  return { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

/**
 * TOO_LARGE, as most such pages are, and so that nobody asks for it again by himself: it would end that
 * process, too.
 */
const FATAL: Outcome = {
  code: 'TOO_LARGE',
  message: 'the process died twice over this partition, the last time while it read this page',
};

/** Puts a page on record that was being read when a process died; undefined where its attempt is there. */
export async function recordFatal(
  context: PartitionJob,
  { kind, item, page, number, startedAt, lookedAt }: StartedPage,
): Promise<Checkpoint | undefined> {
  const { platform, source, runId, partition } = context;
  const checkpoint: Checkpoint = {
    kind,
    item,
    lookedAt,
    outcome: FATAL,
    ...(page > 0 && { page }),
    attempt: {
      ...attemptFacts(context, targetOf(item, partition), FATAL),
      ...NO_RESPONSE,
      item_id: item.id,
      url: new URL(item.url, source.baseUrl).href,
      attempted_at: new Date(startedAt).toISOString(),
      attempt_number: number,
    },
  };
  const stored = { checkpoint, capture: NO_CAPTURE };
  if (!(await writeCheckpoint(platform.lake, runId, source.name, partition, stored, { ifNoneMatch: '*' })))
    return undefined;
  platform.emit({
    kind: 'attempted',
    source: source.name,
    partition,
    item: item.id,
    attempt: number,
    code: FATAL.code,
    ...(FATAL.message !== undefined && { message: FATAL.message }),
  });
  return checkpoint;
}

/** What is not known of an attempt whose response was lost. */
const NO_RESPONSE = {
  final_url: null,
  http_status_code: null,
  timing_ms: 0,
  waited_ms: 0,
  redirects: 0,
  conditional: false,
  wire_bytes: null,
  decoded_bytes: null,
  records_found: null,
  proxy: null,
  user_agent: null,
} satisfies Partial<AttemptRow>;

/** Keeps a request for robots.txt on record, beside the attempts of the target that caused it. */
export async function recordRobots(
  context: PartitionJob,
  robots: RobotsRequest,
  target = context.partition.value,
): Promise<void> {
  const { platform, source, runId, partition } = context;
  // 4xx is an answer too: there is no such file (RFC 9309). What is none comes as a failure.
  const outcome: Outcome = robots.failure ?? {
    code: 'SUCCESS',
    ...(robots.note !== undefined && { message: robots.note }),
  };
  if (robots.note !== undefined)
    platform.emit({ kind: 'warning', message: `${source.name}: ${robots.note}` });
  // Numbered by time: a resumed run may well ask again, and each request is on record.
  const item = { id: `txt-${platform.newId()}`, url: robots.url };
  const stored: StoredCheckpoint = {
    capture: NO_CAPTURE,
    checkpoint: {
      kind: 'robots',
      item,
      lookedAt: robots.startedAt,
      outcome,
      attempt: {
        ...attemptFacts(context, target, outcome),
        item_id: 'robots.txt',
        url: robots.url,
        final_url: null,
        attempted_at: new Date(robots.startedAt).toISOString(),
        attempt_number: 1,
        http_status_code: robots.httpStatus ?? null,
        timing_ms: Math.round(robots.finishedAt - robots.startedAt),
        waited_ms: 0,
        redirects: 0,
        conditional: false,
        wire_bytes: robots.wireBytes,
        decoded_bytes: null,
        records_found: null,
        ...sentFacts(context, robots.by, true),
        finished_at: new Date(robots.finishedAt).toISOString(),
        notes: robots.note ?? null,
      },
    },
  };
  await writeCheckpoint(platform.lake, runId, source.name, partition, stored);
}

/** How it went out. `wasSent`: the request itself, and not only one for its robots.txt. */
function sentFacts(
  { source }: PartitionJob,
  by: SentBy | undefined,
  wasSent: boolean,
): Pick<AttemptRow, 'proxy' | 'user_agent'> {
  const userAgent = by?.userAgent ?? source.politeness.userAgent;
  return { proxy: by?.proxy ?? null, user_agent: wasSent ? userAgent : null };
}

/** The columns that every attempt shares. */
function attemptFacts(
  { platform, source, runId, partition }: PartitionJob,
  target: string,
  outcome: Outcome,
) {
  return {
    attempt_id: platform.newId(),
    run_id: runId,
    source: source.name,
    target,
    partition_date: partition.date,
    status: statusOf(outcome.code),
    error_code: outcome.code,
    block_type: outcome.blockType ?? null,
    rule: outcome.rule ?? null,
    error_message: outcome.message ?? null,
    capture: null,
    parser_version: source.parserVersion,
    partition_value: partition.value,
    tier: null,
    finished_at: null,
    retry_count: 0,
    last_retry_at: null,
    backoff_delay_ms: 0,
    scraper_version: `${VERSION}/${source.parserVersion}`,
    // Known when the scrape is finalized.
    records_upserted: null,
    snapshots_created: null,
    notes: null,
    details: null,
    skip_future_attempts: null,
    skip_reason: null,
  } satisfies Partial<AttemptRow>;
}

function countOf({ number, earlier = 0, lastAt }: Try, startedAt: number) {
  const retries = earlier + number - 1;
  return {
    attempt_number: number,
    retry_count: retries,
    last_retry_at: retries > 0 ? new Date(startedAt).toISOString() : null,
    backoff_delay_ms: lastAt === undefined ? 0 : Math.max(0, Math.round(startedAt - lastAt)),
  } satisfies Partial<AttemptRow>;
}

function flagAfter(flag: SkipFlag | null) {
  return {
    skip_future_attempts: flag !== null,
    skip_reason: flag?.reason ?? null,
  } satisfies Partial<AttemptRow>;
}
