import { describe, expect, it } from 'vitest';
import { answerOfRecord } from '../../../adapters/aws/bedrock-form.ts';
import { jobOf } from '../../../adapters/llm/gemini-job.ts';
import { answerOfLine } from '../../../adapters/llm/gemini-line.ts';
import { answerProblem } from '../../../adapters/llm/gemini-problem.ts';

/** What JSON may hold and `String` or `Number` throws for, and what a template would write out. */
const HOSTILE: readonly [string, string][] = [
  ['an object with a toString of its own', '{"toString":1,"valueOf":1}'],
  ['a list in a list, 100,000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['a list of such objects', '[{"toString":1}]'],
  ['null', 'null'],
  ['true', 'true'],
];

describe.each(HOSTILE)('%s', (_what, value) => {
  it.each([
    `{"key":"k","error":${value}}`,
    `{"key":"k","error":{"message":${value}}}`,
    `{"key":"k","error":{"code":${value}}}`,
    `{"key":"k","error":{"status":${value}}}`,
    `{"key":"k","response":${value}}`,
    `{"key":"k","response":{"candidates":${value}}}`,
    `{"key":"k","response":{"candidates":[${value}]}}`,
    `{"key":"k","response":{"candidates":[{"finishReason":${value}}]}}`,
    `{"key":"k","response":{"candidates":[{"content":${value}}]}}`,
    `{"key":"k","response":{"candidates":[{"content":{"parts":${value}}}]}}`,
    `{"key":"k","response":{"candidates":[{"content":{"parts":[${value}, {"text":${value}}]}}]}}`,
    `{"key":"k","response":{"promptFeedback":${value}}}`,
    `{"key":"k","response":{"promptFeedback":{"blockReason":${value}}}}`,
    `{"key":"k","response":{"usageMetadata":${value}}}`,
    `{"key":"k","response":{"usageMetadata":{"promptTokenCount":${value}}}}`,
    `{"key":${value}}`,
    value,
  ])('in a line of Gemini ends no file of results (%#)', (line) => {
    const answer = answerOfLine(line);
    for (const said of Object.values(answer))
      if (said !== undefined) expect(['string', 'boolean', 'object']).toContain(typeof said);
  });

  it.each([
    `{"recordId":"R1","error":${value}}`,
    `{"recordId":"R1","error":{"errorCode":${value},"errorMessage":${value}}}`,
    `{"recordId":"R1","modelOutput":${value}}`,
    `{"recordId":"R1","modelOutput":{"content":${value},"usage":${value}}}`,
    `{"recordId":"R1","modelOutput":{"content":[${value}],"stop_reason":${value}}}`,
    `{"recordId":"R1","modelOutput":{"output":{"message":${value}},"usage":{"inputTokens":${value}}}}`,
    `{"recordId":${value}}`,
    value,
  ])('in a record of Bedrock ends no file of results (%#)', (line) => {
    expect(answerOfRecord(line, () => 'k').answer.kind).toBeTypeOf('string');
  });

  it('in an operation is no state, no count and no error that can be told', () => {
    const operation = `{"name":"batches/b1","metadata":{"state":${value},"displayName":${value},
      "batchStats":{"requestCount":${value}},"output":${value}},"error":{"code":${value},"message":${value}}}`;
    expect(jobOf(JSON.parse(operation))?.state).toMatchObject({
      ...{ name: '', status: 'running', providerState: '', error: '' },
      counts: { total: 0, succeeded: 0, failed: 0 },
    });
  });

  it.each([
    `{"error":{"status":${value},"message":${value},"details":${value}}}`,
    `{"error":{"details":[{"@type":${value},"retryDelay":${value}}]}}`,
    `{"error":{"details":[{"@type":"google.rpc.RetryInfo","retryDelay":${value}}]}}`,
  ])('in the body of an error is a problem all the same (%#)', (body) => {
    const response = { kind: 'response', status: 429, headers: [], body: Buffer.from(body) };
    const problem = answerProblem(response as unknown as Parameters<typeof answerProblem>[0], 0);
    expect(problem).toMatchObject({ kind: 'problem', cause: 'rate-limited', message: 'HTTP 429' });
  });
});

it('texts and numbers are told as they are', () => {
  expect(answerOfLine('{"key":"k","error":{"code":13,"message":7}}')).toMatchObject({
    ...{ kind: 'error', code: '13', message: '7' },
  });
  const line = '{"key":"k","response":{"promptFeedback":{"blockReason":{"toString":1}}}}';
  expect(answerOfLine(line)).toMatchObject({ kind: 'blocked', reason: '' });
});
