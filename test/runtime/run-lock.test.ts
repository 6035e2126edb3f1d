import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockRun, RunInProgressError } from '../../runtime/run-lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A process that holds the lock until it is killed; resolves once it has it. */
async function holder(source: string): Promise<{ kill(): Promise<void> }> {
  const code = `import { lockRun } from ${JSON.stringify(new URL('../../runtime/run-lock.ts', import.meta.url).href)};
    lockRun(${JSON.stringify(directory)}, ${JSON.stringify(source)});
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
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
  it('turns a second run of the source away at once, in one line', () => {
    const unlock = lockRun(directory, 'racing');
    expect(() => lockRun(directory, 'racing')).toThrow(RunInProgressError);
    expect(() => lockRun(directory, 'racing')).toThrow(
      /^racing is being run over [^\n]*: wait until it ends[^\n]*$/,
    );
    unlock();
  });

  it('can be taken again once it is released', () => {
    lockRun(directory, 'racing')();
    lockRun(directory, 'racing')();
  });

  it('keeps neither another source nor another directory waiting', () => {
    const held = [
      lockRun(directory, 'racing'),
      lockRun(directory, 'notes'),
      lockRun(join(directory, 'other'), 'racing'),
    ];
    for (const unlock of held) unlock();
  });

  it('is held against other processes, and free the moment its holder is killed', async () => {
    const other = await holder('racing');
    expect(() => lockRun(directory, 'racing')).toThrow(RunInProgressError);
    await other.kill();
    lockRun(directory, 'racing')();
  });
});
