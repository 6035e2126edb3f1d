import type { Permission } from '../fetch/fetcher.ts';
import type { PartitionJob } from '../job.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import { clockBehind, LookClock } from '../state/look-clock.ts';
import { afterAttempt, type SkipFlag, type TargetRecord, TargetStore } from '../state/target-store.ts';
import type { PageKind, Visit, WatchedTarget } from '../state/target-watch.ts';
import type { Checkpoint } from './checkpoint.ts';
import { INDEX_ID } from './progress.ts';

type Tried = Pick<Checkpoint, 'outcome' | 'attempt'>;

/** One request through the gate. */
export interface Passage {
  /** For the fetcher, which asks it when the turn of the request has come. */
  readonly permission: Permission;
  /**
   * Shuts the gate of this process where the answer reaches a threshold; until then no request of the target
   * starts here.
   */
  judge(tried: Tried): void;
  /** Writes the flag that `judge` found to be due, for all processes; nothing where it found none. */
  raiseFlag(): Promise<void>;
  /** Must be called at the end; again is harmless. */
  end(): void;
}

/**
 * The gate of one target. Shuts when it is flagged: by this scrape, by another partition, by another process,
 * or by an operator. The store is asked once for each request, when its turn has come: one read a page, and
 * none before it waits.
 */
export class TargetGate {
  readonly #context: PartitionJob;
  readonly #target: string;
  readonly #register: TargetStore;
  readonly #watched: WatchedTarget;
  #record: TargetRecord;

  private constructor(context: PartitionJob, register: TargetStore, record: TargetRecord) {
    const { platform, source } = context;
    this.#context = context;
    this.#target = record.target;
    this.#register = register;
    this.#watched = platform.targets.of(source.name, record.target);
    this.#record = record;
  }

  /**
   * Counts on from what this scrape has already tried: its attempts join the record only when it is
   * finalized.
   */
  static async open(context: PartitionJob, target: string, tried: readonly Tried[]): Promise<TargetGate> {
    const register = new TargetStore(context.platform.state);
    const record = await register.get(context.source.name, target);
    const gate = new TargetGate(context, register, record);
    for (const attempt of tried) {
      const raised = gate.#note(attempt);
      if (raised) await gate.#raise(raised);
    }
    return gate;
  }

  /** For looks at this target: later than all that is on record of it, `known` among that. Milliseconds. */
  looksAfter(known: number): LookClock {
    const { clock, emit } = this.#context.platform;
    const last = Math.max(known, this.#record.lastLookAt);
    const behind = clockBehind(clock.now(), last);
    if (behind) emit(behind);
    return new LookClock(clock, last);
  }

  /** Whether this scrape knows of a flag; asks nobody. */
  get isKnownShut(): boolean {
    return this.#record.skip !== null;
  }

  async isShut(): Promise<boolean> {
    if (this.isKnownShut) return true;
    const { skip } = await this.#register.get(this.#context.source.name, this.#target);
    if (skip) this.#shut(skip);
    return skip !== null;
  }

  /** Waits where the first request of its kind is still out. */
  async enter(page: PageKind): Promise<Passage> {
    const visit = await this.#watched.enter(page);
    let opens = false;
    let hasEnded = false;
    let raised: SkipFlag | null = null;
    const end = () => {
      if (!hasEnded) visit.judged(opens);
      hasEnded = true;
      // Another partition of this process knows of a flag that may not be in the store yet.
      if (visit.withdrawn.aborted)
        this.#record = { ...this.#record, skip: this.#record.skip ?? (visit.withdrawn.reason as SkipFlag) };
    };
    return {
      permission: this.#permission(visit),
      judge: (tried) => {
        opens = DISPOSITIONS[tried.outcome.code].counts !== 'block';
        raised = this.#note(tried);
        // Until the store has the flag, whoever comes now would find none there.
        if (!raised) end();
      },
      raiseFlag: async () => {
        if (raised) await this.#raise(raised);
        end();
      },
      end,
    };
  }

  #permission(visit: Visit): Permission {
    return {
      withdrawn: visit.withdrawn,
      isWithdrawn: async () => {
        let isShut: boolean;
        do {
          await this.#watched.decided();
          isShut = await this.isShut();
          // An answer that came while the store was read may be the wall.
        } while (!isShut && this.#watched.isUndecided);
        return isShut;
      },
      onAnswer: visit.arrived,
    };
  }

  #shut(skip: SkipFlag): void {
    this.#record = { ...this.#record, skip };
    this.#watched.withdraw(skip);
  }

  /**
   * The flag that is due where this attempt reaches a threshold; the counters are kept when the scrape is
   * finalized.
   */
  #note({ outcome, attempt }: Tried): SkipFlag | null {
    const { source } = this.#context;
    const before = this.#record.skip;
    const page = attempt.item_id === INDEX_ID ? 'index' : 'item';
    this.#record = afterAttempt(this.#record, outcome, Date.parse(attempt.attempted_at), source, page);
    const raised: SkipFlag | null = this.#record.skip;
    if (before || !raised) return null;
    this.#shut(raised);
    return raised;
  }

  async #raise(raised: SkipFlag): Promise<void> {
    const { source, platform } = this.#context;
    const target = this.#target;
    await this.#register.update(source.name, target, (record) => ({
      ...record,
      skip: record.skip ?? raised,
    }));
    platform.emit({ kind: 'flagged', source: source.name, target, reason: raised.reason });
  }
}
