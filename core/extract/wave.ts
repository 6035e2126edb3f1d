import type { PageKey } from '../ports/page-library.ts';
import { type Candidate, claimBatch } from './claim-batch.ts';
import type { ExtractContext } from './extract-context.ts';
import { compareBooks, pageKeyText } from './page-key.ts';
import { lookAt } from './poll.ts';
import type { RunMemory } from './run-memory.ts';
import { noCounts, type ScanCounts, type ScanDecision, type ScanReason } from './scan.ts';
import { type ScanOptions, scanNow, withImage } from './scan-now.ts';
import type { KnownPages } from './scan-state.ts';
import { submitBatch } from './submit.ts';
import { endWaiting, routeOf } from './too-few.ts';

export interface WaveOptions extends ScanOptions {
  /** Pages that may still be sent. @default any number */
  readonly mostPages?: number;
  /** @default true; without it jobs are looked after, and nothing is scanned or sent */
  readonly submits?: boolean;
}

/** What one look at everything came to. */
export interface Wave {
  /** Decisions by their reason; undefined where nothing was scanned because nothing had changed. */
  readonly counts: ScanCounts | undefined;
  readonly sent: { readonly batches: number; readonly pages: number };
  /** Batches that are in flight behind it, whoever submitted them. */
  readonly active: number;
  /** Those of them that only a person can help. */
  readonly stuck: number;
  /** Pages that wait until there are enough for a job. */
  readonly held: number;
  /** Why nothing more is to be submitted: an operator's case. */
  readonly refused: string | undefined;
  /** A provider could not be asked, and may be later. */
  readonly isDelayed: boolean;
  /** Its time was over before it had looked at everything: the next one goes on at once. */
  readonly isCut: boolean;
  /** Milliseconds; null where nothing is in flight and nothing runnable. */
  readonly nextLookAt: number | null;
}

/**
 * One look at everything: what is half done is finished, each job is asked for once, results are read, pages
 * are scanned, claimed and submitted as far as the configuration allows. Any number of orchestrators may do
 * it at once, each as often as it likes.
 */
export async function runWave(
  context: ExtractContext,
  memory: RunMemory,
  options: WaveOptions = {},
): Promise<Wave> {
  const { batches, clock, settings } = context;
  const waiting = new Set<string>();
  let retryAfterMs = 0;
  for (const batch of await batches.active()) {
    if (context.mustStop()) break;
    const look = await lookAt(context, batch, memory);
    retryAfterMs = Math.max(retryAfterMs, look.retryAfterMs);
    if (!look.goesOn) waiting.add(batch.id);
  }
  // What waits for a person takes no place: it may wait for days.
  const working = async () => (await batches.activeIds()).filter((id) => !waiting.has(id));
  const active = await working();
  const sending = new Sending(context, memory, options, active.length);
  const { submits = true } = options;
  if (submits && memory.needsScan(active)) await sending.run();
  const left = await working();
  const stuck = waiting.size;
  const isCut = context.mustStop();
  if (isCut) memory.unsettled();
  memory.looked(left);
  const { counts, sent, held, refused, isDelayed } = sending;
  const goesOn =
    left.length > 0 || (submits && refused === undefined && memory.isUnsettled && sending.hasRoom);
  const waitMs = Math.max(isCut ? 0 : settings.pollSeconds * 1_000, retryAfterMs, sending.retryAfterMs);
  const nextLookAt = goesOn || isCut ? clock.now() + waitMs : null;
  return { counts, sent, active: left.length + stuck, stuck, held, refused, isDelayed, isCut, nextLookAt };
}

/** Scan, claims and submissions of one wave. */
class Sending {
  readonly #context: ExtractContext;
  readonly #memory: RunMemory;
  readonly #options: WaveOptions;
  /** Batches that may be submitted yet. */
  #room: number;
  counts: Record<ScanReason, number> | undefined;
  readonly sent = { batches: 0, pages: 0 };
  held = 0;
  refused: string | undefined;
  isDelayed = false;
  retryAfterMs = 0;

  constructor(context: ExtractContext, memory: RunMemory, options: WaveOptions, active: number) {
    this.#context = context;
    this.#memory = memory;
    this.#options = options;
    this.#room = context.settings.maxConcurrentBatches - active;
  }

  /** False where it sends no more, whatever there is: by its limit, or because enough are active. */
  get hasRoom(): boolean {
    return this.#size() > 0;
  }

  async run(): Promise<void> {
    if (!this.hasRoom || this.#context.mustStop()) return;
    this.#memory.scanning();
    const { decisions, known } = await scanNow(this.#context, this.#options, this.#memory);
    this.counts = noCounts();
    const candidates = this.#candidates(decisions, known);
    while (this.hasRoom) {
      const group = await takeNext(candidates, this.#size());
      // Looking for images takes time: what was looked at is looked at again, and claimed by the next wave.
      if (this.#context.mustStop()) break;
      if (group.length === 0 && this.sent.pages === 0) await endWaiting(this.#context);
      if (group.length === 0 || !(await this.#send(group))) break;
    }
    for (const { reason } of decisions) this.counts[reason]++;
  }

  /** Pages of the next batch; 0 where none is to follow. */
  #size(): number {
    const { settings, provider } = this.#context;
    const { mostPages = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#room <= 0) return 0;
    return Math.min(settings.batchSize, provider.limits.maximumPages, mostPages - this.sent.pages);
  }

  /** False where nothing more goes in this wave. */
  async #send(group: readonly Candidate[]): Promise<boolean> {
    const route = await routeOf(this.#context, group.length);
    if (!route) {
      this.held = group.length;
      return false;
    }
    const minimum = route === 'single' ? 1 : this.#context.provider.limits.minimumPages;
    const held = await claimBatch(this.#context, group, { route, minimum });
    if (!held) return true;
    const answer = await submitBatch(this.#context, held, this.#memory);
    switch (answer.kind) {
      case 'submitted':
        this.#room--;
        this.sent.batches++;
        this.sent.pages += answer.pages;
        return true;
      case 'not-sent':
        return true;
      case 'later':
        this.isDelayed = true;
        this.retryAfterMs = answer.retryAfterMs;
        this.#memory.unsettled();
        return false;
      case 'refused':
        this.refused = answer.message;
        return false;
    }
  }

  /** Pages without an image take no place of another. */
  async *#candidates(decisions: Iterable<ScanDecision>, known: KnownPages): AsyncGenerator<Candidate> {
    for (const { follows, ...scanned } of withPredecessors(decisions)) {
      const { page } = scanned;
      const isPassedOver = this.#memory.passesOver(pageKeyText(page));
      const { reason } = isPassedOver ? scanned : await withImage(this.#context, scanned, this.#memory);
      this.counts![reason]++;
      if (reason === 'runnable' && !isPassedOver) yield { page, follows, revision: known.revision(page) };
    }
  }
}

/** With each, whether the page before it is labelled: there is a decision for each that is. */
function* withPredecessors(
  decisions: Iterable<ScanDecision>,
): Generator<ScanDecision & { readonly follows: boolean }> {
  let before: PageKey | undefined;
  for (const decision of decisions) {
    const { page } = decision;
    const follows = before !== undefined && compareBooks(before, page) === 0 && before.page === page.page - 1;
    before = page;
    yield { ...decision, follows };
  }
}

async function takeNext<T>(from: AsyncGenerator<T, void>, most: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < most) {
    const next = await from.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}
