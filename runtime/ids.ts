import { randomFillSync } from 'node:crypto';
import { V7Generator } from 'uuidv7';
import type { Clock } from '../core/ports/clock.ts';

/** Makes UUIDv7 of the clock's time: of two of one process, the later one sorts after the earlier. */
export function idsOf(clock: Pick<Clock, 'now'>): () => string {
  const generator = new V7Generator({ nextUint32: randomNumbers() });
  return () => generator.generateOrResetWithTs(clock.now()).toString();
}

/** Numbers of 32 random bits, drawn by the hundred: to draw a few takes as long. */
function randomNumbers(): () => number {
  const drawn = new Uint32Array(256);
  let next = drawn.length;
  return () => {
    if (next === drawn.length) {
      randomFillSync(drawn);
      next = 0;
    }
    return drawn[next++]!;
  };
}
