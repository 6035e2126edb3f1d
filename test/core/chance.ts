import { seeded } from '../../demo/model/random.ts';

/** Numbers from 0 to below 1, one after the other; the same ones for the same seed. */
export function chanceOf(seed: number): () => number {
  return seeded(seed).next;
}

/** The same things in an order by chance. */
export function shuffled<T>(all: readonly T[], chance: () => number): T[] {
  return all
    .map((one) => ({ one, at: chance() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
