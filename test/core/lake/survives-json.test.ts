import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { survivesJson } from '../../../core/lake/survives-json.ts';

const anything = fc.anything({ withDate: true, withNullPrototype: true, withSparseArray: true });

describe('what JSON gives back as it was', () => {
  it('is told from what it changes or leaves out', () => {
    for (const value of [undefined, -0, Number.NaN, Number.POSITIVE_INFINITY, 1n, new Date(0), () => 1])
      for (const each of [value, [value], { value }, { deep: [{ value }] }])
        expect(survivesJson(each)).toBe(false);
    expect(survivesJson({ a: [0, '\ud800', null, true, { b: {} }], c: 1e300 })).toBe(true);
  });

  it('reads as the very same value', () => {
    fc.assert(
      fc.property(anything, (value) => {
        if (survivesJson(value)) expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value);
      }),
    );
  });

  it('is all that was written as JSON before', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const read: unknown = JSON.parse(JSON.stringify(value));
        expect(survivesJson(read)).toBe(true);
      }),
    );
  });
});
