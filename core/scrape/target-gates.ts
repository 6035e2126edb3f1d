import type { PartitionJob } from '../job.ts';
import { targetOf } from '../source/partition.ts';
import type { Item } from '../source/source.ts';
import type { LookClock } from '../state/look-clock.ts';
import type { ScrapeProgress } from './progress.ts';
import { TargetGate } from './target-gate.ts';

/** What an item's requests go through: the gate of its target, and the clock that orders looks at it. */
export interface OpenGate {
  readonly gate: TargetGate;
  readonly looks: LookClock;
}

/** The gates of the targets that a scrape asks, each opened when the first of its items comes up. */
export class TargetGates {
  readonly #context: PartitionJob;
  readonly #tried: ReadonlyMap<string, Parameters<typeof TargetGate.open>[2]>;
  readonly #known: number;
  readonly #open = new Map<string, Promise<OpenGate>>();

  /** `known`: the latest look at the partition on record; milliseconds. */
  constructor(context: PartitionJob, progress: ScrapeProgress, known: number) {
    this.#context = context;
    this.#tried = Map.groupBy(progress.inOrder(), ({ attempt }) => attempt.target);
    this.#known = Math.max(known, progress.lastLookAt());
  }

  of(item: Pick<Item, 'target'>): Promise<OpenGate> {
    const target = targetOf(item, this.#context.partition);
    const open = this.#open.get(target) ?? this.#openGate(target);
    this.#open.set(target, open);
    return open;
  }

  /** The gate of a target, where it was opened. */
  async opened(target: string): Promise<TargetGate | undefined> {
    return (await this.#open.get(target))?.gate;
  }

  async isShut(item: Pick<Item, 'target'>): Promise<boolean> {
    return (await this.of(item)).gate.isShut();
  }

  async #openGate(target: string): Promise<OpenGate> {
    const gate = await TargetGate.open(this.#context, target, this.#tried.get(target) ?? []);
    return { gate, looks: gate.looksAfter(this.#known) };
  }
}
