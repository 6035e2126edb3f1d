import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';

const OPENER = fileURLToPath(new URL('./opener-main.ts', import.meta.url));
const DIRECTORIES = 30;

it('is opened by two processes that make it at the same moment, a worker and a run on a new directory', async () => {
  const root = mkdtempSync(join(tmpdir(), 'rescrape-open-'));
  const args = ['--no-warnings', OPENER, root, String(DIRECTORIES)];
  const openers = [0, 1].map(() => spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  const ends = openers.map((opener) => once(opener, 'exit'));
  for (const { stdout } of openers) await once(stdout, 'data');
  // Both are ready: soon enough for neither to wait long, late enough for both to have heard it. By the
  // machine's clock, which both can read; what they leave is the same however late one of them is.
  const from = String(Date.now() + 50);
  for (const { stdin } of openers) stdin.write(from);
  expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 0]);
  for (let n = 0; n < DIRECTORIES; n++) {
    const state = openSqliteStateStore(join(root, String(n), 'state.sqlite'));
    expect(await Array.fromAsync(state.query('opened'))).toHaveLength(2);
    state.close();
  }
  rmSync(root, { recursive: true, force: true });
});
