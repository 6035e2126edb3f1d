import * as z from 'zod';
import { BLOCK_TYPES, OUTCOME_CODES } from '../outcome/outcome.ts';
import { lazily } from '../schema/lazily.ts';

/**
 * The append-only tables: what was tried, what was committed, what was run. Nothing is ever updated in them.
 */

/** The item id under which the index of a day is on record. */
export const INDEX_ID = 'index';
/** The item id under which requests for robots.txt are on record. */
export const ROBOTS_ID = 'robots.txt';
/**
 * The SQL condition for what counts as an attempt at a page. A wall before robots.txt is on record with the
 * page behind it, which was not asked for: both would be one wall too many.
 */
export const OF_A_PAGE = `item_id <> '${ROBOTS_ID}'`;
/**
 * What tells pages apart that were not there, in SQL: as `afterAttempt` counts them, each attempt at the page
 * of a target itself, which its index is too, and those at its items once a day.
 */
export const NOT_FOUND_ONCE = `CASE WHEN item_id IN ('${INDEX_ID}', target) THEN attempt_id ELSE CAST(CAST(attempted_at AS DATE) AS VARCHAR) END`;

const run = () => z.string().describe('Run (UUIDv7: sorts by time)');
const source = () => z.string().describe('Source');
const target = () => z.string().describe('Target inside the source');
const partitionDate = () => z.iso.date().describe('Date of the partition that the work was for');

export const attemptSchema = lazily(() =>
  z.object({
    attempt_id: z.string().describe('UUIDv7 of the attempt'),
    run_id: run(),
    source: source(),
    target: target(),
    partition_date: partitionDate(),
    item_id: z
      .string()
      .describe(
        'Item; "index" for the index of the day, "robots.txt" for the robots file, "look-up" for what a target lacked',
      ),
    url: z.string().describe('Address asked for'),
    final_url: z.string().nullable().describe('Address that answered, after redirects'),
    attempted_at: z.iso.datetime().describe('When the request went out: its start'),
    attempt_number: z.int32().describe('1 for the first try of the item in the run'),
    status: z
      .enum(['success', 'blocked', 'not_found', 'timeout', 'error', 'queue_full'])
      .describe('Coarse outcome'),
    error_code: z.enum(OUTCOME_CODES).describe('Outcome code'),
    block_type: z.enum(BLOCK_TYPES).nullable().describe('Kind of wall, where status is blocked'),
    rule: z.string().nullable().describe('Rule that recognised the outcome: the evidence'),
    http_status_code: z.int32().nullable().describe('Status of the final response'),
    error_message: z.string().nullable().describe('What went wrong, in one line'),
    timing_ms: z.int32().describe('Milliseconds from request to end of body'),
    waited_ms: z.int32().describe('Milliseconds spent waiting for politeness before the request'),
    redirects: z.int32().describe('Redirects followed'),
    conditional: z.boolean().describe('True where validators of an earlier capture were sent'),
    wire_bytes: z.int().nullable().describe('Bytes of the body on the wire; 0 where the answer is shared'),
    decoded_bytes: z.int().nullable().describe('Bytes of the body after Content-Encoding'),
    records_found: z.int32().nullable().describe('Valid records in the page'),
    capture: z
      .string()
      .nullable()
      .describe('Raw response: key of the WARC file, #, byte offset of the record'),
    parser_version: z.int32().describe('Version of the parser that read the page'),
    // From here on null in files of before there were these columns.
    proxy: z
      .string()
      .nullable()
      .describe('Id of the proxy that it went through; null where it went straight'),
    user_agent: z.string().nullable().describe('User-Agent that was sent; null where nothing was sent'),
    partition_value: z.string().nullable().describe('Value of the first partition column; often the target'),
    tier: z.string().nullable().describe('Attribute tier of the target, where it has one'),
    finished_at: z.iso.datetime().nullable().describe('When the body had come, or the request failed'),
    retry_count: z.int32().nullable().describe('Tries of the page before this one that it is a retry of'),
    last_retry_at: z.iso
      .datetime()
      .nullable()
      .describe('When its last retry went out, this one included; null for a first try'),
    backoff_delay_ms: z
      .int()
      .nullable()
      .describe('Milliseconds between the try before and this one; 0 for a first try'),
    scraper_version: z.string().nullable().describe('Version of Rescrape and, after a slash, of the parser'),
    records_upserted: z
      .int32()
      .nullable()
      .describe('Of the records found, those that the current version had not, or had otherwise'),
    snapshots_created: z
      .int32()
      .nullable()
      .describe('1 where the content of the item is new with it, so that a new version is to hold it'),
    notes: z.string().nullable().describe('What the parser has to say: why a page is empty, where to look'),
    details: z
      .string()
      .nullable()
      .describe(
        'JSON: status text, address that answered, telling headers; "shared" where the request of another attempt brought the answer',
      ),
    skip_future_attempts: z
      .boolean()
      .nullable()
      .describe('Whether the target was flagged after the attempt; null where nobody asked'),
    skip_reason: z.string().nullable().describe('Reason of that flag'),
  }),
);
export type AttemptRow = z.infer<ReturnType<typeof attemptSchema>>;

