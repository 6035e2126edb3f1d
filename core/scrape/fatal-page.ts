import type { PartitionJob, StartedPage } from '../job.ts';
import { type Outcome, PROCESS_DIED } from '../outcome/outcome.ts';
import { targetOf } from '../source/partition.ts';
import { unansweredRow } from './attempt-row.ts';
import type { Checkpoint } from './checkpoint.ts';
import { NO_CAPTURE, recordAttempt } from './record-attempt.ts';

/**
 * TOO_LARGE, as most such pages are, and so that nobody asks for it again by himself: it would end that
 * process, too.
 */
const FATAL: Outcome = { code: 'TOO_LARGE', message: PROCESS_DIED };

/** Puts a page on record that was being read when a process died; undefined where its attempt is there. */
export async function recordFatal(
  context: PartitionJob,
  { kind, item, page, number, startedAt, lookedAt }: StartedPage,
): Promise<Checkpoint | undefined> {
  const { source, partition } = context;
  const request = {
    target: targetOf(item, partition),
    item_id: item.id,
    url: new URL(item.url, source.baseUrl).href,
    attempted_at: new Date(startedAt).toISOString(),
    attempt_number: number,
  };
  const checkpoint: Checkpoint = {
    kind,
    item,
    lookedAt,
    outcome: FATAL,
    ...(page > 0 && { page }),
    attempt: unansweredRow(context, request, FATAL),
  };
  const stored = { checkpoint, capture: NO_CAPTURE };
  return (await recordAttempt(context, stored, { ifNoneMatch: '*' })) ? checkpoint : undefined;
}
