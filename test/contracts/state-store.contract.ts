import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json, StateQuery, StateStore, StateWrite } from '../../core/ports/state-store.ts';

/** One empty store, which any number of handles open, as processes would. */
export interface StateStoreHarness {
  open(): Promise<StateStore>;
  dispose(): Promise<void>;
}

const put = (sort: string, value: Json, expected?: number | 'absent', partition = 'p'): StateWrite => ({
  kind: 'put',
  partition,
  sort,
  value,
  ...(expected === undefined ? {} : { expect: expected }),
});

/** What every state store must do; each adapter's test calls it. */
export function stateStoreContract(name: string, create: () => Promise<StateStoreHarness>): void {
  describe(`${name} keeps the contract of a state store`, () => {
    let harness: StateStoreHarness;
    let store: StateStore;
    beforeEach(async () => {
      harness = await create();
      store = await harness.open();
    });
    afterEach(() => harness.dispose());

    async function sorts(options?: StateQuery, partition = 'p'): Promise<string[]> {
      return (await Array.fromAsync(store.query(partition, options))).map((document) => document.sort);
    }

    it('gives back any JSON value', async () => {
      const value = {
        a: [1, 2.5, -0.1, null, true, 'é "quoted" 🐎'],
        nested: { deep: { list: [[]] } },
        empty: '',
      };
      await store.write([put('s', value)]);
      expect(await store.get('p', 's')).toEqual({ partition: 'p', sort: 's', revision: 1, value });
    });

    it('answers undefined where there is no document', async () => {
      await store.write([put('s', 1)]);
      expect(await store.get('p', 'other')).toBeUndefined();
      expect(await store.get('other', 's')).toBeUndefined();
    });

    it('reads many at once, in the order in which they are named', async () => {
      for (const sort of ['a', 'b', 'c']) await store.write([put(sort, sort)]);
      await store.write([{ kind: 'put', partition: 'q', sort: 'a', value: 'other' }]);
      const names = [
        { partition: 'q', sort: 'a' },
        { partition: 'p', sort: 'c' },
        { partition: 'p', sort: 'none' },
        { partition: 'p', sort: 'a' },
      ];
      const found = await store.getMany(names);
      expect(found.map((document) => document?.value)).toEqual(['other', 'c', undefined, 'a']);
      expect(found[1]).toEqual({ partition: 'p', sort: 'c', revision: 1, value: 'c' });
      expect(await store.getMany([])).toEqual([]);
    });

    it('counts revisions from 1, one for each write', async () => {
      for (let revision = 1; revision <= 3; revision++) {
        await store.write([put('s', revision)]);
        expect(await store.get('p', 's')).toMatchObject({ revision, value: revision });
      }
    });

    it('creates only what is absent when asked to', async () => {
      expect(await store.write([put('s', 1, 'absent')])).toBe('written');
      expect(await store.write([put('s', 2, 'absent')])).toBe('conflict');
      expect(await store.get('p', 's')).toMatchObject({ revision: 1, value: 1 });
    });

    it('replaces only the revision that is expected', async () => {
      await store.write([put('s', 1)]);
      expect(await store.write([put('s', 2, 1)])).toBe('written');
      expect(await store.write([put('s', 3, 1)])).toBe('conflict');
      expect(await store.write([put('none', 3, 1)])).toBe('conflict');
      expect(await store.get('p', 's')).toMatchObject({ revision: 2, value: 2 });
      expect(await store.get('p', 'none')).toBeUndefined();
    });

    it('deletes with and without an expectation', async () => {
      await store.write([put('s', 1)]);
      expect(await store.write([{ kind: 'delete', partition: 'p', sort: 's', expect: 2 }])).toBe('conflict');
      expect(await store.get('p', 's')).toBeDefined();
      expect(await store.write([{ kind: 'delete', partition: 'p', sort: 's', expect: 1 }])).toBe('written');
      expect(await store.get('p', 's')).toBeUndefined();
      expect(await store.write([{ kind: 'delete', partition: 'p', sort: 's', expect: 1 }])).toBe('conflict');
      expect(await store.write([{ kind: 'delete', partition: 'p', sort: 's' }])).toBe('written');
      await store.write([put('s', 2, 'absent')]);
      expect(await store.get('p', 's')).toMatchObject({ revision: 1 });
    });

    it('writes all of a transaction or nothing of it', async () => {
      await store.write([put('a', 1), put('b', 1)]);
      const doomed = [put('a', 2, 1), { kind: 'delete', partition: 'p', sort: 'b' } as const, put('c', 2, 5)];
      expect(await store.write(doomed)).toBe('conflict');
      expect(await sorts()).toEqual(['a', 'b']);
      expect(await store.get('p', 'a')).toMatchObject({ revision: 1, value: 1 });
      expect(await store.write([put('a', 2, 1), put('x', 2, 'absent', 'other')])).toBe('written');
      expect(await store.get('other', 'x')).toMatchObject({ value: 2 });
    });

    it('takes 100 writes at once, refuses 101 and refuses one document twice', async () => {
      const writes = Array.from({ length: 101 }, (_, index) => put(`s${index}`, index));
      await expect(store.write(writes)).rejects.toThrow(RangeError);
      expect(await store.write(writes.slice(0, 100))).toBe('written');
      await expect(store.write([put('s', 1), put('s', 2)])).rejects.toThrow(RangeError);
      expect(await store.write([])).toBe('written');
    });

    const check = (sort: string, expected: number | 'present' | 'absent'): StateWrite => ({
      kind: 'check',
      partition: 'p',
      sort,
      expect: expected,
    });

    it('checks documents in the moment of a transaction, and writes nothing to them', async () => {
      await store.write([put('parent', 1)]);
      await store.write([put('parent', 2)]);
      for (const [sort, expected] of [
        ['parent', 'present'],
        ['parent', 2],
        ['none', 'absent'],
      ] as const) {
        expect(await store.transact([put(`child ${expected}`, 1), check(sort, expected)])).toEqual({
          kind: 'written',
        });
        expect(await store.transact([check(sort, expected)])).toEqual({ kind: 'written' });
      }
      for (const [sort, expected] of [
        ['parent', 'absent'],
        ['parent', 1],
        ['none', 'present'],
        ['none', 1],
      ] as const) {
        expect(await store.transact([put('orphan', 1), check(sort, expected)])).toEqual({
          kind: 'conflict',
          at: [1],
        });
        expect(await store.write([check(sort, expected)])).toBe('conflict');
      }
      expect(await store.get('p', 'parent')).toMatchObject({ revision: 2, value: 2 });
      expect(await sorts()).toEqual(['child 2', 'child absent', 'child present', 'parent']);
    });

    it('names every write of a transaction whose expectation does not hold', async () => {
      await store.write([put('a', 1), put('b', 1)]);
      const doomed: StateWrite[] = [
        put('a', 2, 1),
        put('b', 2, 7),
        put('new', 2),
        { kind: 'delete', partition: 'p', sort: 'gone', expect: 1 },
        check('a2', 'absent'),
        put('b2', 2, 'absent'),
        check('none', 'present'),
      ];
      expect(await store.transact(doomed)).toEqual({ kind: 'conflict', at: [1, 3, 6] });
      expect(await store.transact([put('a', 2, 'absent')])).toEqual({ kind: 'conflict', at: [0] });
      expect(await sorts()).toEqual(['a', 'b']);
      expect(await store.get('p', 'a')).toMatchObject({ revision: 1 });
    });

    it('refuses a check beside a write of the same document', async () => {
      await store.write([put('a', 1)]);
      await expect(store.transact([put('a', 2), check('a', 'present')])).rejects.toThrow(RangeError);
      await expect(store.transact([check('a', 1), check('a', 'present')])).rejects.toThrow(RangeError);
      expect(await store.get('p', 'a')).toMatchObject({ value: 1 });
    });

    it('takes 3.5 MB at once and refuses more, before anything is written', async () => {
      const large = (count: number, text: string) =>
        Array.from({ length: count }, (_, n) => put(`s${String(n).padStart(3, '0')}`, text));
      await expect(store.transact(large(18, 'é'.repeat(100_000)))).rejects.toThrow(RangeError);
      expect(await sorts()).toEqual([]);
      // The emulator counts what is no ASCII as it is escaped.
      expect(await store.transact(large(17, 'x'.repeat(200_000)))).toEqual({ kind: 'written' });
    });

    it('lets no child be written whose parent is deleted meanwhile, whoever is first', async () => {
      const other = await harness.open();
      for (let round = 0; round < 10; round++) {
        const parent = `parent ${round}`;
        await store.write([put(parent, 1)]);
        const [child, gone] = await Promise.all([
          store.transact([put(`child ${round}`, 1, 'absent'), check(parent, 'present')]),
          other.transact([
            { kind: 'delete', partition: 'p', sort: parent, expect: 1 },
            check(`child ${round}`, 'absent'),
          ]),
        ]);
        expect([child.kind, gone.kind].toSorted()).toEqual(['conflict', 'written']);
      }
    });

    it('lists a partition in byte order of the sort key', async () => {
      const all = ['', 'A', 'a', 'a!', 'a#1', 'a/b', 'ab', 'z', 'é', '漢', '🐎'];
      for (const sort of all.toReversed()) await store.write([put(`x${sort}`, 1)]);
      await store.write([put('elsewhere', 1, undefined, 'other')]);
      expect(await sorts()).toEqual(all.map((sort) => `x${sort}`));
      expect(await sorts({ descending: true })).toEqual(all.toReversed().map((sort) => `x${sort}`));
      expect(await sorts({}, 'none')).toEqual([]);
    });

    it('narrows by prefix, by inclusive bounds and by a limit', async () => {
      for (const sort of ['a', 'a#1', 'a#2', 'a#\uffff', 'a#🐎', 'a$', 'b%', 'b_'])
        await store.write([put(sort, 1)]);
      expect(await sorts({ prefix: 'a#' })).toEqual(['a#1', 'a#2', 'a#\uffff', 'a#🐎']);
      expect(await sorts({ prefix: 'b%' })).toEqual(['b%']);
      expect(await sorts({ from: 'a#1', to: 'a#2' })).toEqual(['a#1', 'a#2']);
      expect(await sorts({ prefix: 'a#', from: 'a#2' })).toEqual(['a#2', 'a#\uffff', 'a#🐎']);
      expect(await sorts({ prefix: 'a#', limit: 2 })).toEqual(['a#1', 'a#2']);
      expect(await sorts({ prefix: 'a#', limit: 1, descending: true })).toEqual(['a#🐎']);
      expect(await sorts({ limit: 0 })).toEqual([]);
      expect(await sorts({ prefix: '' })).toHaveLength(8);
    });

    it('lists more documents than fit on a page, also while they are deleted', async () => {
      const all = Array.from({ length: 700 }, (_, index) => `s${String(index).padStart(4, '0')}`);
      for (let start = 0; start < all.length; start += 100) {
        await store.write(all.slice(start, start + 100).map((sort) => put(sort, 'x')));
      }
      expect(await sorts()).toEqual(all);
      expect(await sorts({ descending: true, limit: 600 })).toEqual(all.toReversed().slice(0, 600));
      const seen: string[] = [];
      for await (const { sort } of store.query('p')) {
        seen.push(sort);
        await store.write([{ kind: 'delete', partition: 'p', sort }]);
      }
      expect(seen).toEqual(all);
      expect(await sorts()).toEqual([]);
    });

    it('names all documents of all partitions, each once, and none where there is none', async () => {
      expect(await Array.fromAsync(store.scan())).toEqual([]);
      const names = Array.from({ length: 600 }, (_, n) => ({ partition: `p${n % 7}`, sort: `s#${n} é` }));
      for (let at = 0; at < names.length; at += 100)
        await store.write(
          names.slice(at, at + 100).map(({ partition, sort }) => put(sort, 1, undefined, partition)),
        );
      const found = await Array.fromAsync(store.scan());
      const inOrder = (all: typeof found) =>
        all.map(({ partition, sort }) => `${partition}/${sort}`).toSorted();
      expect(inOrder(found)).toEqual(inOrder(names));
      expect(Object.keys(found[0]!)).toEqual(['partition', 'sort']);
    });

    it('lets what it names be deleted on the way', async () => {
      for (let n = 0; n < 300; n++) await store.write([put(`s${n}`, n, undefined, `p${n % 3}`)]);
      for await (const { partition, sort } of store.scan())
        await store.write([{ kind: 'delete', partition, sort }]);
      expect(await Array.fromAsync(store.scan())).toEqual([]);
    });

    it('runs two queries side by side', async () => {
      await store.write([put('a', 1), put('b', 1), put('c', 1)]);
      const pairs: string[] = [];
      for await (const outer of store.query('p')) {
        for await (const inner of store.query('p')) pairs.push(outer.sort + inner.sort);
      }
      expect(pairs).toEqual(['aa', 'ab', 'ac', 'ba', 'bb', 'bc', 'ca', 'cb', 'cc']);
    });

    it('loses no increment of many writers that retry on conflict', async () => {
      const handles = await Promise.all(Array.from({ length: 4 }, () => harness.open()));
      await store.write([put('n', 0)]);
      await Promise.all(
        handles.map(async (handle) => {
          for (let done = 0; done < 10; ) {
            const document = await handle.get('p', 'n');
            const answer = await handle.write([put('n', Number(document?.value) + 1, document?.revision)]);
            if (answer === 'written') done++;
          }
        }),
      );
      expect(await store.get('p', 'n')).toMatchObject({ value: 40, revision: 41 });
    });
  });
}
