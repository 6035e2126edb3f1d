import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { clockAhead, systemClock } from '../../../adapters/local/system-clock.ts';
import { clockContract } from '../../contracts/clock.contract.ts';

clockContract('the system clock', () => ({
  clock: systemClock,
  pass: async (ms) => {
    await setTimeout(ms);
  },
}));

clockContract('a clock that goes fast', () => ({
  clock: clockAhead(86_400_000),
  pass: async (ms) => {
    await setTimeout(ms);
  },
}));

describe('the system clock', () => {
  it('tells the time of the machine', () => {
    const times = [Date.now(), systemClock.now(), Date.now()];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('goes fast, or slow, by what it is told', () => {
    for (const ms of [86_400_000, -86_400_000]) {
      const times = [Date.now() + ms, clockAhead(ms).now(), Date.now() + ms];
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
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
