import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textLines } from '../../../core/extract/text-lines.ts';

async function linesOf(pieces: readonly Uint8Array[], maxBytes = 1000) {
  const lines = [];
  for await (const { text, isWhole } of textLines(from(pieces), maxBytes))
    lines.push(isWhole ? text : `${text}…`);
  return lines;
}

async function* from(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

describe('lines of a text that comes in pieces', () => {
  it('are the same however it is cut', async () => {
    const part = fc.constantFrom('a', 'ä', '😀', '\u2028', '\u0085', '\n', '\r', ' ', '{"b":1}');
    await fc.assert(
      fc.asyncProperty(fc.array(part), fc.array(fc.nat(40)), async (parts, cuts) => {
        const text = parts.join('');
        const bytes = Buffer.from(text);
        const at = [
          0,
          ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b),
          bytes.length,
        ];
        const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(await linesOf(pieces)).toEqual(text.split('\n').filter((line) => line.trim() !== ''));
      }),
    );
  });

  it('are bounded: of one that is too long the beginning comes, and the next one whole', async () => {
    expect(await linesOf([Buffer.from('abcdef\n12345\nx')], 5)).toEqual(['abcde…', '12345', 'x']);
    expect(await linesOf([Buffer.from('abc'), Buffer.from('def'), Buffer.from('\nx\n')], 5)).toEqual([
      'abcde…',
      'x',
    ]);
  });

  it('are bounded in every piece of them', async () => {
    const pieces = ['abcd', 'efgh', 'ijkl\nx'].map((text) => Buffer.from(text));
    expect(await linesOf(pieces, 5)).toEqual(['abcde…', 'x']);
  });

  it('begin behind a byte order mark', async () => {
    expect(await linesOf([Buffer.from('\ufeff{}\n')])).toEqual(['{}']);
  });
});
