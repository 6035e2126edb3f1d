import type { PartitionJob } from '../job.ts';
import type { LeftOut } from '../lake/scrape-result.ts';
import { TargetStore } from '../targets/target-store.ts';
import type { ScrapeProgress } from './progress.ts';
import type { TargetGates } from './target-gates.ts';

/**
 * The job with the targets alone that this run has crawled, where targets are claimed one by one: those that
 * it asked for something, or has the claim of. The others are left as they are, and told with the reason.
 */
export async function withoutLeftOut(
  context: PartitionJob,
  progress: ScrapeProgress,
  gates?: TargetGates,
): Promise<PartitionJob> {
  const { crawl, source, platform, runId } = context;
  if (!crawl || source.cadence.kind !== 'every') return context;
  const tried = new Set(progress.inOrder().map(({ attempt }) => attempt.target));
  const store = new TargetStore(platform.state);
  const leftOut: LeftOut[] = [];
  for (const target of crawl.targets) {
    if (tried.has(target)) continue;
    const refusal = (await gates?.opened(target))?.refusal;
    if (!refusal && (await store.get(source.name, target)).claim?.runId === runId) continue;
    const { reason, until } = refusal ?? { reason: 'NEXT_RUN', until: platform.clock.now() };
    leftOut.push({ target, reason, until });
    platform.emit({ kind: 'left-out', source: source.name, target, reason, until });
  }
  if (leftOut.length === 0) return context;
  const left = new Set(leftOut.map(({ target }) => target));
  const targets = crawl.targets.filter((target) => !left.has(target));
  const items = crawl.items.filter(({ target }) => !left.has(target ?? context.partition.value));
  return { ...context, crawl: { ...crawl, targets, items, leftOut } };
}
