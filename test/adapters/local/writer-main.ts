/**
 * The process behind `startWriter`: works on a store until it is done or killed, and prints each finished
 * step.
 */
import { openDirectoryObjectStore } from '../../../adapters/local/directory-object-store.ts';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import type { WriterTask } from './writer-process.ts';

const tasks: Record<WriterTask, (target: string, writer: string) => Promise<void>> = {
  /** Writes one number into three documents in one transaction, over and over. */
  async state(file) {
    const store = openSqliteStateStore(file);
    const before = await store.get('p', 'a');
    for (let step = Number(before?.value ?? 0) + 1; ; step++) {
      await store.write(
        ['a', 'b', 'c'].map((sort) => ({ kind: 'put', partition: 'p', sort, value: step }) as const),
      );
      console.log(step);
    }
  },

  async increment(file) {
    const store = openSqliteStateStore(file);
    for (let done = 0; done < 50; ) {
      const document = await store.get('p', 'n');
      const value = Number(document?.value ?? 0) + 1;
      const answer = await store.write([
        { kind: 'put', partition: 'p', sort: 'n', value, expect: document?.revision ?? 'absent' },
      ]);
      if (answer === 'written') done++;
    }
    store.close();
  },

  /**
   * Swaps one object with metadata that repeats its body's number, over and over; every other put is durable.
   */
  async swap(root) {
    const store = openDirectoryObjectStore(root);
    const before = await store.head('tables/t/manifest');
    for (let step = Number(before?.metadata.version ?? 0) + 1; ; step++) {
      const body = Buffer.from(`${step}\n`.repeat(2000));
      const current = await store.head('tables/t/manifest');
      await store.put('tables/t/manifest', body, {
        metadata: { version: String(step) },
        durable: step % 2 === 0,
        ...(current ? { ifMatch: current.etag } : { ifNoneMatch: '*' }),
      });
      console.log(step);
    }
  },

  /** Puts packed objects of more than a megabyte, so that a kill meets one that is half written. */
  async pack(root, writer) {
    const store = openDirectoryObjectStore(root);
    for (let step = 1; ; step++) {
      await store.put(`a/${writer}.${step}`, Buffer.alloc(1_500_000, step), { packed: true });
      console.log(step);
    }
  },

  /**
   * Fills the file of packed objects until the disk takes no more, then removes an object twice; prints what
   * each removal ended with, and whether the object is there after it.
   */
  async fill(root) {
    const store = openDirectoryObjectStore(root);
    const refused = (work: Promise<unknown>) =>
      work.then(
        () => false,
        () => true,
      );
    // Its removal takes more room than an empty object of a short name.
    const long = `a/${'n'.repeat(200)}`;
    await store.put(long, Buffer.from('body'), { packed: true });
    for (const size of [10_000, 100, 0])
      for (let n = 0; !(await refused(store.put(`a/${size}.${n}`, Buffer.alloc(size), { packed: true }))); )
        n++;
    for (let nth = 0; nth < 2; nth++) {
      const isRefused = await refused(store.delete(long));
      console.log(`${isRefused ? 'refused' : 'removed'}, ${(await store.get(long)) ? 'there' : 'gone'}`);
    }
    store.close();
  },

  /** Adds 40 lines to one object by compare and swap; prints how often it lost. */
  async race(root, writer) {
    const store = openDirectoryObjectStore(root);
    let lost = 0;
    for (let done = 0; done < 40; ) {
      const current = await store.get('log');
      const body = Buffer.concat([current?.body ?? Buffer.alloc(0), Buffer.from(`${writer} ${done}\n`)]);
      const put = await store.put('log', body, current ? { ifMatch: current.etag } : { ifNoneMatch: '*' });
      if (put.kind === 'stored') done++;
      else lost++;
    }
    console.log(lost);
    store.close();
  },
};

const [task, target, writer = ''] = process.argv.slice(2);
await tasks[task as WriterTask](String(target), writer);
