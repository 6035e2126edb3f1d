import { describe, expect, it } from 'vitest';
import { openAwsPlatform, withEnrichmentQueues, withGlue, withSqs } from '../../runtime/aws.ts';
import { connectionOf } from '../../runtime/aws-connection.ts';
import { notes } from '../e2e/support/notes-source.ts';

const RESOURCES = { bucket: 'lake', table: 'state' };
const options = {
  env: { AWS_REGION: 'eu-west-1' },
  connection: { region: 'eu-west-1' },
  sources: [notes],
  enrichers: [],
};

describe('the platform on AWS', () => {
  it('keeps its lake in the bucket', async () => {
    const platform = openAwsPlatform(RESOURCES, [], options);
    expect(platform.lake.uri('tables/notes/manifest')).toBe('s3://lake/tables/notes/manifest');
    await platform.close();
  });

  it('says which part is missing where a stage uses more than its function was given', async () => {
    const platform = openAwsPlatform(RESOURCES, [], options);
    expect(() => platform.failedItems.send([])).toThrow(
      'failedItems.send is used here, and no part provides it',
    );
    expect(() => platform.fetcherFor(notes).fetch({ url: 'https://notes.example' })).toThrow(
      'fetcherFor.fetch is used here',
    );
    expect(() => platform.enrichmentQueue('tutor').send([])).toThrow(
      'enrichmentQueue.send is used here, and no part provides it',
    );
    expect(platform.notifier).toBeUndefined();
    await platform.close();
  });

  it.each([
    [withGlue, 'database'],
    [withSqs, 'failedItems'],
    [withEnrichmentQueues, 'enrichmentQueues'],
  ])('refuses to open with a part that it was not told enough for: %o', (part, what) => {
    expect(() => openAwsPlatform(RESOURCES, [part], options)).toThrow(`${what} is used here`);
  });

  it('has a queue for each kind of record that the deployment has one for, and says what to do about another', async () => {
    const resources = {
      ...RESOURCES,
      enrichmentQueues: new Map([['tutor', { queueUrl: 'https://sqs/tutor' }]]),
    };
    const platform = openAwsPlatform(resources, [withEnrichmentQueues], options);
    expect(platform.enrichmentQueue('tutor')).toBe(platform.enrichmentQueue('tutor'));
    expect(() => platform.enrichmentQueue('student')).toThrow('the queue of student is used here');
    await platform.close();
    const stack = { ...resources, stack: 'rescrape-dev-pipeline' };
    const named = openAwsPlatform(stack, [withEnrichmentQueues], options);
    expect(() => named.enrichmentQueue('student')).toThrow(
      /^the stack rescrape-dev-pipeline has no queue for student: deploy it again with this version$/,
    );
    await named.close();
  });

  it('goes to another endpoint only where one is named', () => {
    expect(connectionOf({})).toEqual({});
    expect(connectionOf({ AWS_ENDPOINT_URL: '' })).toEqual({});
    expect(connectionOf({ AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' })).toEqual({
      endpoint: 'http://127.0.0.1:4566',
    });
  });
});
