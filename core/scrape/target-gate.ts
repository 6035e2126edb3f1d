import type { ChooseRoute, Permission, SentBy } from '../fetch/fetcher.ts';
import type { PartitionJob } from '../job.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import { minutesOf } from '../source/cadence.ts';
import type { Source } from '../source/source.ts';
import { clockBehind, LookClock } from '../state/look-clock.ts';
import { afterAttempt } from '../targets/attempted.ts';
import { type ClaimAnswer, CRAWL_LEASE_MS } from '../targets/claim.ts';
import { withRaised } from '../targets/flags.ts';
import { isExpired, type SkipFlag, type TargetRecord } from '../targets/target.ts';
import { BY_ITSELF } from '../targets/target-events.ts';
import { TargetStore } from '../targets/target-store.ts';
import type { PageKind, Visit, WatchedTarget } from '../targets/target-watch.ts';
import type { Checkpoint } from './checkpoint.ts';
import { TargetRoute, type Weighed } from './target-route.ts';

type Tried = Pick<Checkpoint, 'outcome' | 'attempt' | 'again'>;

/** Why a run may not crawl a target now. */
export type Refusal = Pick<Extract<ClaimAnswer, { kind: 'refused' }>, 'reason' | 'until'>;

/** One request through the gate. */
export interface Passage {
  /** Attribute of the target. */
  readonly tier: string | null;
  /** For the fetcher, which asks it when the request has its permit. */
  readonly permission: Permission;
  /** How it is to go out; absent where there is nothing to choose from. */
  readonly route?: ChooseRoute;
  /** The outcome of an answer, in the light of what other proxies are left. Asked once, before `judge`. */
  weigh(outcome: Outcome, by: SentBy | undefined): Weighed;
  /**
   * Shuts the gate of this process where the answer reaches a threshold; until then no request of the target
   * starts here. Answers the flag as this process knows it afterwards.
   */
  judge(tried: Tried): SkipFlag | null;
  /** Writes for all processes what was found: the flag that is due, the proxy that the target moves to. */
  settle(): Promise<void>;
  /** Must be called at the end; again is harmless. */
  end(): void;
}

/**
 * The gate of one target. Shuts when it is flagged: by this scrape, by another partition, by another process,
 * or by an operator. The store is asked once for each request, when it has its permit: one read a page, and
 * none while it waits.
 */
export class TargetGate {
  readonly #context: PartitionJob;
  readonly #target: string;
  readonly #store: TargetStore;
  readonly #watched: WatchedTarget;
  readonly #route: TargetRoute | undefined;
  /** Nothing of the target may be asked without a claim. */
  readonly #isClaimed: boolean;
  #record: TargetRecord;
  #refusal: Refusal | null;

  private constructor(
    context: PartitionJob,
    store: TargetStore,
    record: TargetRecord,
    claim: ClaimAnswer | undefined,
    route: TargetRoute | undefined,
  ) {
    const { platform, source } = context;
    this.#context = context;
    this.#target = record.target;
    this.#store = store;
    this.#watched = platform.targets.of(source.name, record.target);
    this.#record = record;
    this.#isClaimed = claim !== undefined;
    this.#refusal = claim?.kind === 'refused' ? claim : null;
    this.#route = route;
  }

