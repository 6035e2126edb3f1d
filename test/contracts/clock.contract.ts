import { describe, expect, it } from 'vitest';
import type { Clock } from '../../core/ports/clock.ts';

/**
 * What every clock must do. `pass` lets that many milliseconds go by: by waiting, or by turning the clock's
 * hands.
 */
export function clockContract(
  name: string,
  create: () => { clock: Clock; pass(ms: number): Promise<void> },
): void {
  describe(`${name} keeps the contract of a clock`, () => {
    it('tells whole milliseconds that do not run backwards', async () => {
      const { clock, pass } = create();
      const before = clock.now();
      await pass(5);
      expect(Number.isInteger(before)).toBe(true);
      expect(clock.now()).toBeGreaterThanOrEqual(before + 4);
    });

    it('wakes a sleeper when its time has come, and not before', async () => {
      const { clock, pass } = create();
      const asleepAt = clock.now();
      const sleeping = clock.sleep(30).then(() => clock.now());
      await pass(10);
      const [awakeAt] = await Promise.all([sleeping, pass(40)]);
      // Timers of the machine may fire a millisecond early.
      expect(awakeAt - asleepAt).toBeGreaterThanOrEqual(29);
    });

    it('wakes sleepers in the order of their times', async () => {
      const { clock, pass } = create();
      const woken: number[] = [];
      const sleeping = [30, 10, 20].map((ms) => clock.sleep(ms).then(() => woken.push(ms)));
      await Promise.all([...sleeping, pass(60)]);
      expect(woken).toEqual([10, 20, 30]);
    });

    it('wakes at once where nothing is to be waited for', async () => {
      const { clock, pass } = create();
      await Promise.all([clock.sleep(0), clock.sleep(-5), pass(5)]);
    });

    it('rejects with the reason of the signal, before and during sleep', async () => {
      const { clock } = create();
      const reason = new Error('enough');
      await expect(clock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
      const controller = new AbortController();
      const sleeping = clock.sleep(60_000, controller.signal);
      controller.abort(reason);
      await expect(sleeping).rejects.toBe(reason);
    });
  });
}
