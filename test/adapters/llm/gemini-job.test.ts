import { describe, expect, it } from 'vitest';
import { jobOf } from '../../../adapters/llm/gemini-job.ts';

const job = (more: object, metadata: object = {}) => jobOf({ name: 'batches/b1', metadata, ...more });

describe('an operation of Gemini', () => {
  it.each([
    ['UNSPECIFIED', 'running'],
    ['PENDING', 'running'],
    ['RUNNING', 'running'],
    ['SUCCEEDED', 'succeeded'],
    ['FAILED', 'failed'],
    ['CANCELLED', 'cancelled'],
    ['EXPIRED', 'expired'],
    ['THINKING_IT_OVER', 'running'],
  ])('in state %s is %s, in both spellings', (state, status) => {
    for (const spelling of ['BATCH_STATE_', 'JOB_STATE_']) {
      const providerState = `${spelling}${state}`;
      expect(job({}, { state: providerState })?.state).toMatchObject({ status, providerState });
    }
  });

  it.each([
    ['with an error', { done: true, error: { code: 13, message: 'Internal' } }, 'failed', '13 Internal'],
    ['with the error of a cancel', { done: true, error: { code: 1 } }, 'cancelled', '1'],
    ['with a response', { done: true, response: {} }, 'succeeded', undefined],
    ['with neither', { done: true }, 'running', undefined],
  ])('of an unknown state that is done %s has ended', (_how, more, status, error) => {
    expect(job(more, { state: 'BATCH_STATE_PARTIALLY_SUCCEEDED' })?.state).toMatchObject({ status, error });
  });

  it('has its results at either place, and perhaps none', () => {
    const state = 'BATCH_STATE_SUCCEEDED';
    const file = { responsesFile: 'files/batch-b1' };
    expect(job({}, { state, output: file })).toMatchObject({
      resultsFile: 'files/batch-b1',
      state: { hasResults: true },
    });
    expect(job({ response: file }, { state })).toMatchObject({
      resultsFile: 'files/batch-b1',
      state: { hasResults: true },
    });
    expect(job({}, { state })).toMatchObject({ resultsFile: undefined, state: { hasResults: false } });
  });

  it.each(['files/../batches/b2', 'files/a?b', 'http://elsewhere/', 7])(
    'has no results at %j',
    (responsesFile) => {
      const metadata = { state: 'BATCH_STATE_SUCCEEDED', output: { responsesFile } };
      expect(job({}, metadata)).toMatchObject({ resultsFile: undefined, state: { hasResults: false } });
    },
  );

  it.each([
    [
      { requestCount: '3', successfulRequestCount: '2', failedRequestCount: '1' },
      { total: 3, succeeded: 2, failed: 1 },
    ],
    [
      { requestCount: '3', successfulRequestCount: '3' },
      { total: 3, succeeded: 3, failed: 0 },
    ],
    [{ requestCount: 3 }, { total: 3, succeeded: 0, failed: 0 }],
    [
      { requestCount: 'many', failedRequestCount: '-1' },
      { total: 0, succeeded: 0, failed: 0 },
    ],
    [undefined, undefined],
  ])('counts %j', (batchStats, counts) => {
    expect(job({}, { batchStats })?.state.counts).toEqual(counts);
  });

  it.each([undefined, null, 7, [], {}, { name: 'files/a' }, { name: 'batches/' }, { name: 7 }])(
    'is not %j',
    (value) => {
      expect(jobOf(value)).toBeUndefined();
    },
  );
});
