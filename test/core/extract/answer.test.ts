import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readAnswer } from '../../../core/extract/answer.ts';
import { flag, text, wholeNumber } from '../../../core/extract/answer-schema.ts';
import { findJson } from '../../../core/extract/find-json.ts';
import type { ProviderAnswer } from '../../../core/ports/batch-provider.ts';

const shape = z.object({ name: text().nullable(), pages: z.array(z.object({ text: text() })) });
const GOOD = '{"name":null,"pages":[]}';
const key = 'A:B:1850:1';

function answered(written: string, isTruncated = false): ProviderAnswer {
  return { kind: 'text', key, text: written, isTruncated, tokens: undefined };
}

const read = (written: string, isTruncated?: boolean) => readAnswer(answered(written, isTruncated), shape);
/** The name of the failure; `valid` where there is none. */
const nameOf = (answer: ProviderAnswer) => {
  const found = readAnswer(answer, shape);
  return found.kind === 'valid' ? 'valid' : found.failure.code;
};

describe('the JSON in the text of a model', () => {
  it.each<[string, string, unknown]>([
    ['the text', '{"a":1}', { a: 1 }],
    ['the text between white space', ' \n{"a":1}\u2028\ufeff ', { a: 1 }],
    ['the inside of a fence', '```json\n{"a":1}\n```', { a: 1 }],
    ['the inside of a fence without a language', '```\n{"a":1}\n```  ', { a: 1 }],
    ['the inside of a fence with Windows lines', '```json\r\n{"a":1}\r\n```', { a: 1 }],
    ['a list in a fence, which is no object', '```json\n[{"a":1}]\n```', [{ a: 1 }]],
    ['from first to last brace in a fence of one line', '```{"a":1}```', { a: 1 }],
    ['from first to last brace among words', 'Here it is: {"a":{}} I hope it helps.', { a: {} }],
    ['from first to last brace behind a fence with words', '```json\nSure:\n{"a":1}\n```', { a: 1 }],
    ['from first to last brace in a fence without end', '```json\n{"a":1}\n', { a: 1 }],
    ['a list as it is, not the object in it', '[{"a":1}]', [{ a: 1 }]],
    ['null', 'null', null],
    ['a text', '"{}"', '{}'],
    ['the last of two values of one name', '{"a":1,"a":2}', { a: 2 }],
    ['with U+2028 within a text', '{"a":"x\u2028y\u0085z"}', { a: 'x\u2028y\u0085z' }],
  ])('is %s', (_, written, value) => {
    expect(findJson(written)).toEqual({ kind: 'found', value });
  });

  it.each([
    ['NO_JSON', 'I cannot read this page.'],
    ['NO_JSON', '[1, 2'],
    ['NO_JSON', '}'],
    ['JSON_DECODE_ERROR', '{"a":1} {"b":2}'],
    ['JSON_DECODE_ERROR', 'The set {x}: {"a":1}'],
    ['JSON_DECODE_ERROR', '{"a":1} as in {x}'],
    ['JSON_DECODE_ERROR', '{"a":[1,'],
    ['JSON_DECODE_ERROR', '} {'],
    ['JSON_DECODE_ERROR', '{"a":NaN}'],
    ['JSON_DECODE_ERROR', "{'a':1}"],
    ['JSON_DECODE_ERROR', '{"a":"line\nbreak"}'],
    ['JSON_DECODE_ERROR', '```json\n{"a":1\n```'],
  ])('is missing, %s: %j', (code, written) => {
    expect(findJson(written)).toEqual({ kind: 'none', code });
  });
});

