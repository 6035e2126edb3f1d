import * as z from 'zod';

/** So often a page may be left out in one run before it is passed over until the next one. */
const MOST_TRIES = 3;
/** So many images refused one after the other, and none taken: it is not about the images. */
const REFUSED_AS_A_WHOLE = 4;
/** Things about a library that are remembered as told in one run. */
const MOST_NEWS = 100_000;
/** What a state machine hands on from state to state is small: 256 KiB. */
const MOST_HANDED_ON = 300;
/** Characters of a reason that is handed on. */
const REASON_LENGTH = 200;

/** For a run whose waves are looked at by different processes. */
export const runMemorySchema = z.object({
  leftOut: z.array(z.object({ page: z.string(), tries: z.int(), reason: z.string() })),
  refusedInARow: z.int(),
  refusal: z.string().nullable(),
  /** Ids of the batches that were active at the end of the last wave. */
  active: z.array(z.string()),
  isUnsettled: z.boolean(),
});

/** What one run remembers from wave to wave, so that a page that cannot be uploaded holds up nobody. */
export class RunMemory {
  readonly #leftOut = new Map<string, { tries: number; reason: string }>();
  readonly #told = new Set<string>();
  #refusedInARow: number;
  #refusal: string | null;
  #active: readonly string[];
  #isUnsettled: boolean;

  /** `before`: of the wave before, as `toJSON` gave it. */
  constructor(before?: z.infer<typeof runMemorySchema>) {
    for (const { page, tries, reason } of before?.leftOut ?? []) this.#leftOut.set(page, { tries, reason });
    this.#refusedInARow = before?.refusedInARow ?? 0;
    this.#refusal = before?.refusal ?? null;
    this.#active = before?.active ?? [];
    this.#isUnsettled = before?.isUnsettled ?? true;
  }

  toJSON(): z.infer<typeof runMemorySchema> {
    return {
      leftOut: [...this.#leftOut].slice(-MOST_HANDED_ON).map(([page, { tries, reason }]) => {
        return { page, tries, reason: reason.slice(0, REASON_LENGTH) };
      }),
      refusedInARow: this.#refusedInARow,
      refusal: this.#refusal?.slice(0, REASON_LENGTH) ?? null,
      active: [...this.#active],
      isUnsettled: this.#isUnsettled,
    };
  }

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
    return this.#refusedInARow >= REFUSED_AS_A_WHOLE ? (this.#refusal ?? undefined) : undefined;
  }

  /** Why the images tried last were refused; undefined where one was taken since, or none tried. */
  get lastRefusal(): string | undefined {
    return this.#refusedInARow > 0 ? (this.#refusal ?? undefined) : undefined;
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

  /** True where pages may have become runnable since the last wave: another set of batches is active. */
  needsScan(active: readonly string[]): boolean {
    return this.#isUnsettled || active.join() !== this.#active.join();
  }

  /** Before a scan: what is left out from here on is tried again. */
  scanning(): void {
    this.#isUnsettled = false;
  }

  /** `active`: batches that are active at the end of a wave. */
  looked(active: readonly string[]): void {
    this.#active = active;
  }
}