export const commitSchema = lazily(() =>
  z.object({
    run_id: run(),
    source: source(),
    table_name: z.string().describe('Table of the source'),
    target: target(),
    partition_date: partitionDate(),
    status: z
      .enum(['committed', 'unchanged', 'held', 'failed', 'rolled_back', 'accepted', 'rejected'])
      .describe(
        'committed and unchanged: the partition is fresh; held and failed: the old version stays current',
      ),
    version: z.string().nullable().describe('Current version afterwards'),
    previous_version: z.string().nullable().describe('Current version before'),
    items_expected: z
      .int32()
      .nullable()
      .describe("Items of the source's own index that can have rows; null where it could not be read"),
    items_found: z
      .int32()
      .describe('Items whose records are from this run or were confirmed unchanged by it'),
    items_unchanged: z.int32().describe('Of those: answered 304'),
    items_empty: z.int32().describe('Items whose page says that they have no records; not expected'),
    items_carried: z.int32().describe('Items that failed and keep their rows from the version before'),
    items_failed: z.int32().describe('Items that failed or were skipped, carried over or not'),
    items_pending: z.int32().nullable().describe('Items that the index lists without a result yet'),
    items_abandoned: z.int32().nullable().describe('Items that the index lists as abandoned'),
    items_void: z.int32().nullable().describe('Items that the index lists as void'),
    items_withdrawn: z
      .int32()
      .nullable()
      .describe('Items that had rows once and that the index took away and has not brought back'),
    rows: z.int32().describe('Rows of the current version'),
    rows_before: z.int32().nullable().describe('Rows of the version before'),
    content_hash: z.string().nullable().describe('SHA-256 of the rows without lineage'),
    changed: z.boolean().describe('True where the rows differ from the version before'),
    reason: z.string().nullable().describe('Why it was held, failed, rolled back, accepted or rejected'),
    actor: z.string().describe('run, or the command that a person gave'),
    standing_order: z
      .int32()
      .nullable()
      .describe('Higher is later, of what was decided about one partition: a clock may have run ahead'),
    recorded_at: z.iso.datetime().describe('When this was decided'),
    items_repeated: z
      .int32()
      .nullable()
      .describe('Sets of items of the current version that have rows in common; null in older rows'),
    fresh: z
      .boolean()
      .nullable()
      .describe('True where the source itself was asked for all of it, and answered; null in older rows'),
    settled_run: z
      .int32()
      .nullable()
      .describe(
        'The newest run then, where after this none of the runs until it is due; 0 where some may be',
      ),
    day_over_at: z.iso
      .datetime()
      .nullable()
      .describe('First moment after its date in the time zone of the source; null in older rows'),
  }),
);
export type CommitRow = z.infer<ReturnType<typeof commitSchema>>;

