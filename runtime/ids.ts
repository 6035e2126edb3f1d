import { V7Generator } from 'uuidv7';
import type { Clock } from '../core/ports/clock.ts';

/** Makes UUIDv7 of the clock's time: of two of one process, the later one sorts after the earlier. */
export function idsOf(clock: Pick<Clock, 'now'>): () => string {
  const generator = new V7Generator();
  return () => generator.generateOrResetWithTs(clock.now()).toString();
}
