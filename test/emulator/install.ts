import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Its behaviour is part of what the tests were written against. */
const PACKAGE = 'ministack==1.5.33';
/** Where throw-away tools of a project live; `npm ci` clears it away with everything else. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/rescrape/', import.meta.url));
/** Milliseconds: half a minute is usual, and a slow network is no reason to hang for ever. */
const INSTALL_TIMEOUT_MS = 300_000;

const run = promisify(execFile);

export type Installation =
  | { readonly kind: 'installed'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'missing'; readonly why: string };

/**
 * MiniStack, ready to be started: the one that `RESCRAPE_MINISTACK` names, or one in a virtual environment of
 * our own that is made at the first call. `missing` where this machine has no Python that fits or cannot
 * install it; never throws.
 */
export async function installEmulator(): Promise<Installation> {
  const named = process.env.RESCRAPE_MINISTACK;
  if (named) {
    return existsSync(named)
      ? { kind: 'installed', command: named, args: [] }
      : { kind: 'missing', why: `RESCRAPE_MINISTACK names ${named}, which is not there` };
  }
  const home = join(CACHE, PACKAGE.replace('==', '-'));
  if (existsSync(home)) return inside(home);
  const python = await findPython();
  if (python === undefined) return { kind: 'missing', why: 'no Python 3.10 or newer on the PATH' };
  mkdirSync(dirname(home), { recursive: true });
  const making = mkdtempSync(`${home}-`);
  try {
    await run(python, ['-m', 'venv', making], { timeout: INSTALL_TIMEOUT_MS });
    await run(inside(making).command, ['-m', 'pip', 'install', '--quiet', PACKAGE], {
      timeout: INSTALL_TIMEOUT_MS,
    });
    // In one step, so that nobody finds half of it. Whoever was first wins; `python -m` works also after the
    // move.
    renameSync(making, home);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(home))
      return { kind: 'missing', why: `${PACKAGE} could not be installed: ${lastLine(error)}` };
  }
  return inside(home);
}

function inside(home: string): Extract<Installation, { kind: 'installed' }> {
  const python = process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python';
  return { kind: 'installed', command: join(home, python), args: ['-m', 'ministack'] };
}

async function findPython(): Promise<string | undefined> {
  for (const name of ['python3', 'python']) {
    try {
      await run(name, ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))']);
      return name;
    } catch {
      // Not there, too old, or without what makes an environment: the next one.
    }
  }
  return undefined;
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr || message || String(error)).trim().split('\n').at(-1) ?? '';
}
