import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readResults } from '../../../core/extract/read-results.ts';
import type { ProviderAnswer, ProviderProblem, ResultLine } from '../../../core/ports/batch-provider.ts';

const shape = z.object({ n: z.number() });
const [ONE, TWO, THREE] = ['A:B:1850:1', 'A:B:1850:2', 'A:B:1850:3'] as const;
const CUT: ProviderProblem = { kind: 'problem', cause: 'unreachable', message: 'cut' };

const line = (answer: ProviderAnswer): ResultLine => ({ kind: 'line', raw: JSON.stringify(answer), answer });
/** `n`: of a valid answer; no number: one that cannot be read. Its tokens are as many as `tokens` says. */
const text = (key: string, n: number | string, tokens = 1) =>
  line({
    kind: 'text',
    key,
    text: typeof n === 'number' ? JSON.stringify({ n }) : n,
    isTruncated: false,
    tokens: { input: tokens, output: 0 },
  });

async function* streamOf(lines: readonly (ResultLine | ProviderProblem)[]) {
  yield* lines;
}

/** Events in short: `valid 1`, `failed 2 NO_JSON`. */
async function eventsOf(
  lines: readonly (ResultLine | ProviderProblem)[],
  keys: readonly string[] = [ONE, TWO],
) {
  const told: string[] = [];
  for await (const event of readResults(streamOf(lines), keys, shape)) {
    if (event.kind === 'problem') told.push(`problem ${event.message}`);
    else if (event.kind === 'valid') told.push(`valid ${event.key.at(-1)} ${event.answer.n}`);
    else if (event.kind === 'repeated') told.push(`repeated ${event.key.at(-1)}`);
    else told.push(`${event.kind} ${event.key?.at(-1) ?? '?'} ${event.failure.code}`);
  }
  return told;
}

describe('the results of a batch', () => {
  it.each<[string, readonly (ResultLine | ProviderProblem)[], string[]]>([
    ['in any order', [text(TWO, 2), text(ONE, 1)], ['valid 2 2', 'valid 1 1']],
    ['that lack a page', [text(TWO, 2)], ['valid 2 2', 'failed 1 MISSING_RESULT']],
    ['of nothing', [], ['failed 1 MISSING_RESULT', 'failed 2 MISSING_RESULT']],
    [
      'with a page that was not sent',
      [text(THREE, 3), text(ONE, 1), text(TWO, 2)],
      ['stray 3 UNKNOWN_KEY', 'valid 1 1', 'valid 2 2'],
    ],
    [
      'with keys and lines that are none',
      [text('x', 1), text('__proto__', 1), line({ kind: 'invalid-line', message: 'no JSON' }), text(ONE, 1)],
      [
        'stray x INVALID_KEY',
        'stray _ INVALID_KEY',
        'stray ? INVALID_LINE',
        'valid 1 1',
        'failed 2 MISSING_RESULT',
      ],
    ],
    [
      'with a page twice, valid at last',
      [text(ONE, 'sorry'), text(ONE, 1), text(TWO, 2)],
      ['repeated 1', 'valid 1 1', 'valid 2 2'],
    ],
    [
      'with a page twice, valid at first',
      [text(ONE, 1), text(ONE, 'sorry'), text(ONE, 9), text(TWO, 2)],
      ['valid 1 1', 'repeated 1', 'repeated 1', 'valid 2 2'],
    ],
    [
      'with a page twice, valid never: the first failure is told',
      [text(ONE, 'sorry'), text(ONE, '{'), text(TWO, 2)],
      ['repeated 1', 'valid 2 2', 'failed 1 NO_JSON'],
    ],
    [
      'that break off tell of no page that had no answer by then',
      [text(ONE, 'sorry'), text(TWO, 2), CUT],
      ['valid 2 2', 'problem cut'],
    ],
  ])('%s', async (_, lines, expected) => {
    expect(await eventsOf(lines)).toEqual(expected);
  });

  it('take a key as it was sent and no other spelling of the page', async () => {
    expect(await eventsOf([text('A:B:1850:01', 1)], [ONE])).toEqual([
      'stray 1 UNKNOWN_KEY',
      'failed 1 MISSING_RESULT',
    ]);
  });

  it('keep the line of a failure, and every token that was paid for is told once', async () => {
    const lines = [
      text(ONE, 'a', 1),
      text(ONE, 5, 10),
      text(TWO, 'b', 100),
      text(TWO, 'c', 1000),
      text(THREE, 1, 10_000),
    ];
    let tokens = 0;
    for await (const event of readResults(streamOf(lines), [ONE, TWO], shape)) {
      if (event.kind === 'problem') throw new Error('there is none');
      tokens += event.tokens?.input ?? 0;
      if (event.kind === 'failed') expect(event.raw).toBe(lines[2]!.raw);
    }
    expect(tokens).toBe(11_111);
  });

  it('tell of each page once, of its first valid answer or of its first failure', async () => {
    const keys = [ONE, TWO, THREE];
    const piece = fc.tuple(
      fc.constantFrom(...keys, 'A:B:1850:4', 'x'),
      fc.constantFrom<number | string>(1, 2, 'no', '{'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const told = await eventsOf(
          pieces.map(([key, n]) => text(key, n)),
          keys,
        );
        const outcomes = told.filter((each) => /^(?:valid|failed)/.test(each)).sort();
        const expected = keys.map((key) => {
          const own = pieces.filter(([each]) => each === key).map(([, n]) => n);
          const valid = own.find((n) => typeof n === 'number');
          if (valid !== undefined) return `valid ${key.at(-1)} ${valid}`;
          const code = { no: 'NO_JSON', '{': 'JSON_DECODE_ERROR' }[own[0] as string] ?? 'MISSING_RESULT';
          return `failed ${key.at(-1)} ${code}`;
        });
        expect(outcomes).toEqual(expected.sort());
        const lines = told.filter((each) => !each.endsWith('MISSING_RESULT'));
        expect(lines.length).toBe(pieces.length);
      }),
    );
  });
});
