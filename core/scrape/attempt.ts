import { encodeCapture, requestMark } from '../capture/warc-writer.ts';
import { copyAge, olderThan } from '../fetch/copy-age.ts';
import type { FetchResult, Sharing } from '../fetch/fetcher.ts';
import { validatorsIn } from '../fetch/validators.ts';
import type { PartitionJob } from '../job.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { tableSchema } from '../schema/table-shape.ts';
import { targetOf } from '../source/partition.ts';
import type { Item } from '../source/source.ts';
import type { LookClock } from '../state/look-clock.ts';
import type { Asked } from './asked.ts';
import { detailsOf, sentFacts, unansweredRow } from './attempt-row.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { KnownPage } from './known-page.ts';
import { LOOK_UP_ID } from './progress.ts';
import { type Reading, readResponse, withoutOptional } from './read-page.ts';
import { NO_CAPTURE, recordAttempt } from './record-attempt.ts';
import { recordRobots } from './robots-attempt.ts';
import type { Passage, TargetGate } from './target-gate.ts';
import { retryFacts, type Try } from './which-try.ts';

/** A fetch of which there is something to record. */
type Fetched = Exclude<FetchResult, { kind: 'dropped' }>;

/**
 * Tries one page once, puts the attempt on record, and raises the flag where its answer is a wall. Undefined
 * where nothing was sent: the gate shut, or the platform was told to stop, while the request waited for its
 * permit. Never throws for what a site does.
 */
export async function attemptPage(
  context: PartitionJob,
  gate: TargetGate,
  looks: LookClock,
  asked: Asked,
  which: Try,
  known: KnownPage,
): Promise<Checkpoint | undefined> {
  const passage = await gate.enter(asked.kind === 'index' ? 'index' : 'item');
  try {
    return await passThrough(context, passage, looks, asked, which, known);
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
  known: KnownPage,
): Promise<Checkpoint | undefined> {
  const { platform, source } = context;
  const validators = known.confirms?.validators;
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
    ...(asked.kind === 'index' && !passage.route && { sharing: sharingOf(context, which) }),
  };
  const fetched = await platform.fetcherFor(source).fetch(request);
  const { tier } = passage;
  const target = targetOf(asked.item, context.partition);
  if (fetched.robots) await recordRobots(context, fetched.robots, { target, tier });
  if (fetched.kind === 'dropped') return undefined;

  const { startedAt } = fetched;
  const lookedAt = looks.order(startedAt);
  const toRecord = () => readAndRecord(context, passage, asked, which, known, url, fetched, lookedAt);
  const { readAlone } = context;
  if (!readAlone || fetched.kind === 'failed' || asked.kind === 'look-up') return toRecord();
  const { kind, item } = asked;
  const page = pageOf(asked);
  return readAlone({ kind, item, page, number: which.number, startedAt, lookedAt }, toRecord);
}

async function readAndRecord(
  context: PartitionJob,
  passage: Passage,
  asked: Asked,
  which: Try,
  known: KnownPage,
  url: string,
  fetched: Fetched,
  lookedAt: number,
): Promise<Checkpoint> {
  const { source, partition } = context;
  const validators = known.confirms?.validators;
  const read = readFetched(context, asked, fetched, known);
  const response = fetched.kind === 'response' ? fetched.response : undefined;
  const { outcome, again } = passage.weigh(read.outcome, fetched.by);
  // The next proxy may reach what this one did not.
  const isOver = fetched.kind === 'failed' && !fetched.wasStopped && !again;
  const reading = isOver ? withoutOptional(source, asked, read) : read;
  const request = {
    target: targetOf(asked.item, partition),
    item_id: asked.kind === 'look-up' ? LOOK_UP_ID : asked.item.id,
    url,
    attempted_at: new Date(fetched.startedAt).toISOString(),
    attempt_number: which.number,
  };
  const tried: Checkpoint = {
    kind: asked.kind,
    item: asked.item,
    lookedAt,
    outcome,
    ...(again && { again }),
    ...(reading.learned && { learned: reading.learned }),
    ...(reading.learned?.kind === 'records' && { schema: tableSchema(context.source.table).fingerprint }),
    ...(pageOf(asked) > 0 && { page: pageOf(asked) }),
    ...(response?.status === 304 ? validators : validatorsIn(response)),
    ...(response && { asOf: copyAge(response, fetched.startedAt).asOf }),
    attempt: {
      ...unansweredRow(context, request, outcome),
      final_url: response?.url ?? null,
      ...retryFacts(which, fetched.startedAt),
      http_status_code: response?.status ?? null,
      timing_ms: Math.round(fetched.finishedAt - fetched.startedAt),
      waited_ms: Math.round(fetched.waitedMs),
      redirects: fetched.redirects,
      conditional: validators !== undefined,
      // Those of a shared answer are on record with the attempt that asked for it.
      wire_bytes: fetched.shared ? 0 : (response?.body.length ?? null),
      decoded_bytes: reading.decodedBytes ?? null,
      records_found: reading.learned?.kind === 'records' ? reading.learned.records.length : null,
      ...sentFacts(context, fetched.by, wasSent(fetched)),
      tier: passage.tier,
      finished_at: new Date(fetched.finishedAt).toISOString(),
      notes: reading.notes ?? null,
      details: detailsOf(fetched),
    },
  };
  // Nobody in this process asks on; the store is told behind the record, for a flag whose attempt is lost
  // explains nothing.
  const flag = passage.judge(tried);
  const flagged = { skip_future_attempts: flag !== null, skip_reason: flag?.reason ?? null };
  const checkpoint: Checkpoint = { ...tried, attempt: { ...tried.attempt, ...flagged } };
  const capture = await captureOf(asked.item, url, fetched, lookedAt);
  await recordAttempt(context, { checkpoint, capture });
  await passage.settle();
  return checkpoint;
}

/** Partitions that have the same page for their index are served by one request. */
function sharingOf({ runId }: PartitionJob, { lastAt }: Try): Sharing {
  return { run: runId, ...(lastAt !== undefined && { after: lastAt }) };
}

function wasSent(fetched: Fetched): boolean {
  return !fetched.shared && (fetched.kind === 'response' || fetched.requestSent);
}

function readFetched(
  { source, partition }: PartitionJob,
  asked: Asked,
  fetched: Fetched,
  { confirms, copy }: KnownPage,
): Reading {
  if (fetched.kind === 'failed') return { outcome: fetched.outcome };
  const { response, startedAt, finishedAt } = fetched;
  if (response.status === 304) {
    if (confirms) return { outcome: { code: 'NOT_MODIFIED' }, learned: confirms.learned };
    return {
      outcome: { code: 'SERVER_ERROR', message: 'HTTP 304, although the page was asked for in full' },
    };
  }
  const reading = readResponse(source, partition, asked, response, finishedAt);
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
