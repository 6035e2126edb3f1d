import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Emulator } from '../../emulator/emulator.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CDK = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');

const run = promisify(execFile);

/** The real CDK CLI. Nothing of the caller's AWS settings reaches it. */
export async function runCdk(emulator: Emulator, home: string, args: readonly string[]): Promise<string> {
  const { accessKeyId, secretAccessKey } = emulator.credentials;
  try {
    const { stdout } = await run(process.execPath, [CDK, '--no-color', '--ci', ...args], {
      cwd: ROOT,
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
