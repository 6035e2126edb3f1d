import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';

const OPENER = fileURLToPath(new URL('./opener-main.ts', import.meta.url));
const DIRECTORIES = 30;

it('is opened by two processes that make it at the same moment, a worker and a run on a new directory', async () => {
  const root = mkdtempSync(join(tmpdir(), 'rescrape-open-'));
  const args = ['--no-warnings', OPENER, root, String(Date.now() + 600), String(DIRECTORIES)];
  const opener = () => promisify(execFile)(process.execPath, args);
  await Promise.all([opener(), opener()]);
  for (let n = 0; n < DIRECTORIES; n++) {
    const state = openSqliteStateStore(join(root, String(n), 'state.sqlite'));
    expect(await Array.fromAsync(state.query('opened'))).toHaveLength(2);
    state.close();
  }
  rmSync(root, { recursive: true, force: true });
});
