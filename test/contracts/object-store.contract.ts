import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore, StoredObject } from '../../core/ports/object-store.ts';
import { objectStorePacked } from './object-store-packed.contract.ts';
import { objectStoreWrites } from './object-store-writes.contract.ts';

/** One empty store, which any number of handles open, as processes would. */
export interface ObjectStoreHarness {
  open(): Promise<ObjectStore>;
  /** Milliseconds since the Unix epoch, by the clock that dates the objects. */
  now(): number;
  /** Closes the handles and removes the store. */
  dispose(): Promise<void>;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (object: StoredObject | undefined) => new TextDecoder().decode(object?.body);

/** What every object store must do; each adapter's test calls it. */
export function objectStoreContract(name: string, create: () => Promise<ObjectStoreHarness>): void {
  describe(`${name} keeps the contract of an object store`, () => {
    let harness: ObjectStoreHarness;
    let store: ObjectStore;
    beforeEach(async () => {
      harness = await create();
      store = await harness.open();
    });
    afterEach(() => harness.dispose());

    async function keys(prefix: string): Promise<string[]> {
      return (await Array.fromAsync(store.list(prefix))).map((object) => object.key);
    }

    async function putAll(...all: string[]): Promise<void> {
      for (const key of all) await store.put(key, bytes(key));
    }

    describe('reading', () => {
      it('gives back the bytes, the size, a recent time and an etag', async () => {
        const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
        const before = harness.now() - 2000;
        const put = await store.put('a/b.bin', body);
        const object = await store.get('a/b.bin');
        expect(new Uint8Array(object?.body ?? [])).toEqual(body);
        expect(object).toMatchObject({ size: 256, metadata: {} });
        expect(put).toEqual({ kind: 'stored', etag: object?.etag });
        expect(object?.lastModified).toBeGreaterThan(before);
        expect(object?.lastModified).toBeLessThan(harness.now() + 2000);
      });

      it('keeps an object without bytes', async () => {
        await store.put('empty', new Uint8Array());
        expect(await store.get('empty')).toMatchObject({ size: 0 });
      });

      it('answers undefined where there is no object', async () => {
        await store.put('dir/file', bytes('x'));
        for (const key of ['nothing', 'no/such/thing', 'dir', 'dir/file/below']) {
          expect(await store.get(key)).toBeUndefined();
          expect(await store.head(key)).toBeUndefined();
          expect(await store.getRange(key, 0, 1)).toBeUndefined();
        }
      });

      it('head tells what get tells, without the body', async () => {
        await store.put('k', bytes('body'), { metadata: { run: '1' } });
        const { body: _, ...head } = (await store.get('k')) as StoredObject;
        expect(await store.head('k')).toEqual(head);
      });

      it('gives a range of bytes, and fewer at the end of the object', async () => {
        await store.put('k', bytes('0123456789'));
        const range = async (offset: number, length: number) =>
          new TextDecoder().decode(await store.getRange('k', offset, length));
        expect(await range(0, 4)).toBe('0123');
        expect(await range(3, 4)).toBe('3456');
        expect(await range(8, 100)).toBe('89');
        expect(await range(10, 5)).toBe('');
        expect(await range(50, 5)).toBe('');
      });

      it('sees what another handle has written', async () => {
        const other = await harness.open();
        await other.put('k', bytes('1'));
        expect(text(await store.get('k'))).toBe('1');
        await other.put('k', bytes('2'));
        expect(text(await store.get('k'))).toBe('2');
      });
    });

    describe('keys', () => {
      it.each([
        '',
        '/',
        '/a',
        'a/',
        'a//b',
        '.',
        '..',
        '../a',
        'a/../b',
        'a/./b',
        '.hidden',
        'a/.b',
        '-a',
        '=a',
      ])('refuses the key %j', async (key) => {
        await expect(store.put(key, bytes('x'))).rejects.toThrow(RangeError);
        await expect(store.get(key)).rejects.toThrow(RangeError);
        await expect(store.head(key)).rejects.toThrow(RangeError);
        await expect(store.getRange(key, 0, 1)).rejects.toThrow(RangeError);
        await expect(store.delete(key)).rejects.toThrow(RangeError);
        expect(() => store.uri(key)).toThrow(RangeError);
      });

      it.each(['a b', 'a\\b', 'a\nb', 'a\u0000b', 'é', 'a%2e', 'a:b', 'a\n'])(
        'refuses the key %j',
        async (key) => {
          await expect(store.put(key, bytes('x'))).rejects.toThrow(RangeError);
        },
      );

      it('takes a key of 900 characters and refuses one of 901', async () => {
        const longest = `${'abcdefghi/'.repeat(89)}abcdefghij`;
        expect(longest).toHaveLength(900);
        await store.put(longest, bytes('x'));
        expect(text(await store.get(longest))).toBe('x');
        await expect(store.put(`${longest}k`, bytes('x'))).rejects.toThrow(RangeError);
      });

      it('gives an absolute address for a key', () => {
        expect(store.uri('data/t/date=2025-11-17/v-1.parquet')).toMatch(
          /^(\/|s3:\/\/).*\/data\/t\/date=2025-11-17\/v-1\.parquet$/,
        );
      });
    });

    describe('listing', () => {
      it('is in byte order of the whole keys, directories and names mixed', async () => {
        const all = ['a', 'b-c', 'b.d', 'b/x', 'b/y/z', 'b0', 'bB', 'b_', 'ba', 'A', '_z', '9'];
        await putAll(...all.toReversed());
        expect(await keys('')).toEqual(
          all.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y))),
        );
      });

      it('takes a prefix that ends in the middle of a name', async () => {
        await putAll(
          't/date=2025-11-16/m',
          't/date=2025-11-17/m',
          't/date=2025-12-01/m',
          't/dat',
          'u/date=2025-11-17/m',
        );
        expect(await keys('t/date=2025-11-')).toEqual(['t/date=2025-11-16/m', 't/date=2025-11-17/m']);
        expect(await keys('t/date=2025-11-17/m')).toEqual(['t/date=2025-11-17/m']);
        expect(await keys('t/')).toHaveLength(4);
        expect(await keys('t')).toHaveLength(4);
        expect(await keys('t/date=2025-11-17/mm')).toEqual([]);
        expect(await keys('none/such/')).toEqual([]);
      });

      it('is never cut short: 1,200 objects', async () => {
        const all = Array.from({ length: 1200 }, (_, index) => `n/${String(index).padStart(4, '0')}`);
        await Promise.all(all.map((key) => store.put(key, bytes(key))));
        expect(await keys('n/')).toEqual(all);
      });

      it('shows nothing of the store’s own', async () => {
        await store.put('k', bytes('1'), { metadata: { a: 'b' }, ifNoneMatch: '*' });
        expect(await keys('')).toEqual(['k']);
      });

      it.each(['/', '../', 'a/../', 'a//', '.', 'é'])('refuses the prefix %j', async (prefix) => {
        await expect((async () => Array.fromAsync(store.list(prefix)))()).rejects.toThrow(RangeError);
      });
    });

    describe('deleting', () => {
      it('removes the object, and is content where there is none', async () => {
        await putAll('a/k', 'a/l');
        await store.delete('a/k');
        await store.delete('a/k');
        await store.delete('no/such');
        await store.delete('a');
        expect(await keys('')).toEqual(['a/l']);
      });

      it('lets the first write succeed again', async () => {
        await store.put('k', bytes('1'), { metadata: { a: 'b' } });
        await store.delete('k');
        expect(await store.put('k', bytes('2'), { ifNoneMatch: '*' })).toMatchObject({ kind: 'stored' });
      });
    });
  });

  objectStorePacked(name, create);
  objectStoreWrites(name, create);
}
