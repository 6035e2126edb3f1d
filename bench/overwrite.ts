import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { partitionWorkPrefix } from '../core/lake/layout.ts';
import { CorruptLakeError } from '../core/lake/manifest.ts';
import { PartitionVersions } from '../core/lake/partition-versions.ts';
import type { PublishResult } from '../core/lake/publish-result.ts';
import type { ScrapeResult } from '../core/lake/scrape-result.ts';
import type { PartitionWork, Platform } from '../core/platform.ts';
import { knownVersion } from '../core/scrape/known-page.ts';
import { STAGES } from '../core/stages.ts';
import { RunStore } from '../core/state/run-store.ts';
import { openAwsPlatform, withGlue } from '../runtime/aws.ts';
import { MAX_PARTITIONS } from '../runtime/local-run.ts';
import { racing } from '../sources/racing/source.ts';
import { type Emulator, startEmulator } from '../test/emulator/emulator.ts';
import { createLake } from './emulated-lake.ts';
import { pythonWithPeers } from './peers.ts';
import { MARK, markedResult, rowsOf, scrapedPartitions } from './scraped-partitions.ts';
import { median, type Target, verdict } from './verdict.ts';

/**
 * Overwriting the partitions of a week over a store that answers each request in 20 ms, beside awswrangler,
 * on the same emulator and through the same link, which counts requests. Both have written them before.
 */

const DELAY_MS = 20;
const DAYS = 7;
const ROUNDS = 3;
const TIMES_FASTER = 3;
/** Requests a partition, on the average. */
const MOST = { S3: 6, Glue: 0, DynamoDB: 2 } as const;

type Counts = Readonly<Record<string, number>>;
interface Round {
  readonly seconds: number;
  readonly counts: Counts;
}

/** One of those who overwrite: `mark` is what all rows say afterwards. */
interface Contender {
  readonly name: string;
  overwrite(mark: string): Promise<number>;
}