describe('an answer', () => {
  it('is valid where it has the shape, and loses the names that the shape does not know', () => {
    const written = '{"pages":[{"text":"x","mood":1}],"name":"n","__proto__":{"name":"p"},"extra":{"a":[]}}';
    const found = read(written);
    expect(found).toEqual({ kind: 'valid', answer: { name: 'n', pages: [{ text: 'x' }] } });
    expect(JSON.stringify(found)).toBe('{"kind":"valid","answer":{"name":"n","pages":[{"text":"x"}]}}');
    expect(Object.getPrototypeOf((found as { answer: object }).answer)).toBe(Object.prototype);
  });

  it('is valid at the very last token too', () => {
    expect(nameOf(answered(GOOD, true))).toBe('valid');
  });

  it.each<[string, ProviderAnswer]>([
    ['API_ERROR', { kind: 'error', key, code: '400', message: 'bad image' }],
    ['MISSING_RESPONSE', { kind: 'no-response', key }],
    ['NO_CANDIDATES', { kind: 'no-candidates', key, tokens: undefined }],
    ['BLOCKED_CONTENT', { kind: 'blocked', key, reason: 'SAFETY', tokens: undefined }],
    ['INVALID_LINE', { kind: 'invalid-line', message: 'the line is no JSON' }],
    ['EMPTY_TEXT', answered('')],
    ['EMPTY_TEXT', answered(' \n ')],
    ['EMPTY_TEXT', answered('', true)],
    ['NO_JSON', answered('sorry')],
    ['TRUNCATED', answered('Here is the transcr', true)],
    ['JSON_DECODE_ERROR', answered('{"name":null,"pages":[{"text":"x"}')],
    ['TRUNCATED', answered('{"name":null,"pages":[{"text":"x"}', true)],
    ['TRUNCATED', answered('```json\n{"name":nul', true)],
    ['VALIDATION_ERROR', answered('{"name":1851,"pages":[]}', true)],
    ['VALIDATION_ERROR', answered(`[${GOOD}]`)],
    ['VALIDATION_ERROR', answered('null')],
    ['VALIDATION_ERROR', answered('{}')],
    ['JSON_DECODE_ERROR', answered(`{"name":"${'x'.repeat(1_000_000)}","pages":[]}`)],
    ['TRUNCATED', answered(`{"name":"${'x'.repeat(1_000_000)}`, true)],
  ])('fails by name: %s', (code, answer) => {
    expect(nameOf(answer)).toBe(code);
  });

  it('that fails validation names what does not fit', () => {
    expect(read('{"name":5,"pages":[{"text":"x"},{"text":null},{}]}')).toMatchObject({
      failure: {
        code: 'VALIDATION_ERROR',
        message: 'name: Invalid input: expected string, received number and 2 more',
        paths: ['name', 'pages.1.text', 'pages.2.text'],
      },
    });
    expect(read('[]')).toMatchObject({ failure: { paths: ['the answer'] } });
    expect(read('{"pages":[]}')).toMatchObject({ failure: { paths: ['name'] } });
  });

  it('tells in one line what the provider says, however long it is', () => {
    const message = `first\nsecond\u2028third\0 ${'x'.repeat(9999)}\ud800`;
    const found = readAnswer({ kind: 'error', key, code: 'INTERNAL', message }, shape);
    const told = (found as Extract<typeof found, { kind: 'failed' }>).failure.message;
    expect(told).toMatch(/^INTERNAL: first second third x+…$/);
    expect(told.length).toBe(500);
  });

  it('of nothing but faults or of endless depth costs no more than its length', () => {
    const many = read(`{"name":"","pages":[${'0,'.repeat(100_000)}0]}`);
    expect(many).toMatchObject({ failure: { code: 'VALIDATION_ERROR' } });
    expect((many as Extract<typeof many, { kind: 'failed' }>).failure.paths.length).toBe(50);
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(read(deep)).toMatchObject({ failure: { code: 'VALIDATION_ERROR' } });
    expect(read(`{"name":null,"pages":[],"extra":${deep}}`)).toMatchObject({ kind: 'valid' });
    expect(read(`{"name":${deep},"pages":[]}`)).toMatchObject({ failure: { paths: ['name'] } });
    expect(nameOf(answered('{'.repeat(400_000)))).toBe('JSON_DECODE_ERROR');
  });

  it('has no half of a character in it', () => {
    expect(read('{"name":"a\\ud800b","pages":[{"text":"\\ude00"}]}')).toEqual({
      kind: 'valid',
      answer: { name: 'a\ufffdb', pages: [{ text: '\ufffd' }] },
    });
  });
});

describe('a whole number', () => {
  it.each([
    ['7', 7],
    ['7.0', 7],
    ['"7"', 7],
    ['" 7 "', 7],
    ['"7.0"', 7],
    ['"-7"', -7],
    ['-0', 0],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('may be %s', (json, value) => {
    expect(wholeNumber().parse(JSON.parse(json))).toBe(value);
  });

  it.each([
    '1.5',
    '"1.5"',
    '"x"',
    '""',
    'true',
    'null',
    '[7]',
    '{}',
    '1e300',
    '9007199254740993',
    '"9007199254740993"',
    '"1e3"',
    '"0x7"',
    '"Infinity"',
  ])('may not be %s', (json) => {
    expect(wholeNumber().safeParse(JSON.parse(json)).success).toBe(false);
  });
});

describe('true and false', () => {
  const YES = ['true', '1', '1.0', '"true"', '"True"', '"YES"', '"on"', '"t"', '"Y"', '"1"'];
  const NO = ['false', '0', '-0', '"false"', '"No"', '"OFF"', '"f"', '"n"', '"0"'];
  it.each([...YES.map((json) => [json, true] as const), ...NO.map((json) => [json, false] as const)])(
    '%s is %s',
    (json, value) => {
      expect(flag().parse(JSON.parse(json))).toBe(value);
    },
  );

  it.each(['2', '-1', '0.5', '"ja"', '""', '" yes"', 'null', '[]', '{}', '[true]'])(
    '%s is neither',
    (json) => {
      expect(flag().safeParse(JSON.parse(json)).success).toBe(false);
    },
  );
});

describe('a text', () => {
  it.each(['1851', 'true', 'null', '["x"]', '{}'])('is never %s', (json) => {
    expect(text().safeParse(JSON.parse(json)).success).toBe(false);
  });
});
