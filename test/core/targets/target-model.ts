import type { OutcomeCode } from '../../../core/outcome/outcome.ts';
import { CRAWL_GAP_MS, CRAWL_LEASE_MS } from '../../../core/targets/claim.ts';

const MINUTE = 60_000;

export type Run = 'r1' | 'r2';
/** What may happen to a target. */
export type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'set-clock'; readonly ms: number }
  | { readonly kind: 'claim'; readonly run: Run }
  | { readonly kind: 'end'; readonly run: Run; readonly code: OutcomeCode }
  | { readonly kind: 'flag'; readonly minutes: number | undefined }
  | { readonly kind: 'auto-flag' | 'unflag' | 'pause' | 'resume' };

/** What the design says, in as few words as it takes; times in milliseconds. */
export class TargetModel {
  isPaused = false;
  failures = 0;
  backoff = 1;
  flag: { by: string; expiresAt: number; lastsMs: number } | null = null;
  claim: { run: Run; until: number; isProbe: boolean } | null = null;
  closedUntil = Number.NEGATIVE_INFINITY;
  notFound = 0;

  mayClaim(by: Run, now: number): boolean {
    if (this.isPaused || (this.flag && this.flag.expiresAt > now)) return false;
    if (this.claim?.run === by) return true;
    return (!this.claim || this.claim.until <= now) && this.closedUntil <= now;
  }

  claimed(by: Run, now: number): void {
    if (this.claim?.run === by) this.claim.until = now + CRAWL_LEASE_MS;
    else {
      this.claim = { run: by, until: now + CRAWL_LEASE_MS, isProbe: this.flag !== null };
      this.closedUntil = now + CRAWL_GAP_MS;
    }
  }

  ended(by: Run, code: OutcomeCode, now: number): void {
    if (this.claim?.run !== by) return;
    const { isProbe } = this.claim;
    this.claim = null;
    this.closedUntil = now + CRAWL_GAP_MS;
    if (code === 'SUCCESS') this.notFound = 0;
    else if (code === 'NOT_FOUND') this.notFound++;
    const isWall = code === 'BLOCKED' || (code === 'NOT_FOUND' && this.notFound >= 4);
    if (isWall && !this.flag) this.flag = { by: 'rescrape', expiresAt: Number.POSITIVE_INFINITY, lastsMs: 0 };
    else if (isWall && this.flag!.expiresAt <= now) {
      const lastsMs = this.flag!.lastsMs * 2;
      this.flag = { by: this.flag!.by, expiresAt: now + lastsMs, lastsMs };
    }
    if (code !== 'SUCCESS') {
      this.failures++;
      this.backoff = Math.min(16, this.backoff * 2);
      return;
    }
    this.failures = 0;
    this.backoff = 1;
    if (isProbe && this.flag && this.flag.expiresAt <= now) this.unflag();
  }

  unflag(): void {
    if (this.flag) this.notFound = 0;
    this.flag = null;
  }

  get status(): string {
    if (this.isPaused) return 'paused';
    return this.failures >= 10 ? 'failed' : this.failures >= 3 ? 'degraded' : 'active';
  }
}

/** Whether the step does anything, as `World.play` answers it. */
export function playModel(model: TargetModel, step: Step, now: number): boolean {
  switch (step.kind) {
    case 'claim': {
      const may = model.mayClaim(step.run, now);
      if (may) model.claimed(step.run, now);
      return may;
    }
    case 'end':
      model.ended(step.run, step.code, now);
      return true;
    case 'flag': {
      const lastsMs = (step.minutes ?? Number.POSITIVE_INFINITY) * MINUTE;
      model.flag = { by: 'anna', expiresAt: now + lastsMs, lastsMs };
      return true;
    }
    case 'auto-flag':
      model.flag ??= { by: 'rescrape', expiresAt: Number.POSITIVE_INFINITY, lastsMs: 0 };
      return true;
    case 'unflag':
      model.unflag();
      return true;
    case 'pause':
      model.isPaused = true;
      return true;
    case 'resume':
      if (model.status !== 'active') [model.failures, model.backoff] = [0, 1];
      model.isPaused = false;
      return true;
    default:
      return true;
  }
}
