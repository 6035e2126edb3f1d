import { BATCH_LEASE_MS, type Batch, type BatchStateName, batchName, isHeldByOther, moved } from './batch.ts';
import type { StoredBatch } from './batch-store.ts';
import type { ExtractContext } from './extract-context.ts';

/** A batch that this orchestrator works on, until it ends, is let go, or somebody else has taken it over. */
export class HeldBatch {
  readonly #context: ExtractContext;
  #stored: StoredBatch;
  #renewing: Promise<boolean> | undefined;
  #isLost = false;

  constructor(context: ExtractContext, stored: StoredBatch) {
    this.#context = context;
    this.#stored = stored;
  }

  get batch(): Batch {
    return this.#stored.batch;
  }

  /** As it was written last, for a `check`. */
  get stored(): StoredBatch {
    return this.#stored;
  }

  /** Keeps others away for longer where half of the lease is over. False: it is lost, stop. */
  async renew(): Promise<boolean> {
    const { lease } = this.batch;
    if (this.#isLost) return false;
    if (lease && lease.until - this.#context.clock.now() > BATCH_LEASE_MS / 2) return true;
    // Several uploads may ask at once.
    this.#renewing ??= this.change((batch) => ({ ...batch, lease: this.#lease() })).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Changes it on condition that it is still this orchestrator's. False: it is lost, stop. */
  async change(change: (batch: Batch) => Batch): Promise<boolean> {
    const stored = await this.#context.batches.change(this.batch.id, (before) =>
      !this.#isLost && before?.lease?.owner === this.#context.owner ? change(before) : undefined,
    );
    if (!stored) return this.lost();
    this.#stored = stored;
    return true;
  }

  /** Into a state that is worked on: others keep away. */
  keep(state: BatchStateName, reason: string, more: Partial<Batch> = {}): Promise<boolean> {
    const at = this.#context.clock.now();
    return this.change((batch) => moved({ ...batch, ...more }, state, { at, reason, lease: this.#lease() }));
  }

  /** Into a state that nobody works on. */
  async leave(state: BatchStateName, reason: string, more: Partial<Batch> = {}): Promise<boolean> {
    const at = this.#context.clock.now();
    return this.change((batch) => moved({ ...batch, ...more }, state, { at, reason }));
  }

  /** Ends it: its pages are free by that. */
  async end(state: BatchStateName, reason: string, more: Partial<Batch> = {}): Promise<boolean> {
    const isMine = await this.leave(state, reason, more);
    if (isMine) this.#context.tell({ kind: 'ended', batch: this.batch.id, state, reason });
    return isMine;
  }

  /** Says once that it is another's; false. */
  lost(): false {
    if (!this.#isLost) this.#context.tell({ kind: 'lease-lost', batch: this.batch.id });
    this.#isLost = true;
    return false;
  }

  #lease(): NonNullable<Batch['lease']> {
    return { owner: this.#context.owner, until: this.#context.clock.now() + BATCH_LEASE_MS };
  }
}

/** A new batch, without pages. */
export async function createBatch(context: ExtractContext, route: Batch['route']): Promise<HeldBatch> {
  const { clock, settings, extraction, owner } = context;
  const id = context.newId();
  const at = clock.now();
  const provider = route === 'single' ? context.singleProvider! : context.provider;
  const stored = await context.batches.create({
    id,
    state: 'claiming',
    name: batchName(extraction.name, id),
    route,
    provider: provider.name,
    model: settings.model,
    promptVersion: settings.promptVersion,
    job: null,
    pages: 0,
    submissions: 0,
    lease: { owner, until: at + BATCH_LEASE_MS },
    createdAt: at,
    readAt: null,
    cancelAskedAt: null,
    seen: null,
    counts: null,
    tokens: null,
    costUsd: null,
    transitions: [{ state: 'claiming', at, reason: 'pages are runnable' }],
  });
  return new HeldBatch(context, stored);
}

/** Takes a batch that nobody else works on and that `may` holds of; undefined where there is none such. */
export async function takeBatch(
  context: ExtractContext,
  id: string,
  may: (batch: Batch) => boolean,
  change: (batch: Batch, lease: NonNullable<Batch['lease']>) => Batch,
): Promise<HeldBatch | undefined> {
  const { batches, clock, owner } = context;
  const stored = await batches.change(id, (before) => {
    const now = clock.now();
    if (!before || isHeldByOther(before, owner, now) || !may(before)) return undefined;
    return change(before, { owner, until: now + BATCH_LEASE_MS });
  });
  return stored && new HeldBatch(context, stored);
}

/**
 * Ends the leases of an orchestrator that is interrupted, so that nobody waits for them. One under which
 * pages are sent stays: the provider may have got the call, or get it yet.
 */
export async function letGo({ batches, clock, owner, tell }: ExtractContext): Promise<void> {
  for (const { id } of await batches.active()) {
    const stored = await batches.change(id, (batch) => {
      if (batch?.lease?.owner !== owner) return undefined;
      const at = clock.now();
      if (batch.state === 'claiming')
        return moved(batch, 'abandoned', { at, reason: 'interrupted before its pages were sent' });
      // One by one, pages are sent while results are read.
      if (batch.state === 'processing' && batch.route === 'batch')
        return moved(batch, 'submitted', { at, reason: 'interrupted while its results were read' });
      return undefined;
    });
    if (stored?.batch.state !== 'abandoned') continue;
    tell({ kind: 'ended', batch: id, state: 'abandoned', reason: stored.batch.transitions.at(-1)!.reason });
  }
}
