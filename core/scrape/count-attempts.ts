import type { PartitionJob } from '../job.ts';
import { minutesOf } from '../source/cadence.ts';
import type { Source } from '../source/source.ts';
import { afterAttempt, lookedAtLast } from '../targets/attempted.ts';
import type { TargetRecord } from '../targets/target.ts';
import { BY_ITSELF } from '../targets/target-events.ts';
import { TargetStore } from '../targets/target-store.ts';
import { afterCrawl } from '../targets/transitions.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { crawlEnds } from './crawl-ends.ts';
import { keepingRoute } from './target-route.ts';

/** Adds the attempts to the records of their targets, and ends the crawls that this run has claimed. */
export async function countAttempts(
  context: PartitionJob,
  attempts: readonly Checkpoint[],
  endOf: ReturnType<typeof crawlEnds>,
): Promise<void> {
  const own = attempts.filter(({ kind }) => kind !== 'robots');
  const tried = Map.groupBy(own, ({ attempt }) => attempt.target);
  const claimed = context.source.cadence.kind === 'every' ? (context.crawl?.targets ?? []) : [];
  for (const target of new Set([...tried.keys(), ...claimed]))
    await countOf(context, target, tried.get(target) ?? [], endOf(target));
}

async function countOf(
  { platform, source, runId, partition }: PartitionJob,
  target: string,
  attempts: readonly Checkpoint[],
  end: ReturnType<ReturnType<typeof crawlEnds>>,
): Promise<void> {
  const place = `${source.name}#${partition.value}#${partition.date}`;
  const at = platform.clock.now();
  let ended: { readonly was: TargetRecord; readonly is: TargetRecord } | undefined;
  const isCounted = await new TargetStore(platform.state).update(
    source.name,
    target,
    (record) => {
      ended = undefined;
      const counted = afterAttempts(record, attempts, source);
      // Whoever has taken over a claim that ran out ends it.
      if (record.claim?.runId !== runId) return counted;
      const every = minutesOf(source.cadence);
      ended = { was: record, is: afterCrawl(counted, { ...end, at, every, date: partition.date }) };
      return ended.is;
    },
    { actor: BY_ITSELF, at },
    {
      kind: 'put',
      partition: `finalized#${runId}`,
      sort: target === partition.value ? place : `${place}#${target}`,
      value: true,
      expect: 'absent',
    },
  );
  if (!isCounted || !ended || end.code === null) return;
  const { was, is } = ended;
  const statuses = { was: was.status, status: is.status };
  platform.emit({ kind: 'crawled', source: source.name, target, code: end.code, ...statuses });
}

function afterAttempts(record: TargetRecord, attempts: readonly Checkpoint[], source: Source): TargetRecord {
  if (attempts.length === 0) return record;
  const rows = attempts.map(({ attempt }) => attempt);
  const times = rows.map(({ attempted_at }) => Date.parse(attempted_at));
  const lastLookAt = Math.max(...attempts.map(({ lookedAt }) => lookedAt));
  const routed = keepingRoute(record, rows, source.politeness.userAgents !== undefined);
  return attempts.reduce(
    (before, { outcome }, at) => afterAttempt(before, outcome, times[at]!, source, rows[at]!.item_id),
    lookedAtLast(routed, lastLookAt, times),
  );
}
