import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore, StoredObject } from '../../core/ports/object-store.ts';
import type { ObjectStoreHarness } from './object-store.contract.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (object: StoredObject | undefined) => object && new TextDecoder().decode(object.body);
const PACKED = { packed: true } as const;
const IF_NONE = { packed: true, ifNoneMatch: '*' } as const;

/** The part of `objectStoreContract` that is about many small objects: whether a store packs them or not. */
export function objectStorePacked(name: string, create: () => Promise<ObjectStoreHarness>): void {
  describe(`${name} keeps the contract of an object store's small objects`, () => {
    let harness: ObjectStoreHarness;
    let store: ObjectStore;
    beforeEach(async () => {
      harness = await create();
      store = await harness.open();
    });
    afterEach(() => harness.dispose());

    const keys = async (prefix: string) => (await Array.fromAsync(store.list(prefix))).map(({ key }) => key);

    it('gives each back, whole and in part, with the etag that the put told', async () => {
      const body = Uint8Array.from({ length: 3000 }, (_, byte) => byte % 251);
      const before = harness.now() - 2000;
      const put = await store.put('a/one', body, PACKED);
      await store.put('a/empty', new Uint8Array(), PACKED);
      const one = await store.get('a/one');
      expect(new Uint8Array(one?.body ?? [])).toEqual(body);
      expect(put).toEqual({ kind: 'stored', etag: one?.etag });
      expect(await store.head('a/one')).toMatchObject({ etag: one?.etag, size: 3000, metadata: {} });
      expect(one?.lastModified).toBeGreaterThan(before);
      expect(new Uint8Array((await store.getRange('a/one', 2990, 100)) ?? [])).toEqual(body.subarray(2990));
      expect(await store.getRange('a/one', 2, 3)).toHaveLength(3);
      expect(await store.get('a/empty')).toMatchObject({ size: 0 });
      for (const key of ['a/two', 'a', 'a/one/below']) expect(await store.get(key)).toBeUndefined();
    });

    it('lists them among the others, in the order of the keys', async () => {
      for (const key of ['a/b/1', 'a/b-1', 'a/b0', 'a/c']) await store.put(key, bytes(key), PACKED);
      for (const key of ['a/b/2', 'a/bb', 'a/a']) await store.put(key, bytes(key));
      expect(await keys('a/')).toEqual(['a/a', 'a/b-1', 'a/b/1', 'a/b/2', 'a/b0', 'a/bb', 'a/c']);
      expect(await keys('a/b/')).toEqual(['a/b/1', 'a/b/2']);
      expect(await keys('a/b-')).toEqual(['a/b-1']);
    });

    it('takes those of a whole tree, which are found as if each were a file', async () => {
      const packed = 'a/b/';
      for (const key of ['a/b/t/i.1', 'a/b/t/f/1', 'a/b/s', 'a/b/t', 'a/b/t-1', 'a/b/t/i.2'])
        await store.put(key, bytes(key), { packed });
      for (const key of ['a/b/t/i.15', 'a/b/t/g/1', 'a/c', 'a/b-']) await store.put(key, bytes(key));
      const below = ['a/b/t/f/1', 'a/b/t/g/1', 'a/b/t/i.1', 'a/b/t/i.15', 'a/b/t/i.2'];
      expect(await keys('')).toEqual(['a/b-', 'a/b/s', 'a/b/t', 'a/b/t-1', ...below, 'a/c']);
      expect(await keys('a/b/t')).toEqual(['a/b/t', 'a/b/t-1', ...below]);
      expect(await keys('a/b/t/')).toEqual(below);
      expect(await keys('a/b/t/i.1')).toEqual(['a/b/t/i.1', 'a/b/t/i.15']);
      expect(await keys('a/b/t/f/')).toEqual(['a/b/t/f/1']);
      expect(text(await store.get('a/b/t/f/1'))).toBe('a/b/t/f/1');
      expect(new Uint8Array((await store.getRange('a/b/t/i.2', 4, 3)) ?? [])).toEqual(bytes('t/i'));
      const again = { packed, ifNoneMatch: '*' } as const;
      expect(await store.put('a/b/t/i.1', bytes('2'), again)).toEqual({ kind: 'precondition-failed' });
      expect(await store.put('a/b/t/i.2', bytes('2'), { packed })).toMatchObject({ kind: 'stored' });
      expect(text(await store.get('a/b/t/i.2'))).toBe('2');
      await Promise.all(below.map((key) => store.delete(key)));
      expect(await keys('a/b/')).toEqual(['a/b/s', 'a/b/t', 'a/b/t-1']);
      expect(await store.put('a/b/t/i.1', bytes('3'), again)).toMatchObject({ kind: 'stored' });
      expect(text(await store.get('a/b/t/i.1'))).toBe('3');
    });

    it('holds the conditions of a put, however the object there was put', async () => {
      for (const [there, then] of [
        [PACKED, IF_NONE],
        [{}, IF_NONE],
        [PACKED, { ifNoneMatch: '*' }],
      ] as const) {
        const key = `a/${JSON.stringify([there, then]).replace(/\W/g, '')}`;
        await store.put(key, bytes('1'), there);
        expect(await store.put(key, bytes('2'), then)).toEqual({ kind: 'precondition-failed' });
        expect(text(await store.get(key))).toBe('1');
        await store.delete(key);
        expect(await store.put(key, bytes('3'), then)).toMatchObject({ kind: 'stored' });
        expect(text(await store.get(key))).toBe('3');
      }
      const first = await store.put('a/k', bytes('1'), PACKED);
      const etag = first.kind === 'stored' ? first.etag : '';
      expect(await store.put('a/k', bytes('2'), { ...PACKED, ifMatch: '"0"' })).toEqual({
        kind: 'precondition-failed',
      });
      expect(await store.put('a/k', bytes('2'), { ...PACKED, ifMatch: etag })).toMatchObject({
        kind: 'stored',
      });
      expect(text(await store.get('a/k'))).toBe('2');
    });

    it('replaces one by the other, and removes it once, however it was put', async () => {
      for (const [first, second] of [
        [PACKED, PACKED],
        [PACKED, {}],
        [{}, PACKED],
      ] as const) {
        await store.put('a/k', bytes('1'), first);
        await store.put('a/other', bytes('o'), PACKED);
        await store.put('a/k', bytes('22'), second);
        expect(text(await store.get('a/k'))).toBe('22');
        expect(await keys('a/')).toEqual(['a/k', 'a/other']);
        await store.delete('a/k');
        expect(await store.get('a/k')).toBeUndefined();
        expect(await keys('a/')).toEqual(['a/other']);
        await store.delete('a/other');
        expect(await keys('')).toEqual([]);
      }
    });

    it('removes those that are asked for side by side, and no other', async () => {
      for (const name of ['1', '2', '3', '4']) await store.put(`a/${name}`, bytes(name), PACKED);
      await store.put('a/file', bytes('f'));
      await store.put('a/1', bytes('new'));
      const gone = ['a/1', 'a/3', 'a/file', 'a/never', 'b/never', 'a/3'];
      await Promise.all(gone.map((key) => store.delete(key)));
      expect(await keys('')).toEqual(['a/2', 'a/4']);
      expect(text(await (await harness.open()).get('a/4'))).toBe('4');
      await Promise.all(['a/4', 'a/2', 'a/2'].map((key) => store.delete(key)));
      expect(await keys('')).toEqual([]);
      await store.put('a/2', bytes('again'), PACKED);
      expect(text(await (await harness.open()).get('a/2'))).toBe('again');
    });

    it('lets writers side by side lose nothing, and have one winner for each first write', async () => {
      const handles = await Promise.all(Array.from({ length: 4 }, () => harness.open()));
      const won = await Promise.all(
        handles.map(async (handle, writer) => {
          let firsts = 0;
          for (let n = 0; n < 10; n++) {
            await handle.put(`a/${writer}-${n}`, bytes(`${writer} ${n}`), PACKED);
            if ((await handle.put(`a/first-${n}`, bytes('x'), IF_NONE)).kind === 'stored') firsts++;
          }
          return firsts;
        }),
      );
      expect(won.reduce((sum, firsts) => sum + firsts)).toBe(10);
      expect(await keys('a/')).toHaveLength(50);
      for (let n = 0; n < 10; n++) expect(text(await store.get(`a/3-${n}`))).toBe(`3 ${n}`);
    });

    it('shows each handle what the others put, removed and began anew', async () => {
      const other = await harness.open();
      await store.put('a/k', bytes('1'), PACKED);
      expect(text(await other.get('a/k'))).toBe('1');
      await store.delete('a/k');
      expect(await other.get('a/k')).toBeUndefined();
      await store.put('a/new', bytes('other bytes'), PACKED);
      await store.put('a/k', bytes('2'), PACKED);
      expect(text(await other.get('a/k'))).toBe('2');
      await other.delete('a/new');
      expect(await keys('a/')).toEqual(['a/k']);
    });
  });
}
