import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openS3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import type { PutOptions } from '../../../core/ports/object-store.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { serveHttp } from '../../contracts/loopback-site.ts';
import { type Fault, type FaultyS3, serveFaultyS3, stored } from './faulty-s3.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const connection = (endpoint: string) => ({
  endpoint,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
const times = (count: number, fault: Fault): Fault[] => Array.from({ length: count }, () => fault);
const KEY = 'tables/t/country=gb/manifest';
const PATH = `/lake/${KEY}`;
const DROP: Fault = { kind: 'drop' };
const DROP_AFTER: Fault = { kind: 'drop-after' };
const CONFLICT: Fault = { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' };
const ours: PutOptions = { metadata: { run: '2' } };

describe('the S3 object store, when S3 misbehaves', () => {
  let s3: FaultyS3;
  let slept: number[];
  let store: ReturnType<typeof openS3ObjectStore>;
  beforeEach(async () => {
    s3 = await serveFaultyS3();
    slept = [];
    const clock: Clock = { now: () => 0, sleep: async (ms) => void slept.push(ms) };
    store = openS3ObjectStore({ bucket: 'lake', clock, connection: connection(s3.origin) });
  });
  afterEach(async () => {
    store.close();
    await s3[Symbol.asyncDispose]();
  });

  describe.each([
    ['the first write', undefined],
    ['a swap', stored('old', { run: '1' })],
  ])('%s whose answer is unclear', (_, before) => {
    const options: PutOptions = before ? { ...ours, ifMatch: before.etag } : { ...ours, ifNoneMatch: '*' };
    const other = stored('other', { run: '3' });
    beforeEach(() => {
      if (before) s3.objects.set(PATH, before);
    });

    it('is stored where it was carried out and the SDK, sending it again, hears that the condition fails', async () => {
      s3.faults.PUT.push(DROP_AFTER);
      expect(await store.put(KEY, bytes('new'), options)).toEqual({ kind: 'stored', etag: '"of new"' });
      expect(s3.journal).toEqual(['PUT drop', 'PUT 412', 'GET 200']);
    });

    it('is stored where it was carried out and no answer ever comes', async () => {
      s3.faults.PUT.push(DROP_AFTER, ...times(9, { kind: 'answer', status: 500, code: 'InternalError' }));
      expect(await store.put(KEY, bytes('new'), options)).toEqual({ kind: 'stored', etag: '"of new"' });
    });

    it('is lost where another writer came first', async () => {
      s3.faults.PUT.push(DROP);
      s3.between = () => s3.objects.set(PATH, other);
      expect(await store.put(KEY, bytes('new'), options)).toEqual({ kind: 'precondition-failed' });
      expect(s3.objects.get(PATH)).toBe(other);
    });

    it('is lost to a writer of the same bytes: what belongs to them is not ours', async () => {
      s3.faults.PUT.push(DROP);
      s3.between = () => s3.objects.set(PATH, stored('new', { run: '3' }));
      expect(await store.put(KEY, bytes('new'), options)).toEqual({ kind: 'precondition-failed' });
    });

    it('is an error where it was not carried out and nothing is decided', async () => {
      s3.faults.PUT.push(...times(9, DROP));
      await expect(store.put(KEY, bytes('new'), options)).rejects.toThrow(
        /^s3:PutObject s3:\/\/lake\/tables\/t\/country=gb\/manifest: no clear answer; .*after 5 tries/,
      );
      expect(s3.objects.get(PATH)).toBe(before);
    });

    it('tells what went wrong with the put, also where the object cannot be read afterwards', async () => {
      s3.faults.PUT.push({ kind: 'drop-after' }, { kind: 'answer', status: 412 });
      s3.faults.GET.push({ kind: 'answer', status: 403, code: 'AccessDenied' });
      await expect(store.put(KEY, bytes('new'), options)).rejects.toThrow(
        /^s3:PutObject .*PreconditionFailed.*after 2 tries/,
      );
    });

    it('is sent again when another write was under way, and stored when that one is gone', async () => {
      s3.faults.PUT.push(...times(3, CONFLICT));
      expect(await store.put(KEY, bytes('new'), options)).toEqual({ kind: 'stored', etag: '"of new"' });
      expect(s3.journal).toEqual(['PUT 409', 'PUT 409', 'PUT 409', 'PUT 200']);
      expect(slept).toHaveLength(3);
    });

    it('is lost when the other write that was under way has won', async () => {
      s3.faults.PUT.push(CONFLICT);
      s3.between = () => s3.objects.set(PATH, other);
      expect(await store.put(KEY, bytes('new'), options)).toEqual({ kind: 'precondition-failed' });
      expect(s3.journal).toEqual(['PUT 409', 'PUT 412']);
    });

    it('is decided by the object where other writes are under way for ever', async () => {
      s3.faults.PUT.push(...times(6, CONFLICT));
      await expect(store.put(KEY, bytes('new'), options)).rejects.toThrow(/ConditionalRequestConflict/);
      s3.faults.PUT.push(...times(6, CONFLICT));
      s3.between = () => s3.objects.set(PATH, other);
      expect(await store.put(KEY, bytes('new'), options)).toEqual({ kind: 'precondition-failed' });
    });

    it('does not forget over a conflict that an earlier try may have been carried out', async () => {
      s3.faults.PUT.push(DROP_AFTER, CONFLICT);
      expect(await store.put(KEY, bytes('new'), options)).toEqual({ kind: 'stored', etag: '"of new"' });
      expect(s3.journal).toEqual(['PUT drop', 'PUT 409', 'PUT 412', 'GET 200']);
    });
  });

  it('takes a clear refusal at its word, without another request', async () => {
    s3.objects.set(PATH, stored('new', { run: '2' }));
    expect(await store.put(KEY, bytes('new'), { ...ours, ifNoneMatch: '*' })).toEqual({
      kind: 'precondition-failed',
    });
    expect(s3.journal).toEqual(['PUT 412']);
  });

  it('sends an unconditional put again', async () => {
    s3.faults.PUT.push(DROP_AFTER, { kind: 'answer', status: 503, code: 'SlowDown' });
    expect(await store.put(KEY, bytes('new'))).toEqual({ kind: 'stored', etag: '"of new"' });
    expect(s3.journal).toEqual(['PUT drop', 'PUT 503', 'PUT 200']);
  });

  it('keeps puts and reads apart that are under way together', async () => {
    const bodies = Array.from({ length: 12 }, (_, n) => String(n).repeat(n + 1));
    const both = async (body: string, n: number) => {
      await store.put(`data/${n}`, bytes(body), { metadata: { n: String(n) }, ifNoneMatch: '*' });
      const found = await store.get(`data/${n}`);
      return found && [new TextDecoder().decode(found.body) === body, found.metadata.n];
    };
    s3.faults.PUT.push(DROP_AFTER, { kind: 'answer', status: 503, code: 'SlowDown' });
    expect(await Promise.all(bodies.map(both))).toEqual(bodies.map((_, n) => [true, String(n)]));
  });

  it('names action and key where access is denied', async () => {
    const denied: Fault = { kind: 'answer', status: 403, code: 'AccessDenied' };
    s3.faults.PUT.push(denied, denied);
    s3.faults.GET.push(denied, denied, denied, denied, denied);
    const told = (action: string, what = KEY) =>
      `${action} s3://lake/${what}: access denied; allow this action to the role (AccessDenied: as scripted)`;
    const refused: [() => Promise<unknown>, string][] = [
      [() => store.put(KEY, bytes('x')), told('s3:PutObject')],
      [() => store.put(KEY, bytes('x'), { ifNoneMatch: '*' }), told('s3:PutObject')],
      [() => store.get(KEY), told('s3:GetObject')],
      [() => store.getRange(KEY, 0, 5), told('s3:GetObject')],
      [() => store.delete(KEY), told('s3:DeleteObject')],
      [() => Array.fromAsync(store.list('tables/')), told('s3:ListBucket', 'tables/')],
    ];
    for (const [work, message] of refused) {
      await expect(work()).rejects.toThrow(new StorageError(message));
    }
    // The answer to HEAD has no body, so there is nothing but its status.
    await expect(store.head(KEY)).rejects.toThrow(/^s3:GetObject s3:\/\/lake\/\S+: access denied/);
  });
});

describe('the S3 object store, when the line breaks', () => {
  const clock: Clock = { now: () => 0, sleep: async () => {} };

  it('reads an object again whose body broke off', async () => {
    let reads = 0;
    await using site = await serveHttp((_, response) => {
      response.writeHead(200, { ETag: '"1"', 'Content-Length': 6 });
      if (reads++ === 0) response.write('abc', () => response.socket?.resetAndDestroy());
      else response.end('abcdef');
    });
    const store = openS3ObjectStore({ bucket: 'lake', clock, connection: connection(site.origin) });
    expect(Buffer.from((await store.get('k'))?.body ?? []).toString()).toBe('abcdef');
    store.close();
  });

  it('refuses a listing that is cut short', async () => {
    await using site = await serveHttp((_, response) =>
      response.end(
        '<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key></Contents></ListBucketResult>',
      ),
    );
    const store = openS3ObjectStore({ bucket: 'lake', clock, connection: connection(site.origin) });
    await expect(Array.fromAsync(store.list(''))).rejects.toThrow(/cut short/);
    store.close();
  });

  it('says that nobody listens', async () => {
    const site = await serveHttp(() => {});
    await site[Symbol.asyncDispose]();
    const store = openS3ObjectStore({ bucket: 'lake', clock, connection: connection(site.origin) });
    await expect(store.get('k')).rejects.toThrow(
      /^s3:GetObject s3:\/\/lake\/k: no clear answer; .*ECONNREFUSED/,
    );
    store.close();
  });
});
