import type { RobotsRequest } from '../fetch/fetcher.ts';
import type { PartitionJob } from '../job.ts';
import { type AttemptRow, ROBOTS_ID } from '../lake/log-tables.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { sentFacts, unansweredRow } from './attempt-row.ts';
import { type Checkpoint, writeCheckpoint } from './checkpoint.ts';
import { NO_CAPTURE } from './record-attempt.ts';

/** Keeps a request for robots.txt on record, beside the attempts of the target that caused it. */
export async function recordRobots(
  context: PartitionJob,
  robots: RobotsRequest,
  whose: Pick<AttemptRow, 'target' | 'tier'>,
): Promise<void> {
  const { platform, source } = context;
  // 4xx is an answer too: there is no such file (RFC 9309). What is none comes as a failure.
  const outcome: Outcome = robots.failure ?? {
    code: 'SUCCESS',
    ...(robots.note !== undefined && { message: robots.note }),
  };
  if (robots.note !== undefined)
    platform.emit({ kind: 'warning', message: `${source.name}: ${robots.note}` });
  // Numbered by time: a resumed run may well ask again, and each request is on record.
  const item = { id: `txt-${platform.newId()}`, url: robots.url };
  const request = {
    target: whose.target,
    item_id: ROBOTS_ID,
    url: robots.url,
    attempted_at: new Date(robots.startedAt).toISOString(),
    attempt_number: 1,
  };
  const checkpoint: Checkpoint = {
    kind: 'robots',
    item,
    lookedAt: robots.startedAt,
    outcome,
    attempt: {
      ...unansweredRow(context, request, outcome),
      http_status_code: robots.httpStatus ?? null,
      timing_ms: Math.round(robots.finishedAt - robots.startedAt),
      wire_bytes: robots.wireBytes,
      ...sentFacts(context, robots.by, true),
      tier: whose.tier,
      finished_at: new Date(robots.finishedAt).toISOString(),
      notes: robots.note ?? null,
    },
  };
  await writeCheckpoint(context, { checkpoint, capture: NO_CAPTURE });
}
