import { dayOfRun } from '../core/calendar/run-id.ts';
import { partitionLogKey, partitionName, planKey } from '../core/lake/layout.ts';
import { readLog } from '../core/lake/partition-log.ts';
import { type PipelineEvent, type Platform, sourceNamed } from '../core/platform.ts';
import { publishedPlaces, readPublished } from '../core/publish/published.ts';
import { readWorkList } from '../core/run/work-list.ts';
import type { Partition } from '../core/source/source.ts';

/**
 * Tells what a run that goes on elsewhere has done, from what it leaves in the lake: the same events, in the
 * same words, as a run on this machine, but a partition's attempts come together, once it is published.
 */
export class RunFollower {
  readonly #platform: Platform;
  readonly #runId: string;
  readonly #tell: (event: PipelineEvent) => void;
  readonly #told = new Set<string>();
  #planned = false;

  constructor(platform: Platform, runId: string, tell: (event: PipelineEvent) => void) {
    this.#platform = platform;
    this.#runId = runId;
    this.#tell = tell;
  }

  /** Tells everything that is new since the last look. */
  async look(): Promise<void> {
    await this.#lookForPlan();
    if (!this.#planned) return;
    for await (const place of publishedPlaces(this.#platform, this.#runId)) {
      const name = partitionName(place.source, place.partition);
      if (this.#told.has(name)) continue;
      this.#told.add(name);
      await this.#tellPartition(place.source, place.partition);
    }
  }

  async #lookForPlan(): Promise<void> {
    if (this.#planned || !(await this.#platform.lake.head(planKey(this.#runId)))) return;
    let partitions = 0;
    for await (const _ of readWorkList(this.#platform, planKey(this.#runId))) partitions++;
    this.#planned = true;
    this.#tell({ kind: 'planned', runId: this.#runId, partitions });
  }

  async #tellPartition(sourceName: string, partition: Partition): Promise<void> {
    const platform = this.#platform;
    const source = sourceNamed(platform, sourceName);
    const runId = this.#runId;
    const result = await readPublished({ platform, source, runId, partition });
    if (!result) return;
    const log = partitionLogKey('attempts', dayOfRun(runId), source.name, partition, runId);
    for (const attempt of await readLog(platform.lake, 'attempts', log)) {
      if (attempt.item_id === 'robots.txt') continue;
      this.#tell({
        kind: 'attempted',
        source: source.name,
        partition,
        item: attempt.item_id,
        attempt: attempt.attempt_number,
        code: attempt.error_code,
        ...(attempt.error_message !== null && { message: attempt.error_message }),
      });
    }
    this.#tell({ kind: 'published', source: source.name, partition, result });
  }
}