/** A file of the log of one partition: what one run, retry or person did to it. */
export interface PartitionLog {
  readonly runId: string;
  readonly key: string;
}

export const runSchema = lazily(() =>
  z.object({
    run_id: run(),
    source: source(),
    status: z
      .enum(['succeeded', 'incomplete', 'failed'])
      .describe(
        'incomplete: published, but items failed, were held, withdrawn by their index or there twice',
      ),
    window_start: z.iso.date().describe('First date of the window'),
    window_end: z.iso.date().describe('Last date of the window'),
    forced: z.boolean().describe('True where --force was given'),
    started_at: z.iso.datetime(),
    finished_at: z.iso.datetime(),
    partitions: z.int32(),
    committed: z.int32(),
    unchanged: z.int32(),
    held: z.int32(),
    failed: z.int32().describe('Partitions that could not be refreshed'),
    items_expected: z.int32(),
    items_found: z.int32(),
    items_carried: z.int32(),
    items_failed: z.int32(),
    items_pending: z.int32().nullable().describe('Listed without a result yet'),
    items_without_result: z.int32().nullable().describe('Empty, abandoned or void'),
    items_withdrawn: z.int32().nullable().describe('Taken away by their index in this run, with their rows'),
    attempts: z.int32(),
    wire_bytes: z.int(),
    sequence: z
      .int32()
      .nullable()
      .describe(
        '1 for the first run of its source: tells the newest, which times do not; null in older rows',
      ),
    partition_values: z
      .string()
      .nullable()
      .describe(
        'Values of partitions that it was to refresh as a whole, a list in JSON; null where it was all',
      ),
  }),
);
export type RunRow = z.infer<ReturnType<typeof runSchema>>;

const sum = (what: string) => z.int().describe(what);

/** A row is the sum of a day so far; the last one of a kind and day counts (view `v_enrichment_daily`). */
export const enrichmentSchema = lazily(() =>
  z.object({
    day: z.iso.date().describe('Day in UTC'),
    kind: z.string().describe('Kind of record'),
    processed: sum('Messages taken in; one that came again is counted again'),
    enriched: sum('Records that were valid'),
    failed: sum('Records that were not'),
    inserted: sum('Entities that were made'),
    updated: sum('Entities that were replaced'),
    unchanged: sum('Records that are stored already'),
    older: sum('Records of which a newer one is stored'),
    persist_failed: sum('Valid records that were not stored, because what they refer to is not there'),
    parked: sum('Records parked, each once however long it waits'),
    dead: sum('Dead letters written'),
    batches: sum('Batches'),
    recorded_at: z.iso.datetime().describe('When this was the sum'),
  }),
);
export type EnrichmentLogRow = z.infer<ReturnType<typeof enrichmentSchema>>;

const pages = (description: string) => z.int32().describe(description);
const tokens = (description: string) => z.int().nullable().describe(description);

export const extractionBookSchema = lazily(() =>
  z.object({
    extraction: z.string().describe('Extraction'),
    state: z.string().describe('State as the library names it'),
    school: z.string().describe('School as the library names it'),
    year: z.int32().describe('Year of the book'),
    pages: pages('Labelled pages; each is in one of the counts that follow'),
    done: pages('With a result, whether or not they are asked for again'),
    in_flight: pages('In a batch'),
    waiting: pages('For the result of the page before'),
    runnable: pages('Sent by the next run'),
    exhausted: pages('Failed as often as they may'),
    no_image: pages('Without an image'),
    input_tokens: tokens('Of prompts and images of the results that are there; null where none says so'),
    output_tokens: tokens('Of the answers that are these results; null as above'),
    cost_usd: z.number().nullable().describe('US dollars for them by the configured prices; null as above'),
    run_id: z.string().describe('Publication (UUIDv7: sorts by time)'),
    recorded_at: z.iso.datetime().describe('When it was so'),
  }),
);
export type ExtractionBookRow = z.infer<ReturnType<typeof extractionBookSchema>>;
