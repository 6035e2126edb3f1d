import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ScrapeResult } from '../core/lake/scrape-result.ts';
import type { Emulator } from '../test/emulator/emulator.ts';
import type { CountingLink } from './counting-link.ts';
import { pythonWithPeers } from './peers.ts';
import { MARK, rowsOf } from './scraped-partitions.ts';

/** One of those who overwrite all partitions. */
export interface Overwriter {
  readonly name: string;
  /** `mark`: what all rows say afterwards. Answers the seconds that it took. */
  overwrite(mark: string): Promise<number>;
}

/** Undefined, with one line that says so, where there is no Python or it cannot be installed. */
export async function awswrangler(
  { credentials, region }: Emulator,
  { url }: CountingLink,
  scraped: readonly ScrapeResult[],
  root: string,
  bucket: string,
): Promise<(Overwriter & { close(): Promise<void> }) | undefined> {
  const python = pythonWithPeers('awswrangler');
  if (python === undefined) return undefined;
  const file = join(root, 'rows.jsonl');
  const rows = scraped.flatMap((each) =>
    rowsOf(each).map((row) => ({ ...row, country: each.partition.value, date: each.partition.date })),
  );
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const main = fileURLToPath(new URL('overwrite-peer.py', import.meta.url));
  const child = spawn(python, [main, file, bucket, 'peer', MARK], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: url,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  });
  const seconds = secondsOf(child);
  await seconds();
  return {
    name: 'awswrangler',
    overwrite: async (mark) => {
      child.stdin.write(`${mark}\n`);
      return seconds();
    },
    close: async () => {
      child.stdin.end();
      await new Promise((resolve) => child.once('close', resolve));
    },
  };
}

function secondsOf(child: ChildProcessByStdio<Writable, Readable, null>): () => Promise<number> {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('overwrite-peer.py ended');
    return Number(value);
  };
}
