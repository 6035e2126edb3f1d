import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from 'vitest';
import { startEmulator } from '../emulator/emulator.ts';

const emulator = await startEmulator();
afterAll(() => emulator?.stop());

describe.skipIf(!emulator)('the emulator', () => {
  if (!emulator) return;

  it('forgets everything when it is reset', async () => {
    const client = new S3Client({ ...emulator.connection, forcePathStyle: true });
    const buckets = async () => (await client.send(new ListBucketsCommand())).Buckets?.length ?? 0;
    await client.send(new CreateBucketCommand({ Bucket: 'something' }));
    expect(await buckets()).toBe(1);
    await emulator.reset();
    expect(await buckets()).toBe(0);
    client.destroy();
  });

  it('runs beside another one, which is gone when it is stopped', async () => {
    const other = await startEmulator();
    if (!other) throw new Error('one was started and another cannot be');
    expect(other.endpoint).not.toBe(emulator.endpoint);
    await other.stop();
    await expect(fetch(`${other.endpoint}/_ministack/ready`)).rejects.toThrow();
    expect((await fetch(`${emulator.endpoint}/_ministack/ready`)).ok).toBe(true);
  });
});
