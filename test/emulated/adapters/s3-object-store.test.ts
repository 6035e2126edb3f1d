import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from 'vitest';
import { openS3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import { objectStoreContract } from '../../contracts/object-store.contract.ts';
import { startEmulator } from '../../emulator/emulator.ts';

const emulator = await startEmulator();
afterAll(() => emulator?.stop());

describe.skipIf(!emulator)('on an emulated S3', () => {
  if (!emulator) return;
  const { connection } = emulator;
  const client = new S3Client({ ...connection, forcePathStyle: true });
  afterAll(() => client.destroy());

  async function newBucket(): Promise<string> {
    const bucket = `lake-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    return bucket;
  }

  objectStoreContract('the S3 object store', async () => {
    const bucket = await newBucket();
    const open = new Set<{ close(): void }>();
    return {
      now: () => Date.now(),
      async open() {
        const store = openS3ObjectStore({ bucket, clock: systemClock, connection });
        open.add(store);
        return store;
      },
      async dispose() {
        for (const store of open) store.close();
      },
    };
  });

  it('names the bucket that is not there', async () => {
    const store = openS3ObjectStore({ bucket: 'no-such-bucket', clock: systemClock, connection });
    await expect(store.get('a/b')).rejects.toThrow(
      /^s3:GetObject s3:\/\/no-such-bucket\/a\/b: it is not there; .*NoSuchBucket/,
    );
    await expect(store.put('a/b', new Uint8Array(), { ifMatch: '"0"' })).rejects.toThrow(
      /^s3:PutObject .*NoSuchBucket/,
    );
    await expect(Array.fromAsync(store.list('a/'))).rejects.toThrow(/^s3:ListBucket .*NoSuchBucket/);
    store.close();
  });
});
