import { describe, expect, it } from 'vitest';
import { answerOfRecord, formOf } from '../../../adapters/aws/bedrock-form.ts';
import { stateOfJob } from '../../../adapters/aws/bedrock-job.ts';
import { bedrockProblem } from '../../../adapters/aws/bedrock-problem.ts';

const record = (more: object) =>
  answerOfRecord(JSON.stringify({ recordId: 'R1', modelInput: { a: 1 }, ...more }), (id) => `key of ${id}`);
const output = (modelOutput: object) => record({ modelOutput }).answer;

describe('a record of Bedrock', () => {
  it.each<[string, object, object]>([
    [
      'of Claude',
      {
        content: [
          { type: 'text', text: ' a' },
          { type: 'text', text: 'b ' },
        ],
      },
      { kind: 'text', text: 'ab' },
    ],
    [
      'of Converse',
      { output: { message: { content: [{ text: 'a' }, { text: 'b' }] } } },
      { kind: 'text', text: 'ab' },
    ],
    [
      'with thoughts',
      { content: [{ type: 'thinking', thinking: 'x' }, { text: 'a' }] },
      { kind: 'text', text: 'a' },
    ],
    ['with blocks that are none', { content: [null, 7, {}] }, { kind: 'text', text: '' }],
    ['cut off, of Claude', { content: [], stop_reason: 'max_tokens' }, { kind: 'text', isTruncated: true }],
    [
      'cut off, of Converse',
      { output: { message: { content: [] } }, stopReason: 'max_tokens' },
      { isTruncated: true },
    ],
    ['held back', { content: [], stop_reason: 'refusal' }, { kind: 'blocked', reason: 'refusal' }],
    ['filtered', { stopReason: 'content_filtered' }, { kind: 'blocked', reason: 'content_filtered' }],
    ['without content', {}, { kind: 'no-candidates' }],
    ['with content that is none', { content: 'text' }, { kind: 'no-candidates' }],
  ])('%s', (_what, modelOutput, expected) => {
    expect(output(modelOutput)).toMatchObject({ key: 'key of R1', ...expected });
  });

  it('with an error, even beside an answer; an error of null is none', () => {
    const error = { errorCode: 400, errorMessage: 'm' };
    expect(record({ error, modelOutput: {} }).answer).toMatchObject({
      kind: 'error',
      code: '400',
      message: 'm',
    });
    expect(record({ error: 'bad' }).answer).toMatchObject({ kind: 'error', code: '', message: 'bad' });
    expect(record({ error: null }).answer).toMatchObject({ kind: 'no-response' });
  });

  it('counts tokens in either spelling, and only numbers', () => {
    expect(output({ usage: { input_tokens: 1, output_tokens: 2 } })).toMatchObject({
      tokens: { input: 1, output: 2 },
    });
    expect(output({ usage: { inputTokens: 1, outputTokens: '2' } })).toMatchObject({
      tokens: { input: 1, output: 0 },
    });
    expect(output({})).toMatchObject({ tokens: undefined });
  });

  it('is kept without the request that is repeated in it', () => {
    expect(record({ modelOutput: {} }).raw).toBe('{"recordId":"R1","modelOutput":{}}');
  });
});

it.each([
  ['anthropic.claude-3-haiku-20240307-v1:0', 'InvokeModel'],
  ['eu.anthropic.claude-sonnet-4-20250514-v1:0', 'InvokeModel'],
  [
    'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-20250514-v1:0',
    'InvokeModel',
  ],
  ['amazon.nova-pro-v1:0', 'Converse'],
  ['not-anthropic.claude', 'Converse'],
])('%s is asked by %s', (model, invocation) => {
  expect(formOf(model).invocation).toBe(invocation);
});

it.each([
  ['Submitted', 'running'],
  ['Validating', 'running'],
  ['Scheduled', 'running'],
  ['InProgress', 'running'],
  ['Stopping', 'running'],
  ['SomethingNew', 'running'],
  ['Completed', 'succeeded'],
  ['PartiallyCompleted', 'succeeded'],
  ['Failed', 'failed'],
  ['Stopped', 'cancelled'],
  ['Expired', 'expired'],
])('a job that is %s is %s', (status, expected) => {
  const told = { jobArn: 'a', jobName: 'n', status: status as 'Failed' };
  expect(stateOfJob(told)).toMatchObject({
    status: expected,
    providerState: status,
    hasResults: expected === 'succeeded',
  });
});

describe('an error of AWS', () => {
  const failed = (name: string, status?: number) =>
    Object.assign(new Error(`said\n${name}`), { name, $metadata: { httpStatusCode: status, attempts: 1 } });

  it.each([
    [failed('ThrottlingException', 429), 'rate-limited', 'rate-limited'],
    [failed('ServiceQuotaExceededException', 400), 'rate-limited', 'rate-limited'],
    [failed('InternalServerException', 500), 'server', 'unclear'],
    [failed('Whatever', 503), 'server', 'unclear'],
    [failed('TimeoutError'), 'unreachable', 'unclear'],
    [failed('ECONNRESET'), 'unreachable', 'unclear'],
    [failed('ECONNREFUSED'), 'unreachable', 'unreachable'],
    [failed('ConflictException', 400), 'refused', 'unclear'],
    [failed('ValidationException', 400), 'refused', 'refused'],
    [failed('AccessDeniedException', 403), 'refused', 'refused'],
    [failed('ExpiredTokenException', 403), 'refused', 'refused'],
    [failed('NoSuchBucket', 404), 'refused', 'refused'],
    [failed('NoSuchKey', 404), 'missing', 'refused'],
    [failed('ResourceNotFoundException', 404), 'missing', 'refused'],
  ])('%s is %s, and of a submission %s', (error, cause, ofSubmit) => {
    expect(bedrockProblem(error, 'ask')).toMatchObject({
      kind: 'problem',
      cause,
      message: expect.stringMatching(/^bedrock, ask: [^\n]+$/),
    });
    expect(bedrockProblem(error, 'ask', true)).toMatchObject({ cause: ofSubmit });
  });

  it('that is none is a bug', () => {
    expect(bedrockProblem(new TypeError('x is undefined'), 'ask')).toBeUndefined();
  });
});
