import { afterAttempt, type SkipFlag, type TargetRecord, TargetRegister } from '../target/target.ts';
import type { AttemptContext } from './attempt.ts';
import type { Checkpoint } from './checkpoint.ts';
import { clockBehind, LookClock } from './look-clock.ts';
import { INDEX_ID } from './scrape-progress.ts';

type Tried = Pick<Checkpoint, 'outcome' | 'attempt'>;

/** Shuts when the target is flagged: by this scrape, by another partition of the run, or by an operator. */
export class TargetGate {
  readonly #context: AttemptContext;
  readonly #register: TargetRegister;
  #record: TargetRecord;

  private constructor(context: AttemptContext, register: TargetRegister, record: TargetRecord) {
    this.#context = context;
    this.#register = register;
    this.#record = record;
  }

  /** Counts on from what this scrape has already tried: its attempts join the record only when it is sealed. */
  static async open(context: AttemptContext, tried: readonly Tried[]): Promise<TargetGate> {
    const register = new TargetRegister(context.platform.state);
    const record = await register.get(context.source.name, context.partition.target);
    const gate = new TargetGate(context, register, record);
    for (const attempt of tried) await gate.note(attempt);
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

  async isShut(): Promise<boolean> {
    if (this.#record.skip) return true;
    const { skip } = await this.#register.get(this.#context.source.name, this.#context.partition.target);
    if (skip) this.#record = { ...this.#record, skip };
    return skip !== null;
  }

  /** Raises the flag at once where this attempt reaches a threshold; the counters are kept when the scrape is sealed. */
  async note({ outcome, attempt }: Tried): Promise<void> {
    const { source, partition, platform } = this.#context;
    const before = this.#record.skip;
    const page = attempt.item_id === INDEX_ID ? 'index' : 'item';
    this.#record = afterAttempt(this.#record, outcome, Date.parse(attempt.attempted_at), source, page);
    const raised: SkipFlag | null = this.#record.skip;
    if (before || !raised) return;
    await this.#register.update(source.name, partition.target, (record) => ({
      ...record,
      skip: record.skip ?? raised,
    }));
    platform.emit({ kind: 'flagged', source: source.name, target: partition.target, reason: raised.reason });
  }
}
