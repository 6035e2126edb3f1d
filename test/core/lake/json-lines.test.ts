import { describe, expect, it } from 'vitest';
import { readJsonLines, writeJsonLines } from '../../../core/lake/json-lines.ts';

const ROWS = [
  { text: 'Mná na hÉireann\n«été» \u0000"', number: 0.1, nothing: null, yes: true },
  { text: '', number: Number.MAX_SAFE_INTEGER, nothing: null, yes: false },
];

describe('JSON lines', () => {
  it('give back every row that was written, and none where there was none', () => {
    expect(readJsonLines(writeJsonLines(ROWS))).toEqual(ROWS);
    expect(readJsonLines(writeJsonLines([]))).toEqual([]);
  });

  it('are never read as other rows, whichever bit is flipped and wherever they are cut', () => {
    const whole = writeJsonLines(ROWS);
    const readOrRefused = (bytes: Uint8Array) => {
      try {
        return readJsonLines(bytes);
      } catch {
        return 'refused';
      }
    };
    for (let at = 0; at < whole.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Uint8Array.from(whole);
        flipped[at]! ^= 1 << bit;
        // Bits of the header that say nothing of the content may change.
        const read = readOrRefused(flipped);
        expect(read === 'refused' || JSON.stringify(read) === JSON.stringify(ROWS)).toBe(true);
      }
      expect(readOrRefused(whole.subarray(0, at))).toBe('refused');
    }
  });
});
