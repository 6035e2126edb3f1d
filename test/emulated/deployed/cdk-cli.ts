import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Emulator } from '../../emulator/emulator.ts';
import { type Change, makePlayable } from './cloud-assembly.ts';

/** The checkout whose app is deployed, unless another is named. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CDK = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');

const run = promisify(execFile);

/** The real CDK CLI in a checkout. Nothing of the caller's AWS settings reaches it. */
export async function runCdk(
  emulator: Emulator,
  home: string,
  args: readonly string[],
  root = ROOT,
): Promise<string> {
  const { accessKeyId, secretAccessKey } = emulator.credentials;
  try {
    const { stdout } = await run(process.execPath, [CDK, '--no-color', '--ci', ...args], {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
      env: {
        PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
        HOME: home,
        TMPDIR: home,
        AWS_ENDPOINT_URL: emulator.endpoint,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_REGION: emulator.region,
        AWS_EC2_METADATA_DISABLED: 'true',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
      },
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`cdk ${args[0]} failed:\n${`${stdout}\n${stderr}`.slice(-4000)}`, { cause: error });
  }
}

interface Assembly {
  readonly directory: string;
  readonly changes: readonly Change[];
}

/** The cloud assembly of a checkout, in a folder of its own below `home`, changed so that it is playable. */
export async function synthesize(
  emulator: Emulator,
  home: string,
  overrides: Readonly<Record<string, string>>,
  root: string,
): Promise<Assembly> {
  const directory = mkdtempSync(join(home, 'assembly-'));
  const context = Object.entries({ stage: 'dev', ...overrides });
  const args = context.flatMap(([name, value]) => ['--context', `${name}=${value}`]);
  await runCdk(emulator, home, ['synth', '--quiet', '--output', directory, ...args], root);
  return { directory, changes: makePlayable(directory) };
}

export async function deploy(emulator: Emulator, home: string, { directory }: Assembly): Promise<void> {
  await runCdk(emulator, home, ['deploy', '--all', '--app', directory, '--require-approval', 'never']);
}
