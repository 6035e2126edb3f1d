import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../emulator/emulator.ts';
import { CATALOG } from './trino-client.ts';

export interface TrinoOptions {
  /** The unpacked archive of the server. */
  readonly home: string;
  readonly java: string;
  /** Addresses of Glue and of S3. */
  readonly glue: string;
  readonly s3: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface TrinoServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  stop(): Promise<void>;
}

/** Tries, a second each: 20 are usual, and several minutes on a machine that has other work. */
const PATIENCE = 600;
const JVM = [
  ...['-Xmx2G', '-XX:+UseSerialGC', '-XX:CICompilerCount=2', '-Dfile.encoding=UTF-8'],
  ...['--sun-misc-unsafe-memory-access=allow', '--enable-native-access=ALL-UNNAMED'],
  ...['-Djdk.attach.allowAttachSelf=true', '--add-modules=jdk.incubator.vector'],
  // What Athena's is; another one is the affair of `hive.parquet.time-zone`, which is set below.
  '-Duser.timezone=America/New_York',
];

/** Trino on a free port of loopback, one node, with the Hive catalog over Glue and S3 alone. */
export async function startTrino(options: TrinoOptions): Promise<TrinoServer> {
  const place = mkdtempSync(join(tmpdir(), 'rescrape-trino-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const output: Buffer[] = [];
  const child = spawn(options.java, [...JVM, ...settingsOf(options, place, url, port)], {
    cwd: place,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing of the caller's: neither an AWS profile nor options of Java.
    env: { PATH: process.env.PATH, HOME: place },
  });
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const killed = () => {
    child.kill('SIGKILL');
    rmSync(place, { recursive: true, force: true });
  };
  process.once('exit', killed);
  const stop = async () => {
    process.off('exit', killed);
    // It holds nothing that a quiet end would save.
    child.kill('SIGKILL');
    await ended;
    rmSync(place, { recursive: true, force: true });
  };
  if (await answers(url, child)) return { url, stop };
  await stop();
  const last = Buffer.concat(output).toString().trim().split('\n').slice(-8).join('\n');
  throw new Error(`Trino did not start:\n${last}`);
}

/** Writes its files into `place`; the arguments of Java that name them. */
function settingsOf(options: TrinoOptions, place: string, url: string, port: number): string[] {
  const { home, glue, s3, region, credentials } = options;
  const plugins = join(place, 'plugin');
  const catalogs = join(place, 'catalog');
  for (const folder of [plugins, catalogs]) mkdirSync(folder);
  // Loading every connector takes a minute.
  symlinkSync(join(home, 'plugin', 'hive'), join(plugins, 'hive'));
  const write = (name: string, properties: Readonly<Record<string, string | number>>) => {
    const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(join(place, name), lines.join(''));
    return join(place, name);
  };
  const node = {
    'node.environment': 'rescrape',
    'node.id': 'rescrape',
    'node.data-dir': place,
    'node.bind-ip': '127.0.0.1',
    'plugin.dir': plugins,
  };
  const config = write('config.properties', {
    coordinator: 'true',
    'node-scheduler.include-coordinator': 'true',
    'http-server.http.port': port,
    'node.internal-address': '127.0.0.1',
    'discovery.uri': url,
    'catalog.management': 'static',
    'query.max-memory': '1GB',
    'query.max-memory-per-node': '512MB',
  });
  const levels = write('log.properties', { 'io.trino': 'WARN' });
  // Its caches of metadata and listings are off by default, and hide nothing that was committed.
  write(`catalog/${CATALOG}.properties`, {
    'connector.name': 'hive',
    'hive.metastore': 'glue',
    'hive.metastore.glue.region': region,
    'hive.metastore.glue.endpoint-url': glue,
    'hive.metastore.glue.aws-access-key': credentials.accessKeyId,
    'hive.metastore.glue.aws-secret-key': credentials.secretAccessKey,
    'hive.partition-projection-enabled': 'true',
    'hive.parquet.time-zone': 'UTC',
    'fs.native-s3.enabled': 'true',
    's3.endpoint': s3,
    's3.region': region,
    's3.path-style-access': 'true',
    's3.aws-access-key': credentials.accessKeyId,
    's3.aws-secret-key': credentials.secretAccessKey,
  });
  const properties = { ...node, config, 'log.levels-file': levels, 'catalog.config-dir': catalogs };
  return [
    ...Object.entries(properties).map(([key, value]) => `-D${key}=${value}`),
    ...['-cp', join(home, 'lib', '*'), 'io.trino.server.TrinoServer'],
  ];
}

async function answers(url: string, child: ChildProcess): Promise<boolean> {
  for (let tries = 0; tries < PATIENCE && child.exitCode === null; tries++) {
    const info = await fetch(`${url}/v1/info`).catch(() => undefined);
    if (info?.ok && ((await info.json()) as { starting: boolean }).starting === false) return true;
    await sleep(1_000);
  }
  return false;
}
