import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectoryObjectStore } from '../../../adapters/local/directory-object-store.ts';
import { killAfterProgress, startLimitedWriter, startWriter } from './writer-process.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const PACKED = { packed: true } as const;

let root: string;
let store: ReturnType<typeof openDirectoryObjectStore>;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-packed-'));
  store = openDirectoryObjectStore(root);
});
afterEach(() => {
  store.close();
  rmSync(root, { recursive: true });
});

const file = () => join(root, 'a', '.packed');
const textOf = async (key: string, from = store) => {
  const object = await from.get(key);
  return object && new TextDecoder().decode(object.body);
};
const keys = async (from = store) => (await Array.fromAsync(from.list('a/'))).map(({ key }) => key);

/** Another process, which knows nothing yet. */
async function another<T>(use: (other: typeof store) => Promise<T>): Promise<T> {
  const other = openDirectoryObjectStore(root);
  try {
    return await use(other);
  } finally {
    other.close();
  }
}

describe('packed objects', () => {
  it('lie in one file, which goes with the last of them', async () => {
    for (const name of ['1', '2', '3']) await store.put(`a/${name}`, bytes(name), PACKED);
    expect(readdirSync(join(root, 'a'))).toEqual(['.packed']);
    for (const name of ['1', '3']) await store.delete(`a/${name}`);
    expect(await another(keys)).toEqual(['a/2']);
    await another((other) => other.delete('a/2'));
    expect(existsSync(join(root, 'a'))).toBe(false);
    expect(await keys()).toEqual([]);
    await store.put('a/4', bytes('4'), PACKED);
    expect(await another(keys)).toEqual(['a/4']);
  });

  it('of a tree make no directory but that of their file, which goes with the last of them', async () => {
    const tree = ['a/b/c/1', 'a/b/c/d/2', 'a/b/3'];
    for (const key of tree) await store.put(key, bytes(key), { packed: 'a/b/' });
    expect(readdirSync(join(root, 'a'), { recursive: true })).toEqual(['b', join('b', '.packed')]);
    expect(await another(keys)).toEqual(['a/b/3', 'a/b/c/1', 'a/b/c/d/2']);
    for (const key of tree) {
      expect(await textOf(key)).toBe(key);
      await another((other) => other.delete(key));
    }
    expect(existsSync(join(root, 'a'))).toBe(false);
    expect(await keys()).toEqual([]);
  });

  it('stay in the file of their own directory, where a program before this one has packed them', async () => {
    await store.put('a/b/c/1', bytes('old'), PACKED);
    await store.put('a/b/c/2', bytes('old'), PACKED);
    const tree = { packed: 'a/b/' } as const;
    await another(async (other) => {
      expect(await other.put('a/b/c/1', bytes('new'), { ...tree, ifNoneMatch: '*' })).toEqual({
        kind: 'precondition-failed',
      });
      await other.put('a/b/c/2', bytes('new'), tree);
      await other.put('a/b/c/10', bytes('new'), tree);
    });
    expect(readdirSync(join(root, 'a', 'b')).sort()).toEqual(['.packed', 'c']);
    expect(await keys()).toEqual(['a/b/c/1', 'a/b/c/10', 'a/b/c/2']);
    expect(await Promise.all((await keys()).map((key) => textOf(key)))).toEqual(['old', 'new', 'new']);
    await Promise.all((await keys()).map((key) => store.delete(key)));
    expect(await another(keys)).toEqual([]);
    expect(existsSync(join(root, 'a'))).toBe(false);
  });

  it('leave nothing of a file that a program before this one was killed over before its first line', async () => {
    await store.put('a/b/c/1', bytes('1'), PACKED);
    truncateSync(join(root, 'a', 'b', 'c', '.packed'), 0);
    await another(async (other) => {
      await other.put('a/b/c/1', bytes('1'), { packed: 'a/b/' });
      await other.delete('a/b/c/1');
    });
    expect(existsSync(join(root, 'a'))).toBe(false);
  });

  it('are refused where nobody would find them: in a file that is too far above, or elsewhere', async () => {
    for (const packed of ['a/', 'a/b/c/d/e/f/', 'x/'])
      await expect(store.put('a/b/c/d/e', bytes('1'), { packed })).rejects.toThrow(RangeError);
    expect(await keys()).toEqual([]);
  });

  it.each(['{}', 'null', '7', '{"x":1}', '{"name":"2","bytes":-1,"hash":""}', '{"name":"2","bytes":"9"}'])(
    'end where a line is JSON and no frame: %s',
    async (line) => {
      await store.put('a/1', bytes('1'), PACKED);
      appendFileSync(file(), `${line}\nand more`);
      await another(async (other) => {
        expect(await keys(other)).toEqual(['a/1']);
        await other.put('a/3', bytes('3'), PACKED);
      });
      expect(await another(keys)).toEqual(['a/1', 'a/3']);
    },
  );

  it('are files of their own where they must survive a power cut, or carry metadata', async () => {
    await store.put('a/durable', bytes('1'), { packed: true, durable: true });
    await store.put('a/described', bytes('2'), { packed: true, metadata: { a: 'b' } });
    expect(existsSync(file())).toBe(false);
    expect(await store.head('a/described')).toMatchObject({ metadata: { a: 'b' } });
  });

  it('stand beside files that a program before this one wrote there', async () => {
    await store.put('a/item-1.1', bytes('old'));
    await store.put('a/item-2.1', bytes('new'), PACKED);
    expect(await another(keys)).toEqual(['a/item-1.1', 'a/item-2.1']);
    expect(await textOf('a/item-1.1')).toBe('old');
  });

  it('do not follow a symbolic link out of the store', async () => {
    await store.put('a/1', bytes('1'), PACKED);
    const elsewhere = join(root, 'elsewhere');
    writeFileSync(elsewhere, readFileSync(file()));
    rmSync(file());
    symlinkSync(elsewhere, file());
    await expect(store.put('a/2', bytes('2'), PACKED)).rejects.toThrow(/it is a symbolic link/);
    await expect(store.get('a/1')).rejects.toThrow(/it is a symbolic link/);
  });
});

