import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What the classes of Trino 476 are compiled for. */
const LEAST_JAVA = 24;
/** Where Debian and others keep one folder a version, of which only one is on the PATH. */
const JVMS = '/usr/lib/jvm';
const run = promisify(execFile);

export type Found =
  | { readonly kind: 'found'; readonly command: string }
  | { readonly kind: 'missing'; readonly why: string };

/** A Java that Trino runs on: of `JAVA_HOME`, of the PATH, or beside the one on the PATH. Never throws. */
export async function findJava(): Promise<Found> {
  const home = process.env.JAVA_HOME;
  const candidates = [...(home ? [join(home, 'bin', 'java')] : []), 'java', ...installedJavas()];
  for (const command of candidates) {
    if ((await majorVersion(command)) >= LEAST_JAVA) return { kind: 'found', command };
  }
  return {
    kind: 'missing',
    why: `no Java ${LEAST_JAVA} or newer in JAVA_HOME, on the PATH or in ${JVMS}`,
  };
}

function installedJavas(): string[] {
  try {
    return readdirSync(JVMS).map((name) => join(JVMS, name, 'bin', 'java'));
  } catch {
    return [];
  }
}

/** 0 where there is none, or one of before it told its version in one word. */
async function majorVersion(command: string): Promise<number> {
  try {
    const { stdout } = await run(command, ['--version'], { timeout: 30_000 });
    return Number(/^\S+ (\d+)/.exec(stdout)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
