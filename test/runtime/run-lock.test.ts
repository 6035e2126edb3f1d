import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../adapters/local/sqlite-state-store.ts';
import { StorageError } from '../../core/ports/storage-error.ts';
import { RunStore } from '../../core/state/run-store.ts';
import { lockRun, RunInProgressError } from '../../runtime/run-lock.ts';

let directory: string;
let state: ReturnType<typeof openSqliteStateStore>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-lock-'));
  state = openSqliteStateStore(join(directory, 'state.sqlite'));
});
afterEach(() => {
  state.close();
  rmSync(directory, { recursive: true, force: true });
});
const lock = (source: string, below = '') => lockRun({ directory: join(directory, below), state }, source);

const url = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);
const NODE = ['--no-warnings', '--input-type=module', '-e'];
const LOCK = `import { lockRun } from ${url('runtime/run-lock.ts')};`;

/** A process that holds the lock until it is killed; resolves once it has it. */
async function holder(source: string): Promise<{ kill(): Promise<void> }> {
  const code = `${LOCK}
    await lockRun({ directory: ${JSON.stringify(directory)} }, ${JSON.stringify(source)});
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, [...NODE, code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return {
    kill: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

describe('the lock of a run', () => {
  it('turns a second run of the source away at once, in one line that advises to wait', async () => {
    const unlock = await lock('racing');
    await expect(lock('racing')).rejects.toThrow(
      new RunInProgressError(
        `racing is being run over ${directory} by another process: wait until it ends, or stop it`,
      ),
    );
    unlock();
  });

  it('names the run that is on record as under way, and none that has ended', async () => {
    const runs = new RunStore(state);
    const day = { source: 'racing', start: '2026-11-22', end: '2026-11-22', force: false };
    await runs.begin({ ...day, runId: 'run-1' }, 1);
    const unlock = await lock('racing');
    await expect(lock('racing')).rejects.toThrow(
      'by another process (on record as under way: run run-1): wait until it ends, or stop it',
    );
    await runs.finish('racing', 'run-1', { status: 'succeeded', at: 2 });
    await expect(lock('racing')).rejects.toThrow('by another process: wait until it ends, or stop it');
    unlock();
  });

  it('can be taken again once it is released', async () => {
    (await lock('racing'))();
    (await lock('racing'))();
  });

  it('keeps neither another source nor another directory waiting', async () => {
    const held = [await lock('racing'), await lock('notes'), await lock('racing', 'other')];
    for (const unlock of held) unlock();
  });

  it('is held against other processes, and free the moment its holder is killed', async () => {
    const other = await holder('racing');
    await expect(lock('racing')).rejects.toThrow(RunInProgressError);
    await other.kill();
    (await lock('racing'))();
  });

  it('says in one line what is wrong with its file', async () => {
    mkdirSync(join(directory, 'locks'));
    writeFileSync(join(directory, 'locks', 'racing.sqlite'), 'no database');
    await expect(lock('racing')).rejects.toThrow(StorageError);
    await expect(lock('racing')).rejects.toThrow(
      /^cannot take the lock \S*racing\.sqlite: the file is not a /,
    );
  });
});

/** Of a small disk of its own, prepared by `shell` in it, what taking the lock says. */
function lockOn(shell: string): string {
  const code = `${LOCK}
    const said = lockRun({ directory: 'lake' }, 'racing').then(() => 'locked', String);
    console.log(await said);`;
  const mount = 'mount -t tmpfs -o size=256k none "$1" && cd "$1" && mkdir lake';
  const script = `${mount} && { ${shell}; } && exec "$2" ${NODE.join(' ')} "$3"`;
  const place = mkdtempSync(join(tmpdir(), 'rescrape-disk-'));
  const words = ['-rm', 'sh', '-c', script, '-', place, process.execPath, code];
  const { stdout } = spawnSync('unshare', words, { encoding: 'utf8' });
  rmSync(place, { recursive: true });
  return stdout ?? '';
}

const FILL = 'dd if=/dev/zero of=fill bs=1k 2>/dev/null; true';

// Where this user may mount a disk of its own.
describe.skipIf(!lockOn(':').includes('locked'))('the lock of a run on a disk that takes nothing', () => {
  it.each([
    ['full', FILL, 'the disk is full; free some space and run again'],
    [
      'full, with the directory of the locks',
      `mkdir lake/locks; ${FILL}`,
      'the disk is full; free some space and run again',
    ],
    [
      'read-only',
      'mount -o remount,ro none .',
      'the file system is read-only; choose a directory that can be written',
    ],
    [
      'read-only, with the directory of the locks',
      'mkdir lake/locks; mount -o remount,ro none .',
      'the file system is read-only; choose a directory that can be written',
    ],
  ])('%s', (_, shell, advice) => {
    expect(lockOn(shell)).toMatch(new RegExp(`^StorageError: cannot .*: ${advice}\n$`));
  });
});
