import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryObjectStore } from '../../../adapters/local/directory-object-store.ts';
import { openVerifiedFiles } from '../../../adapters/local/verified-files.ts';
import type { ObjectStore, StoredObject } from '../../../core/ports/object-store.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import type { VerifiedFiles } from '../../../core/ports/verified-files.ts';

const KEY = 'manifests/a=b/manifest';
const linesOf = ({ body }: StoredObject) => new TextDecoder().decode(body).split('\n');

describe('what a manifest names', () => {
  let root: string;
  let lake: ReturnType<typeof openDirectoryObjectStore>;
  let reads: string[];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'rescrape-verified-'));
    lake = openDirectoryObjectStore(root);
    reads = [];
  });
  afterEach(() => {
    lake.close();
    rmSync(root, { recursive: true });
  });

  const put = (text: string) => lake.put(KEY, new TextEncoder().encode(text));
  /** As the next process sees it. */
  async function asNextProcess<T>(use: (verified: VerifiedFiles) => T | Promise<T>): Promise<T> {
    const counted: Pick<ObjectStore, 'get' | 'uri'> = {
      uri: (key) => lake.uri(key),
      get: (key) => {
        reads.push(key);
        return lake.get(key);
      },
    };
    const verified = openVerifiedFiles(root, counted);
    try {
      return await use(verified);
    } finally {
      verified.close();
    }
  }
  const named = () => asNextProcess((verified) => verified.filesNamedBy(KEY));
  const read = () => asNextProcess(async (verified) => (await verified.readManifest(KEY, linesOf))?.files);

  it('is known to the next process, which does not open it', async () => {
    await put('one\ntwo');
    expect(await named()).toBeUndefined();
    expect(await read()).toEqual(['one', 'two']);
    expect(reads).toEqual([KEY]);
    expect(await named()).toBe('one\ntwo');
    expect(reads).toEqual([KEY]);
  });

  it('is unknown once it was put again, written over, or is gone', async () => {
    await put('one');
    await read();
    await put('two');
    expect(await named()).toBeUndefined();
    await read();
    expect(await named()).toBe('two');
    writeFileSync(lake.uri(KEY), 'six');
    expect(await named()).toBeUndefined();
    await read();
    await lake.delete(KEY);
    expect(await named()).toBeUndefined();
    expect(await read()).toBeUndefined();
  });

  it('is unknown once somebody has touched the file beside it, which says its format', async () => {
    await lake.put(KEY, new TextEncoder().encode('one'), { metadata: { format: '1' } });
    await read();
    expect(await named()).toBe('one');
    writeFileSync(join(root, 'manifests/a=b/.manifest.meta'), 'garbage');
    expect(await named()).toBeUndefined();
    await expect(read()).rejects.toThrow('.manifest.meta: it is damaged');
    expect(await named()).toBeUndefined();
  });

  it('is told in one line where nobody can look', async () => {
    await put('one');
    await read();
    rmSync(lake.uri(KEY));
    // As a folder that may not be entered, which nothing is to the administrator.
    symlinkSync(lake.uri(KEY), lake.uri(KEY));
    expect(await named()).toBeUndefined();
    await expect(read()).rejects.toThrow(StorageError);
    await expect(asNextProcess(({ verify }) => verify(KEY, () => true))).rejects.toThrow(StorageError);
  });

  it('is not remembered of one that is none', async () => {
    await put('one');
    const wrong = () => {
      throw new Error('no manifest');
    };
    await expect(asNextProcess((verified) => verified.readManifest(KEY, wrong))).rejects.toThrow(
      'no manifest',
    );
    expect(await named()).toBeUndefined();
  });

  it('is what stood there when it was read, though another is put meanwhile', async () => {
    await put('one');
    await asNextProcess(async (verified) => {
      const reading = verified.readManifest(KEY, linesOf);
      await put('two');
      expect((await reading)?.files).toEqual(['one']);
    });
    expect(await named()).toBeUndefined();
  });

  it('is nothing to a program that reads another format of manifests', async () => {
    await put('one');
    await read();
    const database = new DatabaseSync(join(root, '.verified.sqlite'));
    database.exec('ALTER TABLE manifests_1 RENAME TO manifests_2');
    database.close();
    expect(await named()).toBeUndefined();
  });
});
