import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readJson } from '../../../core/source/json.ts';
import { PageTooLargeError } from '../../../core/source/page-budget.ts';

const page = (text: string, maxElements?: number) => ({
  url: 'https://shop.example/api',
  status: 200,
  contentType: 'application/json',
  text,
  ...(maxElements !== undefined && { maxElements }),
});
const shape = z.record(z.string(), z.int());
const members = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i])));

describe('a page of JSON', () => {
  it('is its value where it has the shape', () => {
    expect(readJson(page('{"k0":0}'), shape)).toEqual({ kind: 'read', value: { k0: 0 } });
  });

  it('is a parse error where it is no JSON, and has changed where its shape is another', () => {
    expect(readJson(page('{"k0":'), shape)).toMatchObject({ kind: 'rejected', code: 'PARSE_ERROR' });
    expect(readJson(page('{"k0":"x"}'), shape)).toMatchObject({
      kind: 'rejected',
      code: 'HTML_CHANGED',
      message: expect.stringMatching(/^k0: /),
    });
  });

  it('may have ten values for each element, whether they have names or not', () => {
    expect(readJson(page(members(20), 2), shape)).toMatchObject({ kind: 'read' });
    expect(() => readJson(page(members(21), 2), shape)).toThrow(PageTooLargeError);
    const list = z.array(z.int());
    const items = (count: number) => JSON.stringify(Array.from({ length: count }, (_, i) => i));
    expect(readJson(page(items(20), 2), list)).toMatchObject({ kind: 'read' });
    expect(() => readJson(page(items(21), 2), list)).toThrow(PageTooLargeError);
  });
});
