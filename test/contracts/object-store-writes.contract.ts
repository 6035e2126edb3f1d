import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore, StoredObject } from '../../core/ports/object-store.ts';
import type { ObjectStoreHarness } from './object-store.contract.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (object: StoredObject | undefined) => new TextDecoder().decode(object?.body);

/** The part of `objectStoreContract` that is about puts: conditions, metadata, writers against each other. */
export function objectStoreWrites(name: string, create: () => Promise<ObjectStoreHarness>): void {
  describe(`${name} keeps the contract of an object store's puts`, () => {
    let harness: ObjectStoreHarness;
    let store: ObjectStore;
    beforeEach(async () => {
      harness = await create();
      store = await harness.open();
    });
    afterEach(() => harness.dispose());

    describe('writing', () => {
      it('replaces the bytes and changes the etag, and gives equal bytes an equal etag', async () => {
        const first = await store.put('k', bytes('1'));
        const second = await store.put('k', bytes('2'));
        expect(text(await store.get('k'))).toBe('2');
        expect(second).not.toEqual(first);
        expect(await store.put('k', bytes('1'))).toEqual(first);
      });

      it('writes only where there is no object when asked to', async () => {
        expect(await store.put('k', bytes('1'), { ifNoneMatch: '*' })).toMatchObject({ kind: 'stored' });
        expect(await store.put('k', bytes('2'), { ifNoneMatch: '*' })).toEqual({
          kind: 'precondition-failed',
        });
        expect(text(await store.get('k'))).toBe('1');
      });

      it('writes only over the etag that it was given', async () => {
        const first = await store.put('k', bytes('1'));
        const etag = first.kind === 'stored' ? first.etag : '';
        const second = await store.put('k', bytes('2'), { ifMatch: etag });
        expect(second).toMatchObject({ kind: 'stored' });
        expect(await store.put('k', bytes('3'), { ifMatch: etag })).toEqual({ kind: 'precondition-failed' });
        expect(text(await store.get('k'))).toBe('2');
      });

      it('does not write over an etag where there is no object', async () => {
        expect(await store.put('k', bytes('1'), { ifMatch: '"0"' })).toEqual({ kind: 'precondition-failed' });
        expect(await store.get('k')).toBeUndefined();
      });

      it('keeps durable objects like any others', async () => {
        const put = await store.put('deep/er/k', bytes('1'), { durable: true, metadata: { a: 'b' } });
        expect(await store.head('deep/er/k')).toMatchObject({ etag: put.kind === 'stored' && put.etag });
        expect(await store.put('deep/er/k', bytes('2'), { durable: true, ifNoneMatch: '*' })).toEqual({
          kind: 'precondition-failed',
        });
        expect(await store.head('deep/er/k')).toMatchObject({ size: 1, metadata: { a: 'b' } });
      });

      it('does not keep the caller’s buffer', async () => {
        const body = bytes('before');
        const put = store.put('k', body, { durable: true });
        await put;
        body.fill(0);
        expect(text(await store.get('k'))).toBe('before');
      });
    });

    describe('metadata', () => {
      it('belongs to the body that it came with', async () => {
        await store.put('k', bytes('1'), { metadata: { run: '1', 'rows-total': '20' } });
        expect(await store.get('k')).toMatchObject({ metadata: { run: '1', 'rows-total': '20' } });
        await store.put('k', bytes('2'), { metadata: { run: '2' } });
        expect((await store.get('k'))?.metadata).toEqual({ run: '2' });
        await store.put('k', bytes('3'));
        expect((await store.get('k'))?.metadata).toEqual({});
      });

      it('is replaced also where the body stays the same', async () => {
        await store.put('k', bytes('1'), { metadata: { run: '1' } });
        await store.put('k', bytes('1'), { metadata: { run: '2' } });
        expect((await store.get('k'))?.metadata).toEqual({ run: '2' });
        await store.put('k', bytes('1'));
        expect((await store.get('k'))?.metadata).toEqual({});
      });

      it('does not come back with a body that was there before', async () => {
        await store.put('k', bytes('1'), { metadata: { run: '1' } });
        await store.put('k', bytes('2'));
        await store.put('k', bytes('1'));
        expect((await store.get('k'))?.metadata).toEqual({});
        await store.put('k', bytes('1'), { metadata: { run: '1' } });
        await store.delete('k');
        await store.put('k', bytes('1'));
        expect((await store.get('k'))?.metadata).toEqual({});
      });

      it('is left alone by a put whose condition fails', async () => {
        await store.put('k', bytes('1'), { metadata: { run: '1' } });
        await store.put('k', bytes('1'), { metadata: { run: '2' }, ifNoneMatch: '*' });
        expect((await store.get('k'))?.metadata).toEqual({ run: '1' });
      });

      it.each([
        [{ Upper: 'x' }],
        [{ a: 'é' }],
        [{ a: 'line\nbreak' }],
        [{ a: ' outer' }],
        [{ a: 'x'.repeat(2048) }],
      ])('refuses what S3 would refuse or change: %j', async (metadata) => {
        await expect(store.put('k', bytes('1'), { metadata })).rejects.toThrow(RangeError);
        expect(await store.get('k')).toBeUndefined();
      });
    });

    describe('concurrent writers', () => {
      it('have exactly one winner for the first write', async () => {
        const handles = await Promise.all(Array.from({ length: 8 }, () => harness.open()));
        for (let round = 0; round < 10; round++) {
          const puts = await Promise.all(
            handles.map((handle, writer) =>
              handle.put(`k${round}`, bytes(String(writer)), { ifNoneMatch: '*' }),
            ),
          );
          const winners = puts.flatMap((put, writer) => (put.kind === 'stored' ? [String(writer)] : []));
          expect(winners).toHaveLength(1);
          expect(text(await store.get(`k${round}`))).toBe(winners[0]);
        }
      });

      it('have exactly one winner for each swap, durable or not', async () => {
        const handles = await Promise.all(Array.from({ length: 8 }, () => harness.open()));
        await store.put('k', bytes('start'));
        for (let round = 0; round < 10; round++) {
          const current = await store.head('k');
          const puts = await Promise.all(
            handles.map((handle, writer) =>
              handle.put('k', bytes(`${round}-${writer}`), {
                ifMatch: current?.etag ?? '',
                durable: writer % 2 === 0,
                metadata: { writer: String(writer) },
              }),
            ),
          );
          const winners = puts.flatMap((put, writer) => (put.kind === 'stored' ? [String(writer)] : []));
          expect(winners).toHaveLength(1);
          const object = await store.get('k');
          expect(text(object)).toBe(`${round}-${winners[0]}`);
          expect(object?.metadata).toEqual({ writer: winners[0] });
        }
      });

      it('never show a reader half an object, nothing, or another body’s metadata', async () => {
        const body = (version: number) => bytes(String(version % 10).repeat(100_000 + version));
        await store.put('k', body(0), { metadata: { version: '0' } });
        let writing = true;
        const reading = (async () => {
          let seen = 0;
          while (writing) {
            const object = await store.get('k');
            const version = (object?.size ?? 0) - 100_000;
            expect(object?.metadata).toEqual({ version: String(version) });
            expect(object && Buffer.compare(object.body, body(version))).toBe(0);
            seen++;
            // Lets the writer's turn come where both share a thread.
            await new Promise(setImmediate);
          }
          return seen;
        })();
        const writer = await harness.open();
        for (let version = 1; version <= 40; version++) {
          await writer.put('k', body(version), { metadata: { version: String(version) } });
          await new Promise(setImmediate);
        }
        writing = false;
        expect(await reading).toBeGreaterThan(1);
      });
    });
  });
}
