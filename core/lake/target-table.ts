import * as z from 'zod';
import { columnsOf } from '../schema/columns.ts';
import { lazily } from '../schema/lazily.ts';

/**
 * The table `targets`: the record of each target as it stood at the end of each day, partitioned by source
 * and date. A day is one object that is replaced as a whole.
 */
export const targetTableSchema = lazily(() =>
  z.object({
    target: z.string().describe('Target inside the source'),
    name: z.string().nullable().describe('What people call it'),
    partition_value: z
      .string()
      .describe('Value of the first partition column of its table; often the target'),
    slug: z.string().nullable().describe('Attribute slug, where the source has it; so the next ones'),
    state: z.string().nullable().describe('Attribute state'),
    tier: z.string().nullable().describe('Attribute tier'),
    url: z.string().nullable().describe('Attribute url'),
    menu_type: z.string().nullable().describe('Attribute menu_type'),
    platform_id: z.string().nullable().describe('Attribute platform_id'),
    attributes: z.record(z.string(), z.any()).nullable().describe('All of its attributes, as JSON'),
    status: z.enum(['active', 'degraded', 'paused', 'failed']).describe('Whether its crawls succeed'),
    schedule_status: z.string().describe('How it stood with the schedule when the row was written'),
    day_status: z
      .string()
      .nullable()
      .describe('How it stood on the date: found, failed, due, skipped, …; null for sources scraped by date'),
    day_reason: z.string().nullable().describe('Why, in one line'),
    due_that_day: z
      .boolean()
      .describe('Whether it was due on the date; of targets that are crawled one by one also behind a flag'),
    crawled_that_day: z.boolean().describe('Whether it was'),
    needs: z.string().nullable().describe('What it waits for before it can be asked: NEEDS_URL, …'),
    skip_reason: z.string().nullable().describe('Reason of its flag; null where it has none'),
    skip_actor: z.string().nullable().describe('Who flagged it'),
    skipped_at: z.iso.datetime().nullable().describe('Since when'),
    skip_expires_at: z.iso.datetime().nullable().describe('When one probe may go; null: a person lifts it'),
    unflagged_at: z.iso.datetime().nullable().describe('When a flag of it was lifted last'),
    crawl_frequency_minutes: z.number().describe('Minutes between two crawls without its backoff'),
    max_retries: z.int32().describe('Retries in one run after the first try'),
    backoff_multiplier: z.number().describe('Doubled by a failed crawl, at most 16; 1 after a success'),
    next_crawl_at: z.iso.datetime().nullable().describe('When it is due'),
    last_crawl_at: z.iso.datetime().nullable().describe('When its last crawl began'),
    last_crawl_ended_at: z.iso.datetime().nullable().describe('When its last crawl ended'),
    last_crawl_date: z.iso.date().nullable().describe('Date of the partition that its last crawl was for'),
    last_crawl_code: z.string().nullable().describe('Outcome of its last crawl'),
    last_attempt_at: z.iso.datetime().nullable().describe('Its last request'),
    last_success_at: z.iso.datetime().nullable().describe('Its last request that succeeded'),
    last_failure_at: z.iso.datetime().nullable().describe('Its last request that did not'),
    last_error_code: z.string().nullable().describe('Outcome of that one'),
    consecutive_failures: z.int32().describe('Failed crawls in a row'),
    consecutive_blocks: z.int32().describe('Walls in a row'),
    consecutive_not_found: z.int32().describe('Pages in a row that were not there'),
    total_attempts: z.int().describe('Attempts in all'),
    total_successes: z.int().describe('Of those, successful'),
    success_rate: z.number().describe('In percent, one decimal; 0 without attempts'),
    record_count: z.int().nullable().describe('Records of its last whole crawl'),
    current_proxy_id: z.string().nullable().describe('Id of the proxy that its requests go through'),
    current_user_agent: z.string().nullable().describe('User-Agent that it keeps'),
    failed_at: z.iso.datetime().nullable().describe('When it was given up'),
    failure_notes: z.string().nullable().describe('Why'),
    recorded_at: z.iso.datetime().describe('When this row was written'),
  }),
);

/** Of its files. */
export const targetTableColumns = lazily(() => columnsOf(targetTableSchema()));

export type TargetRow = z.infer<ReturnType<typeof targetTableSchema>>;
