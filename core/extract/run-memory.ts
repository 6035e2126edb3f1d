/** So often a page may be left out in one run before it is passed over until the next one. */
const MOST_TRIES = 3;
/** So many images refused one after the other, and none taken: it is not about the images. */
const REFUSED_AS_A_WHOLE = 4;

/** Of things about a library that a person is told of in one run. */
const MOST_NEWS = 1_000;

/** What one run remembers from wave to wave, so that a page that cannot be uploaded holds up nobody. */
export class RunMemory {
  readonly #leftOut = new Map<string, { tries: number; reason: string }>();
  #refusedInARow = 0;
  #refusal: string | undefined;
  #sawActive: string | undefined;
  #isUnsettled = true;
  readonly #told = new Set<string>();

  /** `isRefused`: asking again in this run changes nothing. */
  leaveOut(page: string, reason: string, isRefused = false): void {
    const tries = (this.#leftOut.get(page)?.tries ?? 0) + (isRefused ? MOST_TRIES : 1);
    this.#leftOut.set(page, { tries, reason });
    if (tries < MOST_TRIES) this.#isUnsettled = true;
    if (!isRefused) return;
    this.#refusedInARow++;
    this.#refusal = reason;
  }

  uploaded(page: string): void {
    this.#leftOut.delete(page);
    this.#refusedInARow = 0;
  }

  passesOver(page: string): boolean {
    return (this.#leftOut.get(page)?.tries ?? 0) >= MOST_TRIES;
  }

  /** Why the provider takes no image at all; undefined where it may take the next. */
  get refusal(): string | undefined {
    return this.#refusedInARow >= REFUSED_AS_A_WHOLE ? this.#refusal : undefined;
  }

  /** Pages that were left out and have not been sent since, with the reason. */
  leftOut(): { readonly page: string; readonly reason: string }[] {
    return [...this.#leftOut].map(([page, { reason }]) => ({ page, reason }));
  }

  /** True once for each of the first so many texts: what a library says, it says at every look. */
  isNews(text: string): boolean {
    if (this.#told.size >= MOST_NEWS || this.#told.has(text)) return false;
    this.#told.add(text);
    return true;
  }

  /** Something could not be sent, and is to be tried again with the next scan. */
  get isUnsettled(): boolean {
    return this.#isUnsettled;
  }

  unsettled(): void {
    this.#isUnsettled = true;
  }

  /** True where pages may have become runnable since `scanned`: another set of batches is active. */
  needsScan(active: readonly string[]): boolean {
    return this.#isUnsettled || active.join() !== this.#sawActive;
  }

  /** Before a scan: what is left out from here on is tried again. */
  scanning(): void {
    this.#isUnsettled = false;
  }

  /** `active`: batches that are active at the end of a wave. */
  looked(active: readonly string[]): void {
    this.#sawActive = active.join();
  }
}
