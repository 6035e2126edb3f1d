import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import { clockContract } from '../../contracts/clock.contract.ts';

clockContract('the system clock', () => ({
  clock: systemClock,
  pass: async (ms) => {
    await setTimeout(ms);
  },
}));

describe('the system clock', () => {
  it('tells the time of the machine', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(100);
  });

  it('sleeps longer than one timer of Node can', async () => {
    const controller = new AbortController();
    let awake = false;
    const sleeping = systemClock.sleep(2 ** 31 + 1000, controller.signal).then(() => {
      awake = true;
    });
    await setTimeout(20);
    expect(awake).toBe(false);
    controller.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
  });
});
