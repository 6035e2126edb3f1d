import { describe, expect, it } from 'vitest';
import { answerOfLine, requestLine } from '../../../adapters/llm/gemini-line.ts';

const response = (candidate: unknown, more: object = {}) =>
  JSON.stringify({ key: 'k', response: { candidates: [candidate], ...more } });
const parts = (...all: unknown[]) => ({
  content: { parts: all, role: 'model' },
  finishReason: 'STOP',
  index: 0,
});

describe('a line of results of Gemini', () => {
  it.each<[string, string, object]>([
    [
      'text',
      response(parts({ text: ' {"a"' }, { text: ':1} ' })),
      { kind: 'text', text: '{"a":1}', isTruncated: false },
    ],
    [
      'what was only thought',
      response(parts({ text: 'hm', thought: true }, { text: 'a' })),
      { kind: 'text', text: 'a' },
    ],
    [
      'parts that are none',
      response(parts(null, 7, { inlineData: {} }, { text: 'a' })),
      { kind: 'text', text: 'a' },
    ],
    [
      'a cut',
      response({ ...parts({ text: '{"a' }), finishReason: 'MAX_TOKENS' }),
      { kind: 'text', isTruncated: true },
    ],
    ['a candidate without content', response({ finishReason: 'OTHER' }), { kind: 'text', text: '' }],
    ['a key at the end', '{"response":{"candidates":[{}]},"key":"k"}', { kind: 'text', text: '' }],
    [
      'an answer held back',
      response({ finishReason: 'RECITATION' }),
      { kind: 'blocked', reason: 'RECITATION' },
    ],
    [
      'a prompt held back',
      '{"key":"k","response":{"promptFeedback":{"blockReason":"OTHER"}}}',
      { kind: 'blocked', reason: 'OTHER' },
    ],
    ['no candidates', '{"key":"k","response":{"candidates":[]}}', { kind: 'no-candidates' }],
    ['candidates that are none', '{"key":"k","response":{"candidates":{"0":{}}}}', { kind: 'no-candidates' }],
    ['no response', '{"key":"k"}', { kind: 'no-response' }],
    ['a response that is none', '{"key":"k","response":[]}', { kind: 'no-response' }],
    [
      'an error',
      '{"key":"k","error":{"code":400,"message":"m"}}',
      { kind: 'error', code: '400', message: 'm' },
    ],
    [
      'an error beside a response',
      '{"key":"k","response":{"candidates":[{}]},"error":{}}',
      { kind: 'error' },
    ],
    ['an error that is a text', '{"key":"k","error":"bad"}', { kind: 'error', message: 'bad' }],
    ['an error of null', '{"key":"k","response":{"candidates":[{}]},"error":null}', { kind: 'text' }],
  ])('%s', (_what, line, expected) => {
    expect(answerOfLine(line)).toMatchObject({ key: 'k', ...expected });
  });

  it.each(['{"key":"k"', '[]', 'null', '7', '{}', '{"key":7}', '{"response":{}}'])('%s is none', (line) => {
    expect(answerOfLine(line)).toMatchObject({ kind: 'invalid-line' });
  });

  it('counts tokens, those of thoughts among what came out', () => {
    const usageMetadata = {
      promptTokenCount: 13,
      candidatesTokenCount: 8,
      thoughtsTokenCount: 5,
      totalTokenCount: 26,
    };
    expect(answerOfLine(response(parts(), { usageMetadata }))).toMatchObject({
      tokens: { input: 13, output: 13 },
    });
    const strange = { promptTokenCount: 'many', candidatesTokenCount: -1 };
    expect(answerOfLine(response(parts(), { usageMetadata: strange }))).toMatchObject({
      tokens: { input: 0, output: 0 },
    });
    expect(answerOfLine(response(parts()))).toMatchObject({ tokens: undefined });
  });
});

it('a request is text first, then the image, without role and schema', () => {
  const image = { kind: 'uploaded', uri: 'https://api/files/a', mimeType: 'image/png' } as const;
  const line = requestLine({
    key: 'A:B:1851:4',
    prompt: 'Read.\n',
    image,
    temperature: 0.1,
    maxOutputTokens: 16_384,
  });
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual({
    key: 'A:B:1851:4',
    request: {
      contents: [
        {
          parts: [
            { text: 'Read.\n' },
            { file_data: { file_uri: 'https://api/files/a', mime_type: 'image/png' } },
          ],
        },
      ],
      generation_config: {
        temperature: 0.1,
        max_output_tokens: 16_384,
        response_mime_type: 'application/json',
      },
    },
  });
});