export async function measureOverwriting(): Promise<boolean> {
  const emulator = await startEmulator();
  if (!emulator) {
    console.log('skipped: MiniStack, which stands for S3, DynamoDB and Glue, cannot be installed');
    return true;
  }
  const root = mkdtempSync(join(tmpdir(), 'rescrape-overwrite-'));
  const link = await startLink(emulator);
  try {
    const resources = await createLake(emulator, racing);
    const open = (endpoint: string) =>
      openAwsPlatform(resources, [withGlue], {
        env: {},
        sources: [racing],
        connection: { ...emulator.connection, endpoint },
      });
    const [near, far] = [open(emulator.endpoint), open(link.url)];
    const scraped = await scrapedPartitions(DAYS);
    const contenders: Contender[] = [await ours(near, far, scraped)];
    const peer = await awswrangler(emulator, link, scraped, root, resources.bucket);
    if (peer) contenders.push(peer);
    const rounds = await inTurns(contenders, link);
    const read = await readWhileOverwritten(near, contenders[0]!, scraped);
    await peer?.close();
    await Promise.all([near.close(), far.close()]);
    report(rounds, scraped.length);
    return verdict('overwrite', targets(rounds, scraped.length, read));
  } finally {
    link.stop();
    await emulator.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

/**
 * The stage publish for each partition, as many at once as a run on this machine has. What a scrape leaves,
 * the result with the version that it went by, is put there before, and neither timed nor counted.
 */
async function ours(near: Platform, far: Platform, scraped: readonly ScrapeResult[]): Promise<Contender> {
  const source = near.sources.find(({ name }) => name === racing.name)!;
  const overwrite = async (mark: string): Promise<number> => {
    const runId = near.newId();
    const at = near.clock.now();
    const window = { start: scraped[0]!.partition.date, end: scraped.at(-1)!.partition.date };
    await new RunStore(near.state).begin({ runId, source: source.name, ...window, force: false }, at);
    const works: PartitionWork[] = [];
    for (const each of scraped) {
      const { partition } = each;
      const over = await knownVersion({ platform: near, source, runId, partition });
      const result = { ...markedResult(each, runId, mark, at), ...(over && { over }) };
      const key = `${partitionWorkPrefix(runId, source.name, partition)}result.json`;
      await near.lake.put(key, new TextEncoder().encode(JSON.stringify(result)));
      works.push({ runId, source: source.name, ...partition, force: false });
    }
    const began = performance.now();
    const limit = pLimit(MAX_PARTITIONS);
    const one = (work: PartitionWork) => STAGES.publish(far, work as never, () => false);
    const answers = await Promise.all(works.map((work) => limit(one, work) as Promise<PublishResult>));
    const seconds = (performance.now() - began) / 1000;
    for (const { status, reason } of answers)
      if (status !== 'committed') throw new Error(`a partition was ${status}: ${reason}`);
    return seconds;
  };
  await overwrite('first');
  return { name: 'rescrape', overwrite };
}

/** Undefined, with one line that says so, where there is no Python or it cannot be installed. */
async function awswrangler(
  { credentials, region }: Emulator,
  { url }: Link,
  scraped: readonly ScrapeResult[],
  root: string,
  bucket: string,
): Promise<(Contender & { close(): Promise<void> }) | undefined> {
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

async function inTurns(
  contenders: readonly Contender[],
  link: Link,
): Promise<ReadonlyMap<string, readonly Round[]>> {
  const rounds = new Map(contenders.map(({ name }) => [name, [] as Round[]]));
  for (let round = 1; round <= ROUNDS; round++)
    for (const { name, overwrite } of contenders) {
      await link.counts();
      const seconds = await overwrite(`round ${round}`);
      rounds.get(name)!.push({ seconds, counts: await link.counts() });
    }
  return rounds;
}

interface Reads {
  /** Versions that were read, and of how many of the partitions both the old and the new one. */
  readonly versions: number;
  readonly both: number;
  /** What was no whole version, or none at all. */
  readonly torn: readonly string[];
}

/**
 * Reads every partition again and again, as fast as it can, while all are overwritten: each time it must find
 * all rows of one version and none of another.
 */
async function readWhileOverwritten(
  near: Platform,
  { overwrite }: Contender,
  scraped: readonly ScrapeResult[],
): Promise<Reads> {
  const torn: string[] = [];
  const seen = scraped.map(() => new Set<unknown>());
  let versions = 0;
  let isOver = false;
  const readAll = async () => {
    for (const [at, each] of scraped.entries()) {
      const store = new PartitionVersions(near.lake, racing.table, each.partition);
      try {
        const current = await store.current();
        const rows = current ? await store.rows(current.descriptor) : [];
        const marks = new Set(rows.map((row) => row[MARK]));
        versions++;
        for (const mark of marks) seen[at]!.add(mark);
        if (rows.length !== rowsOf(each).length || (rows.length > 0 && marks.size !== 1))
          torn.push(`${each.partition.value}/${each.partition.date}: ${rows.length} rows of ${[...marks]}`);
      } catch (error) {
        if (!(error instanceof CorruptLakeError)) throw error;
        torn.push(error.message);
      }
    }
  };
  await readAll();
  const reading = (async () => {
    while (!isOver) await readAll();
    await readAll();
  })();
  await overwrite('read meanwhile').finally(() => (isOver = true));
  await reading;
  return { versions, both: seen.filter(({ size }) => size === 2).length, torn };
}

function report(rounds: ReadonlyMap<string, readonly Round[]>, partitions: number): void {
  for (const [name, each] of rounds) {
    const all = each.map(({ seconds }) => seconds.toFixed(2)).join(', ');
    const service = serviceCounts(each, partitions);
    const requests = Object.entries(service).map(([of, count]) => `${of} ${count.toFixed(2)}`);
    console.log(`${name}: ${all} s; requests a partition: ${requests.join(', ')}`);
    for (const [kind, count] of Object.entries(each.at(-1)!.counts).sort())
      console.log(`  ${count}\t${kind}`);
  }
}

/** Requests a partition of each service, the most of any round. */
function serviceCounts(rounds: readonly Round[], partitions: number): Record<keyof typeof MOST, number> {
  const of = (service: string) =>
    Math.max(
      ...rounds.map(({ counts }) => {
        const own = Object.entries(counts).filter(([kind]) => kind.startsWith(`${service} `));
        return own.reduce((sum, [, count]) => sum + count, 0) / partitions;
      }),
    );
  return { S3: of('S3'), Glue: of('Glue'), DynamoDB: of('DynamoDB') };
}

function targets(
  rounds: ReadonlyMap<string, readonly Round[]>,
  partitions: number,
  { versions, both, torn }: Reads,
): Target[] {
  const [own, peer] = [rounds.get('rescrape')!, rounds.get('awswrangler')];
  const requests = serviceCounts(own, partitions);
  const services = Object.keys(MOST) as (keyof typeof MOST)[];
  const told = (counts: Readonly<Record<keyof typeof MOST, number>>) =>
    services.map((service) => `${Number(counts[service].toFixed(2))} ${service}`).join(' + ');
  const seconds = (of: readonly Round[]) => median(of.map((round) => round.seconds));
  const times = peer && seconds(peer) / seconds(own);
  return [
    ...(times === undefined
      ? []
      : [
          {
            claim: `overwrites ${partitions} partitions at ${DELAY_MS} ms a request ${TIMES_FASTER} times as fast as awswrangler`,
            holds: times >= TIMES_FASTER,
            measured: `${times.toFixed(2)} times (${seconds(own).toFixed(2)} s and ${seconds(peer!).toFixed(2)} s)`,
          },
        ]),
    {
      claim: `at most ${told(MOST)} requests a partition where nothing is new to the catalog`,
      holds: services.every((service) => requests[service] <= MOST[service]),
      measured: told(requests),
    },
    {
      claim: 'whoever reads meanwhile finds whole versions only',
      holds: torn.length === 0 && both === partitions,
      measured: `${versions} read, of ${both} of ${partitions} partitions the old one and the new one; ${torn.length} were not whole${torn[0] ? `: ${torn[0]}` : ''}`,
    },
  ];
}

interface Link {
  readonly url: string;
  /** Requests by kind since it was asked last. */
  counts(): Promise<Counts>;
  stop(): void;
}

async function startLink({ endpoint }: Emulator): Promise<Link> {
  const main = fileURLToPath(new URL('slow-link.ts', import.meta.url));
  const child = spawn(process.execPath, [main, endpoint, String(DELAY_MS)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const url = String(line).trim();
  const counts = async () => (await (await fetch(`${url}/_counts`)).json()) as Counts;
  return { url, counts, stop: () => void child.kill() };
}

if (import.meta.main && !(await measureOverwriting())) process.exitCode = 1;
