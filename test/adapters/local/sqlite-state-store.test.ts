import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { stateStoreContract } from '../../contracts/state-store.contract.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { killAfterProgress, startWriter } from './writer-process.ts';

stateStoreContract('the SQLite state store', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-state-'));
  const open = new Set<{ close(): void }>();
  return {
    async open() {
      const store = openSqliteStateStore(join(directory, 'state', 'state.sqlite'));
      open.add(store);
      return store;
    },
    async dispose() {
      for (const store of open) store.close();
      rmSync(directory, { recursive: true });
    },
  };
});

describe('the SQLite state store', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rescrape-state-'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });

  it('says what to do about a file that is no database', () => {
    const file = join(directory, 'state.sqlite');
    writeFileSync(file, 'this is no database, but it is long enough to be looked at'.repeat(20));
    expect(() => openSqliteStateStore(file)).toThrow(StorageError);
    expect(() => openSqliteStateStore(file)).toThrow(
      /cannot open .*state\.sqlite: .*not a SQLite database; move it away/,
    );
  });

  it('says what to do about a database with a damaged page', async () => {
    const file = join(directory, 'state.sqlite');
    const store = openSqliteStateStore(file);
    for (let n = 0; n < 50; n++) {
      await store.write([{ kind: 'put', partition: 'p', sort: `s${n}`, value: 'x'.repeat(1000) }]);
    }
    store.close();
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4096 * 2);
    writeFileSync(file, bytes);
    const damaged = openSqliteStateStore(file);
    await expect(Array.fromAsync(damaged.query('p'))).rejects.toThrow(/cannot read .*: the file is damaged/);
    damaged.close();
  });

  it('says what to do where a file stands in the place of its directory', () => {
    writeFileSync(join(directory, 'plain'), '');
    expect(() => openSqliteStateStore(join(directory, 'plain', 'state.sqlite'))).toThrow(
      /a file stands where a directory is needed/,
    );
  });

  it('can be read, and not written, where its directory belongs to somebody else', async () => {
    const file = join(directory, 'state.sqlite');
    const theirs = openSqliteStateStore(file);
    await theirs.write([{ kind: 'put', partition: 'p', sort: 's', value: 'x' }]);
    theirs.close();
    const temporary = join(directory, 'tmp');
    mkdirSync(temporary);
    chmodSync(temporary, 0o777);
    vi.stubEnv('TMPDIR', temporary);
    chmodSync(directory, 0o555);
    await asOrdinaryUser(async () => {
      const store = openSqliteStateStore(file);
      expect((await store.get('p', 's'))?.value).toBe('x');
      await expect(store.write([{ kind: 'put', partition: 'p', sort: 's', value: 'y' }])).rejects.toThrow(
        /^cannot write .*state\.sqlite: permission denied; give this user write access to it, [^\n]*$/,
      );
      store.close();
    });
    expect(readdirSync(directory)).toEqual(['state.sqlite', 'tmp']);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('is refused in one line where it lies in such a directory and its changes are not in it yet', async () => {
    const file = join(directory, 'state.sqlite');
    const theirs = openSqliteStateStore(file);
    await theirs.write([{ kind: 'put', partition: 'p', sort: 's', value: 'x' }]);
    mkdirSync(join(directory, 'copy'));
    for (const name of ['state.sqlite', 'state.sqlite-wal'])
      copyFileSync(join(directory, name), join(directory, 'copy', name));
    theirs.close();
    chmodSync(directory, 0o755);
    chmodSync(join(directory, 'copy'), 0o555);
    await asOrdinaryUser(async () => {
      expect(() => openSqliteStateStore(join(directory, 'copy', 'state.sqlite'))).toThrow(
        /^cannot open .*state\.sqlite: permission denied; give this user write access to it, [^\n]*$/,
      );
    });
  });

  it('keeps whole transactions only when its writer is killed', async () => {
    const file = join(directory, 'state.sqlite');
    openSqliteStateStore(file).close();
    for (let round = 0; round < 3; round++) {
      const writer = startWriter('state', file);
      const reported = await killAfterProgress(writer, 20);
      const store = openSqliteStateStore(file);
      const documents = await Promise.all(['a', 'b', 'c'].map((sort) => store.get('p', sort)));
      expect(new Set(documents.map((document) => document?.value)).size).toBe(1);
      expect(Number(documents[0]?.value)).toBeGreaterThanOrEqual(reported);
      store.close();
    }
  });

  it('loses no increment between processes', async () => {
    const file = join(directory, 'state.sqlite');
    openSqliteStateStore(file).close();
    const writers = Array.from({ length: 3 }, () => startWriter('increment', file));
    await Promise.all(writers.map((writer) => writer.exited));
    const store = openSqliteStateStore(file);
    expect(await store.get('p', 'n')).toMatchObject({ value: 150 });
    store.close();
  });
});
