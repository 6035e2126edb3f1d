import { spawnSync } from 'node:child_process';

let command: string | undefined | null = null;

/** The command of Python 3; undefined where there is none. */
export function pythonOf(): string | undefined {
  if (command === null) {
    command = ['python3', 'python'].find((name) => {
      const { status, stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' });
      return status === 0 && /^Python 3\.(\d{2,}|9)/.test(stdout);
    });
  }
  return command;
}
