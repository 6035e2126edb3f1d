import { expect, it } from 'vitest';
import { stepsText } from '../../../core/advice/render.ts';
import { stepsAt } from '../../../core/advice/step.ts';

const STEPS = [{ text: 'wait' }, { text: 'see why', command: 'rescrape why racing/gb/2025-11-17' }];

it('commands of advice name the place where a command worked, quoted for a shell, and the usual one not', () => {
  expect(stepsText(stepsAt([], STEPS))).toBe(stepsText(STEPS));
  expect(stepsText(stepsAt(['--local', 'my lake'], STEPS))).toBe(
    "wait; see why: rescrape why racing/gb/2025-11-17 --local 'my lake'",
  );
});
