import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installEmulator } from './install.ts';

export interface EmulatorOptions {
  /** More variables for the process: `{ SFN_WAIT_SCALE: '1' }`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** AWS on this machine (MiniStack), for one test file. `connection` is what adapters and SDK clients take. */
export interface Emulator {
  /** `http://127.0.0.1:<port>`, for every service. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The three above, as the adapters take them. */
  readonly connection: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** Removes everything in it. */
  reset(): Promise<void>;
  /** What it has printed so far; the first place to look when a test fails. */
  log(): string;
  stop(): Promise<void>;
}

const REGION = 'eu-west-1';
const READY_TIMEOUT_MS = 30_000;

/**
 * Starts an emulator on a free port of the loopback interface; undefined where it cannot be installed (no
 * Python, no network), which the global set-up has told. Throws where it is installed and does not start:
 * that is a fault.
 */
export async function startEmulator({ env = {} }: EmulatorOptions = {}): Promise<Emulator | undefined> {
  const installation = await installEmulator();
  if (installation.kind === 'missing') return undefined;
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const home = mkdtempSync(join(tmpdir(), 'rescrape-emulator-'));
  // Node's search for the type of a module ends here and not in some package.json above.
  writeFileSync(join(home, 'package.json'), '{}');
  const output: Buffer[] = [];
  const child = spawn(installation.command, installation.args, {
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing of the caller's: an AWS profile or a proxy must not reach what runs in here.
    env: {
      // Lambdas run with the Node of these tests.
      PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
      HOME: home,
      TMPDIR: home,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      MINISTACK_REGION: REGION,
      AWS_ENDPOINT_URL: endpoint,
      SFN_WAIT_SCALE: '0.05',
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      LOG_LEVEL: 'INFO',
      ...env,
    },
  });
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);
  const stop = async () => {
    process.off('exit', killed);
    child.kill('SIGTERM');
    await Promise.race([ended, sleep(5_000, undefined, { ref: false }).then(killed)]);
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  const log = () => Buffer.concat(output).toString();
  try {
    await ready(endpoint, child);
  } catch (error) {
    await stop();
    throw new Error(`the emulator did not start: ${log().trim().split('\n').slice(-5).join(' | ')}`, {
      cause: error,
    });
  }
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return {
    endpoint,
    region: REGION,
    credentials,
    connection: { endpoint, region: REGION, credentials },
    reset: async () => {
      const answer = await fetch(`${endpoint}/_ministack/reset`, { method: 'POST' });
      if (!answer.ok) throw new Error(`the emulator did not reset: ${answer.status}`);
    },
    log,
    stop,
  };
}

async function ready(endpoint: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    const answer = await fetch(`${endpoint}/_ministack/ready`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(30);
  }
  throw new Error(child.exitCode === null ? 'not ready in time' : `ended with ${child.exitCode}`);
}

/** A port that was free a moment ago, for a server that cannot be asked to choose one. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
