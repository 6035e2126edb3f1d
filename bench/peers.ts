import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonOf } from './python.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/**
 * Installs Crawlee into this folder, by its lock file, where it is not there yet. False, with one line that
 * says so, where that is not possible.
 */
export function crawleeIsInstalled(): boolean {
  const installed = () => existsSync(join(FOLDER, 'node_modules/@crawlee/cheerio/package.json'));
  if (installed()) return true;
  console.log('installing Crawlee (npm ci --prefix bench)');
  const reason = failureOf('npm', ['ci', '--prefix', FOLDER, '--no-audit', '--no-fund']);
  if (reason === undefined && installed()) return true;
  console.log(`skipped: Crawlee is not there and cannot be installed (${reason ?? 'npm ci failed'})`);
  return false;
}

/**
 * The Python of `.venv` with all of requirements.txt, made where it is not there yet. Undefined, with one
 * line that says so, where that is not possible.
 */
export function pythonWithPeers(peers: string): string | undefined {
  const venv = join(FOLDER, '.venv');
  const windows = process.platform === 'win32';
  const python = join(venv, windows ? 'Scripts/python.exe' : 'bin/python');
  const wanted = readFileSync(join(FOLDER, 'requirements.txt'), 'utf8');
  // What is installed, written when all of it was: half an installation is none.
  const mark = join(venv, 'installed.txt');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return python;
  const system = pythonOf();
  if (system === undefined) {
    console.log(`skipped: ${peers}, because Python 3 is not there`);
    return undefined;
  }
  console.log(`installing ${peers} (pip install -r bench/requirements.txt, into bench/.venv)`);
  const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet'];
  const reason =
    failureOf(system, ['-m', 'venv', venv]) ?? failureOf(python, [...pip, '-r', 'requirements.txt']);
  if (reason === undefined) {
    writeFileSync(mark, wanted);
    return python;
  }
  console.log(`skipped: ${peers} cannot be installed (${reason})`);
  return undefined;
}

/** The line in which a command says why it failed; undefined where it did not. */
function failureOf(command: string, args: readonly string[]): string | undefined {
  // An .npmrc is only read from its own folder.
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: FOLDER,
    encoding: 'utf8',
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (error) return error.message;
  if (status === 0) return undefined;
  const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /error/i.test(line)) ?? lines[0] ?? `${command} ended with ${status}`).trim();
}
