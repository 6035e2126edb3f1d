import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Installs what the benchmarks are measured against, into this folder and by its own lock file, where it is
 * not there yet. False, with one line that says so, where that is not possible.
 */
export function peersAreInstalled(): boolean {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const installed = () => existsSync(new URL('node_modules/@crawlee/cheerio/package.json', import.meta.url));
  if (installed()) return true;
  console.log('installing the peers of the benchmark (npm ci --prefix bench)');
  const npm = spawnSync('npm', ['ci', '--prefix', folder, '--no-audit', '--no-fund'], {
    // Its .npmrc is only read from its own folder.
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (npm.status === 0 && installed()) return true;
  const [reason = 'npm ci failed'] = `${npm.error?.message ?? npm.stderr}`
    .split('\n')
    .filter((line) => line.includes('error') || npm.error);
  console.log(`skipped: Crawlee is not there and cannot be installed (${reason.trim()})`);
  return false;
}
