import { describe, expect, it } from 'vitest';
import { awsFailure } from '../../../adapters/aws/aws-failure.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';

/** As the SDK throws it. */
function failure(name: string, metadata?: object, more: object = {}): Error {
  return Object.assign(new Error('told\n  so'), { name, ...more }, metadata && { $metadata: metadata });
}
const told = (error: Error) => {
  const result = awsFailure(error, 's3:GetObject s3://lake/k');
  expect(result).toBeInstanceOf(StorageError);
  expect((result as StorageError).cause).toBe(error);
  return (result as StorageError).message;
};

describe('an error of AWS becomes a line that says what to do', () => {
  it.each([
    ['AccessDenied', 403, /access denied; allow this action to the role/],
    ['403', 403, /access denied/],
    ['ExpiredTokenException', 400, /sign in again/],
    ['SlowDown', 503, /throttled; run again/],
    ['ThrottlingException', 400, /throttled; run again/],
    ['NoSuchBucket', 404, /not there; check the name and the region, or deploy the stack/],
    ['InternalError', 500, /no clear answer/],
    ['SomethingNew', 502, /no clear answer/],
    ['ValidationException', 400, /ValidationException: told so$/],
  ])('%s with status %i', (name, httpStatusCode, advice) => {
    const message = told(failure(name, { httpStatusCode, attempts: 1 }));
    expect(message).toMatch(advice);
    expect(message).toMatch(/^s3:GetObject s3:\/\/lake\/k: [^\n]+$/);
    expect(message).toContain(name);
  });

  it('also where there was no answer, or nobody to sign it', () => {
    expect(told(failure('Error', undefined, { code: 'ECONNRESET' }))).toMatch(/no clear answer.*ECONNRESET/);
    expect(told(failure('TimeoutError'))).toMatch(/no clear answer/);
    expect(told(failure('CredentialsProviderError'))).toMatch(/sign in again/);
    expect(told(new Error('Region is missing'))).toMatch(/the credentials or the region do not work/);
  });

  it('that tells how often it was tried', () => {
    expect(told(failure('SlowDown', { httpStatusCode: 503, attempts: 5 }))).toMatch(/after 5 tries\)$/);
  });
});

it.each([
  ['an error of our own code', new TypeError('x is not a function')],
  ['an error that was told before', new StorageError('already')],
  ['what is no error', 'text'],
])('%s stays as it is', (_, error) => {
  expect(awsFailure(error, 's3:GetObject s3://lake/k')).toBe(error);
});