describe('a packed file whose writer was killed in the midst of a write', () => {
  /** Two whole objects, and of a third all that comes before each of its bytes. */
  async function tornEverywhere(check: (size: number) => Promise<void>): Promise<void> {
    for (const name of ['1', '2']) await store.put(`a/${name}`, bytes(`body ${name}`), PACKED);
    const whole = readFileSync(file());
    await store.put('a/3', bytes('body 3\n{"name":"a","bytes":0}\n'), PACKED);
    const all = readFileSync(file());
    for (let size = whole.length; size < all.length; size++) {
      writeFileSync(file(), all.subarray(0, size));
      await check(size);
    }
  }

  it('is read up to there', async () => {
    await tornEverywhere(async () => {
      await another(async (other) => {
        expect(await keys(other)).toEqual(['a/1', 'a/2']);
        expect(await textOf('a/2', other)).toBe('body 2');
        expect(await other.get('a/3')).toBeUndefined();
      });
    });
  });

  it('is written on from there: what comes next is not lost behind the torn end', async () => {
    await tornEverywhere(async () => {
      await another(async (other) => {
        await other.put('a/4', bytes('body 4'), PACKED);
        expect(await other.put('a/3', bytes('again'), { packed: true, ifNoneMatch: '*' })).toMatchObject({
          kind: 'stored',
        });
      });
      await another(async (other) => {
        expect(await keys(other)).toEqual(['a/1', 'a/2', 'a/3', 'a/4']);
        expect(await textOf('a/3', other)).toBe('again');
        expect(await textOf('a/4', other)).toBe('body 4');
      });
    });
  });

  it('loses nothing to a removal either', async () => {
    await tornEverywhere(async () => {
      await another((other) => other.delete('a/1'));
      expect(await another(keys)).toEqual(['a/2']);
    });
  });

  it('is begun anew where not even its first line was written', async () => {
    await store.put('a/1', bytes('1'), PACKED);
    const head = readFileSync(file()).indexOf('{');
    for (let size = 0; size <= head; size++) {
      truncateSync(file(), size);
      expect(await another(keys)).toEqual([]);
      await another((other) => other.put('a/2', bytes('2'), PACKED));
      expect(await another(keys)).toEqual(['a/2']);
    }
  });

  it('is refused and stays as it is where it is no file of ours, or one of a later version', async () => {
    await store.put('a/1', bytes('1'), PACKED);
    const later = readFileSync(file(), 'latin1').replace('objects 1', 'objects 2');
    writeFileSync(file(), later);
    await another(async (other) => {
      await expect(other.get('a/1')).rejects.toThrow(/another version of Rescrape/);
      await expect(keys(other)).rejects.toThrow(/another version of Rescrape/);
      await expect(other.put('a/2', bytes('2'), PACKED)).rejects.toThrow(/another version of Rescrape/);
    });
    expect(readFileSync(file(), 'latin1')).toBe(later);
  });

  it('is known as torn by its bytes, where its length is right', async () => {
    await store.put('a/1', bytes('1'), PACKED);
    const { size } = statSync(file());
    await store.put('a/2', new Uint8Array(5000).fill(7), PACKED);
    const full = statSync(file()).size;
    truncateSync(file(), full - 4096);
    appendFileSync(file(), new Uint8Array(4096));
    expect(await another(keys)).toEqual(['a/1']);
    await another((other) => other.put('a/3', bytes('3'), PACKED));
    expect(await another(keys)).toEqual(['a/1', 'a/3']);
    expect(statSync(file()).size).toBeLessThan(size + 300);
  });
});

describe('a packed file on a full disk', () => {
  it('keeps an object whose removal the disk refused, and removes it when it is asked again', async () => {
    const writer = startLimitedWriter('fill', root);
    const lines = await Array.fromAsync({ [Symbol.asyncIterator]: () => writer.lines });
    await writer.exited;
    expect(lines).toEqual(['refused, there', 'refused, there']);
    const before = await keys();
    const long = `a/${'n'.repeat(200)}`;
    expect(before).toContain(long);
    await store.delete(long);
    expect(await another(keys)).toEqual(before.filter((key) => key !== long));
  });
});

describe('packed objects of several processes', () => {
  it('are all there, whole, whenever one of the processes is killed', async () => {
    const reported = new Map<string, number>();
    for (let round = 0; round < 4; round++) {
      const writers = [0, 1].map((nth) => startWriter('pack', root, `w${round}-${nth}`));
      const last = await Promise.all(
        writers.map((writer, nth) => killAfterProgress(writer, 3 + round + nth)),
      );
      for (const [nth, step] of last.entries()) reported.set(`w${round}-${nth}`, step);
      await store.put(`a/here.${round}`, bytes(`${round}`), PACKED);
    }
    for (const [writer, last] of reported)
      for (let step = 1; step <= last; step++) {
        const object = await store.get(`a/${writer}.${step}`);
        expect(object?.size, `${writer}.${step}`).toBe(1_500_000);
        expect(object!.body.every((byte) => byte === step % 256)).toBe(true);
      }
    for (let round = 0; round < 4; round++) expect(await textOf(`a/here.${round}`)).toBe(`${round}`);
    expect(await another(keys)).toEqual(await keys());
  });
});
