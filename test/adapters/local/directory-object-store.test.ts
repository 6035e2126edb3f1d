import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryObjectStore } from '../../../adapters/local/directory-object-store.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { objectStoreContract } from '../../contracts/object-store.contract.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { killAfterProgress, startWriter } from './writer-process.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

objectStoreContract('the directory object store', async () => {
  const root = mkdtempSync(join(tmpdir(), 'rescrape-objects-'));
  const open = new Set<{ close(): void }>();
  return {
    now() {
      const file = join(root, 'dated-by-the-file-system');
      writeFileSync(file, '');
      return statSync(file).mtimeMs;
    },
    async open() {
      const store = openDirectoryObjectStore(join(root, 'lake'));
      open.add(store);
      return store;
    },
    async dispose() {
      for (const store of open) store.close();
      rmSync(root, { recursive: true });
    },
  };
});

describe('the directory object store', () => {
  let parent: string;
  let root: string;
  let store: ReturnType<typeof openDirectoryObjectStore>;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'rescrape-objects-'));
    root = join(parent, 'lake');
    store = openDirectoryObjectStore(root);
  });
  afterEach(() => {
    store.close();
    rmSync(parent, { recursive: true });
  });

  it('keeps an object as the plain file at its key', async () => {
    await store.put('data/t/date=2025-11-17/v-1.parquet', bytes('x'), { durable: true });
    expect(store.uri('data/t/date=2025-11-17/v-1.parquet')).toBe(
      join(root, 'data/t/date=2025-11-17/v-1.parquet'),
    );
    expect(readFileSync(store.uri('data/t/date=2025-11-17/v-1.parquet'), 'utf8')).toBe('x');
  });

  it('leaves no temporary file and no stale metadata behind', async () => {
    for (let n = 0; n < 5; n++)
      await store.put('k', bytes(String(n)), { metadata: { n: String(n) }, durable: true });
    await store.put('k', bytes('x'), { ifMatch: '"other"', metadata: { n: 'x' } });
    await store.put('plain', bytes('x'));
    expect(readdirSync(join(root, '.tmp'))).toEqual([]);
    const sideFiles = () => readdirSync(root).filter((name) => name.startsWith('.k.'));
    expect(sideFiles()).toHaveLength(1);
    await store.delete('k');
    expect(sideFiles()).toEqual([]);
    await store.put('k', bytes('1'), { metadata: { n: '1' } });
    await store.put('k', bytes('2'));
    expect(sideFiles()).toEqual([]);
  });

  it.each([
    ['before its swap', '1', '1'],
    ['after its swap', '2', '2'],
  ])(
    'finds the metadata of the body that is there where a writer was killed %s',
    async (_, body, version) => {
      for (const one of ['1', '2']) await store.put('k', bytes(one), { metadata: { version: one } });
      const ofSecond = readFileSync(join(root, '.k.meta'));
      await store.put('k', bytes('1'), { metadata: { version: '1' } });
      writeFileSync(join(root, '.k.next'), ofSecond);
      writeFileSync(join(root, 'k'), body);
      expect((await store.head('k'))?.metadata).toEqual({ version });
      const put = { ifNoneMatch: '*', metadata: { version: '3' } } as const;
      expect(await store.put('k', bytes('3'), put)).toEqual({ kind: 'precondition-failed' });
      expect((await store.head('k'))?.metadata).toEqual({ version });
      await store.put('k', bytes('3'), { metadata: { version: '3' } });
      expect((await store.head('k'))?.metadata).toEqual({ version: '3' });
      expect(readdirSync(root).filter((name) => name.startsWith('.k.'))).toEqual(['.k.meta']);
      writeFileSync(join(root, 'k'), body);
      expect((await store.head('k'))?.metadata).toEqual({});
    },
  );

  it('names the file of metadata that is damaged, whatever is asked of its object', async () => {
    await store.put('tables/t/manifest', bytes('1'), { metadata: { n: '1' } });
    for (const damaged of ['', '{"hash":', '\0\0']) {
      writeFileSync(join(root, 'tables/t/.manifest.meta'), damaged);
      for (const asked of [store.head('tables/t/manifest'), store.get('tables/t/manifest')])
        await expect(asked).rejects.toThrow(
          expect.objectContaining({
            name: 'StorageError',
            message: expect.stringContaining('.manifest.meta: it is damaged'),
          }),
        );
    }
  });

  describe('metadata as versions before kept it', () => {
    const KEY = 'tables/t/manifest';
    beforeEach(async () => {
      const put = await store.put(KEY, bytes('1'));
      const directory = join(root, '.meta', KEY);
      mkdirSync(directory, { recursive: true });
      const hash = put.kind === 'stored' ? JSON.parse(put.etag) : '';
      for (const name of [`.${hash}`, '.of-one-before']) writeFileSync(join(directory, name), '{"n":"1"}');
      store.close();
      store = openDirectoryObjectStore(root);
    });

    it('is read, also where the writer of another body was killed before its swap', async () => {
      expect(await store.head(KEY)).toMatchObject({ metadata: { n: '1' } });
      writeFileSync(join(root, 'tables/t/.manifest.meta'), '{"hash":"other","metadata":{"n":"2"}}');
      expect(await store.head(KEY)).toMatchObject({ metadata: { n: '1' } });
    });

    it.each([
      ['another body', '2', { n: '2' }],
      ['the very same body', '1', { n: '2' }],
      ['another body without any', '2', {}],
      ['the very same body without any', '1', {}],
    ])('goes with a put of %s', async (_, body, metadata) => {
      await store.put(KEY, bytes(body), { metadata });
      expect(await store.head(KEY)).toMatchObject({ metadata });
      expect(readdirSync(root)).not.toContain('.meta');
      await store.put(KEY, bytes('1'));
      expect((await store.head(KEY))?.metadata).toEqual({});
    });

    it('goes with its object, and leaves that of others', async () => {
      mkdirSync(join(root, '.meta', 'tables/u'), { recursive: true });
      await store.delete(KEY);
      expect(readdirSync(join(root, '.meta', 'tables'))).toEqual(['u']);
    });
  });

  it('keeps no directory in which nothing is left, and writes there again', async () => {
    const other = openDirectoryObjectStore(root);
    for (const key of ['a/b/c/1', 'a/b/2', 'a/b/d/3']) await store.put(key, bytes(key));
    await other.put('a/b/c/1', bytes('again'));
    await store.delete('a/b/c/1');
    expect(readdirSync(join(root, 'a', 'b')).sort()).toEqual(['2', 'd']);
    await other.put('a/b/c/4', bytes('4'), { durable: true });
    for (const key of ['a/b/2', 'a/b/d/3', 'a/b/c/4']) await store.delete(key);
    expect(readdirSync(root)).not.toContain('a');
    await other.put('a/b/c/5', bytes('5'));
    await other.put('a/b/d/6', bytes('6'), { ifNoneMatch: '*' });
    expect((await Array.fromAsync(store.list('a/'))).map(({ key }) => key)).toEqual(['a/b/c/5', 'a/b/d/6']);
    other.close();
  });

  it('creates nothing but the root before the first write', async () => {
    await store.get('a/b');
    await store.delete('a/b');
    await Array.fromAsync(store.list(''));
    expect(readdirSync(root)).toEqual([]);
  });

  it('removes the temporary files of killed processes when they are an hour old', () => {
    mkdirSync(join(root, '.tmp'));
    writeFileSync(join(root, '.tmp', 'old'), 'x');
    writeFileSync(join(root, '.tmp', 'new'), 'x');
    /** Older than the file system has it, which is asked rather than the clock of the test. */
    const age = (name: string, minutes: number) => {
      const file = join(root, '.tmp', name);
      const at = statSync(file).mtimeMs / 1000 - minutes * 60;
      utimesSync(file, at, at);
    };
    age('old', 61);
    age('new', 50);
    openDirectoryObjectStore(root).close();
    expect(readdirSync(join(root, '.tmp'))).toEqual(['new']);
  });

  it('goes on when its directories are removed under it', async () => {
    await store.put('a/b', bytes('1'));
    rmSync(root, { recursive: true });
    expect(await store.get('a/b')).toBeUndefined();
    expect(await store.put('a/b', bytes('2'), { durable: true })).toMatchObject({ kind: 'stored' });
    expect((await store.get('a/b'))?.size).toBe(1);
  });

  it('keeps metadata of an object that comes after one that was deleted', async () => {
    for (const version of ['1', '2']) {
      await store.put('a/k', bytes(version), { durable: true, metadata: { version } });
      expect(await store.head('a/k')).toMatchObject({ metadata: { version } });
      await store.delete('a/k');
      expect(await store.head('a/k')).toBeUndefined();
    }
  });

  it('passes over files that are no objects', async () => {
    await store.put('a/k', bytes('1'));
    writeFileSync(join(root, 'a', '.DS_Store'), 'x');
    writeFileSync(join(root, 'a', 'k~ (copy)'), 'x');
    mkdirSync(join(root, 'empty', 'dir'), { recursive: true });
    expect((await Array.fromAsync(store.list(''))).map(({ key }) => key)).toEqual(['a/k']);
  });

  describe('symbolic links', () => {
    let outside: string;
    beforeEach(() => {
      outside = join(parent, 'outside');
      mkdirSync(outside);
      writeFileSync(join(outside, 'secret'), 'secret');
      symlinkSync(outside, join(root, 'link'));
      symlinkSync(join(outside, 'secret'), join(root, 'file'));
    });

    it('do not lead a read or a write out of the store', async () => {
      for (const key of ['link/secret', 'file']) await expect(store.get(key)).rejects.toThrow(StorageError);
      await expect(store.put('link/new', bytes('x'))).rejects.toThrow(
        /symbolic link; put a real directory there/,
      );
      await expect(store.put('link/deep/new', bytes('x'))).rejects.toThrow(StorageError);
      await expect(store.delete('link/secret')).rejects.toThrow(StorageError);
      expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
      expect(existsSync(join(outside, 'new'))).toBe(false);
    });

    it('are found below directories that are known already', async () => {
      await store.put('known/deep/k', bytes('x'));
      symlinkSync(outside, join(root, 'known', 'deep', 'link'));
      symlinkSync(join(parent, 'nowhere'), join(root, 'known', 'dangling'));
      for (const key of ['known/deep/link/secret', 'known/deep/link/new/er', 'known/dangling/k']) {
        await expect(store.get(key)).rejects.toThrow(/symbolic link/);
        await expect(store.put(key, bytes('x'))).rejects.toThrow(/symbolic link/);
      }
      expect(readdirSync(outside)).toEqual(['secret']);
      expect(existsSync(join(parent, 'nowhere'))).toBe(false);
    });

    it('are refused loudly by a listing', async () => {
      await expect(Array.fromAsync(store.list(''))).rejects.toThrow(/is a symbolic link/);
    });

    it('may lead to the store as a whole', async () => {
      symlinkSync(root, join(parent, 'alias'));
      const aliased = openDirectoryObjectStore(join(parent, 'alias'));
      await aliased.put('k', bytes('1'));
      expect((await store.get('k'))?.size).toBe(1);
      aliased.close();
    });
  });

  describe('refuses with one line that says what to do', () => {
    it('a root that is a file', () => {
      writeFileSync(join(parent, 'plain'), '');
      expect(() => openDirectoryObjectStore(join(parent, 'plain'))).toThrow(
        /^cannot open .*plain: a file stands where a directory is needed; .*$/,
      );
      expect(() => openDirectoryObjectStore(join(parent, 'plain', 'below'))).toThrow(StorageError);
    });

    it('a key below an object, and a key that is a directory', async () => {
      await store.put('a/b', bytes('1'));
      await expect(store.put('a/b/c', bytes('2'))).rejects.toThrow(
        /a file stands where a directory is needed/,
      );
      await expect(store.put('a', bytes('2'))).rejects.toThrow(/a directory stands where a file is needed/);
      expect((await Array.fromAsync(store.list(''))).map(({ key }) => key)).toEqual(['a/b']);
      expect(readdirSync(join(root, '.tmp'))).toEqual([]);
    });

    it('a name that is too long for the file system', async () => {
      await expect(store.put('x'.repeat(300), bytes('1'))).rejects.toThrow(/name is too long/);
    });

    it('a directory that this user may not write', async () => {
      chmodSync(parent, 0o755);
      mkdirSync(join(parent, 'theirs'));
      chmodSync(join(parent, 'theirs'), 0o555);
      await asOrdinaryUser(async () => {
        expect(() => openDirectoryObjectStore(join(parent, 'theirs', 'lake'))).toThrow(
          /^cannot open .*: permission denied; give this user write access to it, or choose another directory$/,
        );
        const theirs = openDirectoryObjectStore(join(parent, 'theirs'));
        await expect(theirs.put('k', bytes('1'))).rejects.toThrow(
          /^cannot write .*k: permission denied; give this user/,
        );
        expect(await theirs.get('k')).toBeUndefined();
        theirs.close();
      });
    });
  });

  describe('between processes', () => {
    it('no compare and swap is lost', async () => {
      const writers = Array.from({ length: 3 }, (_, n) => startWriter('race', root, `w${n}`));
      await Promise.all(writers.map((writer) => writer.exited));
      const lines = new TextDecoder()
        .decode((await store.get('log'))?.body)
        .trim()
        .split('\n');
      expect(lines).toHaveLength(120);
      expect(new Set(lines).size).toBe(120);
    });

    it('a reader sees whole objects with their own metadata during swaps, and after the writer is killed', async () => {
      let last = 0;
      for (let round = 0; round < 4; round++) {
        const writer = startWriter('swap', root);
        // Wait for the first swap, then read while the others go on.
        await writer.lines.next();
        for (let read = 0; read < 200; read++) last = Math.max(last, await versionOfManifest());
        const reported = await killAfterProgress(writer, 10 + round * 7);
        last = Math.max(last, reported);
        expect(await versionOfManifest()).toBeGreaterThanOrEqual(last);
      }
      // The lock of the killed writers is free, and what they left is in nobody's way.
      const current = await store.head('tables/t/manifest');
      expect(
        await store.put('tables/t/manifest', bytes('x'), { ifMatch: current?.etag ?? '' }),
      ).toMatchObject({
        kind: 'stored',
      });
      expect((await Array.fromAsync(store.list(''))).map(({ key }) => key)).toEqual(['tables/t/manifest']);
    });

    async function versionOfManifest(): Promise<number> {
      const object = await store.get('tables/t/manifest');
      const version = object?.metadata.version;
      expect(new TextDecoder().decode(object?.body)).toBe(`${version}\n`.repeat(2000));
      return Number(version);
    }
  });
});