  /**
   * Claims the target where it is crawled by itself, or where its flag has expired and one probe may go.
   * Counts on from what this scrape has already tried: its attempts join the record only when it is
   * finalized.
   */
  static async open(context: PartitionJob, target: string, tried: readonly Tried[]): Promise<TargetGate> {
    const { platform, source } = context;
    const store = new TargetStore(platform.state);
    const isEvery = source.cadence.kind === 'every';
    let record = isEvery ? undefined : await store.get(source.name, target);
    const isProbe = record?.skip && isExpired(record.skip, platform.clock.now());
    const claim = isEvery || isProbe ? await claimOf(context, store, target) : undefined;
    record = claim?.record ?? record!;
    const route = await TargetRoute.open(context, store, record);
    const gate = new TargetGate(context, store, record, claim, route);
    for (const attempt of tried) {
      route?.resume(attempt);
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

  /** Set where the target may not be crawled by this run now. */
  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** Whether this scrape knows of a flag, or has no claim; asks nobody. */
  get isKnownShut(): boolean {
    return this.#refusal !== null || this.#isFlagged(this.#record);
  }

  async isShut(): Promise<boolean> {
    if (this.isKnownShut) return true;
    const record = await this.#store.get(this.#context.source.name, this.#target);
    this.#route?.follow(record);
    if (this.#isFlagged(record)) {
      this.#shut(record.skip!);
      return true;
    }
    return this.#isClaimed && !(await this.#keepsClaim(record));
  }

  /** A flag lets nobody through but the probe that has claimed the target. */
  #isFlagged({ skip, claim }: TargetRecord): boolean {
    const { runId, platform } = this.#context;
    if (!skip) return false;
    const isProbe = claim?.runId === runId && claim.isProbe;
    return !(isProbe && isExpired(skip, platform.clock.now()));
  }

  /** Renews the claim before it runs out. False where another run has taken it over. */
  async #keepsClaim({ claim }: TargetRecord): Promise<boolean> {
    const { runId, platform } = this.#context;
    const left = (claim?.until ?? 0) - platform.clock.now();
    if (claim?.runId === runId && left > CRAWL_LEASE_MS / 2) return true;
    const again = await claimOf(this.#context, this.#store, this.#target);
    if (again.kind === 'refused') this.#refusal = again;
    return again.kind === 'claimed';
  }

  /** Waits where the first request of its kind is still out. */
  async enter(page: PageKind): Promise<Passage> {
    const visit = await this.#watched.enter(page);
    let opens = false;
    let hasEnded = false;
    let raised: SkipFlag | null = null;
    let answer: { readonly outcome: Outcome; readonly by: SentBy | undefined } | undefined;
    const route = this.#route;
    const end = () => {
      if (!hasEnded) visit.judged(opens);
      hasEnded = true;
      // Another partition of this process knows of a flag that may not be in the store yet.
      if (visit.withdrawn.aborted && !this.#isFlagged(this.#record))
        this.#record = { ...this.#record, skip: visit.withdrawn.reason as SkipFlag };
    };
    return {
      tier: tierOf(this.#context.source, this.#target, this.#record),
      permission: this.#permission(visit),
      ...(route && { route: route.choose }),
      weigh: (outcome, by) => {
        const weighed = route?.weigh(outcome, by) ?? { outcome, again: false };
        answer = { outcome: weighed.outcome, by };
        return weighed;
      },
      judge: (tried) => {
        opens = DISPOSITIONS[tried.outcome.code].counts !== 'block' && !tried.again;
        raised = this.#note(tried);
        // Until the store has it, whoever comes now would find no flag there, and the proxy from before.
        if (!raised && !route?.hasMoved) end();
        return this.#record.skip;
      },
      settle: async () => {
        if (answer) await route?.settle(answer.outcome, answer.by);
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
    const { item_id, attempted_at } = attempt;
    this.#record = afterAttempt(this.#record, outcome, Date.parse(attempted_at), source, item_id);
    const raised: SkipFlag | null = this.#record.skip;
    if (!raised || raised === before) return null;
    this.#shut(raised);
    return raised;
  }

  async #raise(raised: SkipFlag): Promise<void> {
    const { source, platform } = this.#context;
    const target = this.#target;
    await this.#store.update(source.name, target, (record) => withRaised(record, raised), {
      actor: BY_ITSELF,
      at: platform.clock.now(),
    });
    platform.emit({ kind: 'flagged', source: source.name, target, reason: raised.reason });
  }
}

/** The attribute `tier` of a target, by its record or by the code of its source; null where it has none. */
export function tierOf(
  { targets }: Source,
  id: string,
  record?: Pick<TargetRecord, 'attributes'>,
): string | null {
  const tier = record?.attributes?.tier ?? targets.find((target) => target.id === id)?.attributes?.tier;
  return tier === undefined ? null : String(tier);
}

function claimOf(
  { platform, source, runId }: PartitionJob,
  targets: TargetStore,
  target: string,
): Promise<ClaimAnswer> {
  const request = { runId, id: platform.newId(), every: minutesOf(source.cadence) };
  return targets.claim(source.name, target, request, platform.clock);
}
