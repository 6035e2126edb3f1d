import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printTable } from '../cli/print.ts';
import { bundleBytes, MAX_BUNDLE_BYTES, writeBundle } from '../lambdas/bundling.ts';
import { ENV_CONTRACTS } from '../lambdas/contracts.ts';
import { runChild } from './child.ts';
import { median, type Target, verdict } from './verdict.ts';

const ROUNDS = 11;
const MAX_IMPORT_MS = 80;

/** Values that every contract takes. Nothing is connected to when a handler is imported. */
const ENV = {
  AWS_REGION: 'eu-west-1',
  RESCRAPE_STAGE: 'dev',
  RESCRAPE_BUCKET: 'lake',
  RESCRAPE_TABLE: 'state',
  RESCRAPE_DATABASE: 'rescrape',
  RESCRAPE_FAILED_ITEMS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/0/q',
  RESCRAPE_FAILED_ITEMS_DLQ_URL: 'https://sqs.eu-west-1.amazonaws.com/0/dlq',
  RESCRAPE_ENRICHMENT_QUEUES: '{}',
  RESCRAPE_TOPIC_ARN: 'arn:aws:sns:eu-west-1:0:reports',
  RESCRAPE_BEDROCK_ROLE_ARN: 'arn:aws:iam::000000000000:role/bedrock',
};

interface BundleImport {
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds, of the median round. */
  readonly ms: number;
}

/**
 * What a cold start pays for our code: the time that a fresh Node takes to import the bundle of each
 * function, beside a function that says hello, which stands first. Sources are defined and the platform is
 * opened right after it, which is not in these figures.
 */
export async function importTimes(): Promise<BundleImport[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rescrape-cold-start-'));
  try {
    const bundles = new Map([['hello', hello(folder)]]);
    for (const name of Object.keys(ENV_CONTRACTS)) bundles.set(name, bundle(folder, name));
    const times = new Map([...bundles.keys()].map((name) => [name, [] as number[]]));
    // In turns, so that whatever else the machine does falls on all of them.
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, file] of bundles) {
        const { importMs } = await runChild<{ importMs: number }>('import-probe.ts', [file], { env: ENV });
        times.get(name)!.push(importMs);
      }
    }
    return [...bundles].map(([name, file]) => ({
      name,
      bytes: bundleBytes(dirname(file)),
      ms: median(times.get(name)!),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** False where a target is missed. */
async function measureColdStarts(): Promise<boolean> {
  const results = await importTimes();
  const number = { alignment: 'right' as const };
  printTable(
    [
      { name: 'function' },
      { name: 'kb', title: 'KB', ...number },
      { name: 'ms', title: 'import ms', ...number },
    ],
    results.map(({ name, bytes, ms }) => ({
      function: name,
      kb: Math.round(bytes / 1000),
      ms: ms.toFixed(0),
    })),
  );
  const ours = results.filter(({ name }) => name !== 'hello');
  const slowest = ours.reduce((a, b) => (b.ms > a.ms ? b : a));
  const largest = ours.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const targets: Target[] = [
    {
      claim: `every function is imported within ${MAX_IMPORT_MS} ms`,
      holds: slowest.ms < MAX_IMPORT_MS,
      measured: `${slowest.ms.toFixed(0)} ms (${slowest.name}); hello ${results[0]!.ms.toFixed(0)} ms`,
    },
    {
      claim: `every bundle is smaller than ${MAX_BUNDLE_BYTES / 1e6} MB`,
      holds: largest.bytes < MAX_BUNDLE_BYTES,
      measured: `${Math.round(largest.bytes / 1000)} KB (${largest.name})`,
    },
  ];
  return verdict('cold-start', targets);
}

function hello(folder: string): string {
  const file = join(folder, 'hello', 'index.js');
  mkdirSync(dirname(file));
  writeFileSync(file, 'exports.handler = async () => "hello";\n');
  return file;
}

function bundle(folder: string, name: string): string {
  writeBundle(fileURLToPath(new URL(`../lambdas/${name}.lambda.ts`, import.meta.url)), join(folder, name));
  return join(folder, name, 'index.js');
}

if (import.meta.main && !(await measureColdStarts())) process.exitCode = 1;
