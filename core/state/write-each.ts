import type { StateStore, StateWrite } from '../ports/state-store.ts';
import { MAX_WRITES } from '../ports/state-transaction.ts';

/**
 * Writes groups, each as a whole or, where one of its conditions does not hold, not at all: several in a
 * transaction, and again without those that failed. Returns how many were written.
 */
export async function writeEach(
  state: StateStore,
  groups: readonly (readonly StateWrite[])[],
): Promise<number> {
  let written = 0;
  let waiting = groups;
  while (waiting.length > 0) {
    let size = 0;
    const together = waiting.filter((writes) => {
      size += writes.length;
      return size <= MAX_WRITES;
    });
    const answer = await state.transact(together.flat());
    if (answer.kind === 'written') {
      written += together.length;
      waiting = waiting.slice(together.length);
      continue;
    }
    const failed = new Set(answer.at.map((at) => together.flat()[at]));
    waiting = waiting.filter((writes) => !writes.some((write) => failed.has(write)));
  }
  return written;
}
