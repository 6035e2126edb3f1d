import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Its behaviour is part of what is asked here: Athena's engine is a Trino of about this age. */
const VERSION = '476';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
/** Milliseconds for 821 MB: half a minute is usual, and a slow network is no reason to hang for ever. */
const DOWNLOAD_TIMEOUT_MS = 1_200_000;
const UNPACK_TIMEOUT_MS = 300_000;
const run = promisify(execFile);

export type Installation =
  | { readonly kind: 'installed'; readonly home: string }
  | { readonly kind: 'missing'; readonly why: string };

/**
 * The server's own archive from Maven, which holds it against its checksum, unpacked once in the user's cache
 * (`XDG_CACHE_HOME`, else `~/.cache`; 900 MB). `missing` where there is no Maven, or it cannot bring it.
 */
export async function installTrino(): Promise<Installation> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rescrape');
  const home = join(cache, `trino-server-${VERSION}`);
  if (existsSync(home)) return { kind: 'installed', home };
  try {
    await run('mvn', ['--version'], { timeout: 60_000 });
  } catch {
    return { kind: 'missing', why: 'no Maven (mvn) on the PATH' };
  }
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(`${home}-`);
  try {
    console.log(`bringing Trino ${VERSION} from Maven into ${cache}: 821 MB, once`);
    const artifact = `-Dartifact=io.trino:trino-server:${VERSION}:tar.gz`;
    const maven = ['--batch-mode', '--quiet', '--strict-checksums', COPY, artifact];
    const options = { cwd: making, timeout: DOWNLOAD_TIMEOUT_MS };
    await run('mvn', [...maven, `-DoutputDirectory=${making}`], options);
    const archive = readdirSync(making).find((name) => name.endsWith('.tar.gz'));
    if (archive === undefined) return { kind: 'missing', why: 'Maven brought no archive' };
    await run('tar', ['-xzf', join(making, archive), '-C', making], { timeout: UNPACK_TIMEOUT_MS });
    // In one step, so that nobody finds half of it.
    renameSync(join(making, `trino-server-${VERSION}`), home);
    return { kind: 'installed', home };
  } catch (error) {
    return { kind: 'missing', why: `Trino ${VERSION} could not be installed: ${firstLine(error)}` };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** What a program said, which Maven prints to its standard output. */
function firstLine(error: unknown): string {
  const { stdout, stderr, message } = error as { stdout?: string; stderr?: string; message?: string };
  return (stdout || stderr || message || String(error)).trim().split('\n')[0] ?? '';
}
