import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { partitionWorkPrefix } from '../core/lake/layout.ts';
import type { PublishResult } from '../core/lake/publish-result.ts';
import type { ScrapeResult } from '../core/lake/scrape-result.ts';
import type { PartitionWork, Platform } from '../core/platform.ts';
import { knownVersion } from '../core/scrape/known-page.ts';
import { STAGES } from '../core/stages.ts';
import { RunStore } from '../core/state/run-store.ts';
import { openAwsPlatform, withGlue } from '../runtime/aws.ts';
import { MAX_PARTITIONS } from '../runtime/local-run.ts';
import { racing } from '../sources/racing/source.ts';
import { startEmulator } from '../test/emulator/emulator.ts';
import { awswrangler, type Overwriter } from './awswrangler.ts';
import { type CountingLink, type Counts, startLink } from './counting-link.ts';
import { createLake } from './emulated-lake.ts';
import { type Reads, readWhile } from './reads-meanwhile.ts';
import { markedResult, scrapedPartitions } from './scraped-partitions.ts';
import { median, type Target, verdict } from './verdict.ts';

/**
 * Overwriting the partitions of a week over a store that answers each request in 20 ms, beside awswrangler,
 * on the same emulator and through the same link, which counts requests. Both have written them before.
 */

const DELAY_MS = 20;
const DAYS = 7;
/** Behind one that does not count, in which a version is overwritten for the first time. */
const ROUNDS = 3;
const TIMES_FASTER = 3;
/** Requests a partition, on the average. */
const MOST = { S3: 6, Glue: 0, DynamoDB: 2 } as const;

interface Round {
  readonly seconds: number;
  readonly counts: Counts;
}

export async function measureOverwriting(): Promise<boolean> {
  const emulator = await startEmulator();
  if (!emulator) {
    console.log('skipped: MiniStack, which stands for S3, DynamoDB and Glue, cannot be installed');
    return true;
  }
  const root = mkdtempSync(join(tmpdir(), 'rescrape-overwrite-'));
  const link = await startLink(emulator, DELAY_MS);
  try {
    const resources = await createLake(emulator, racing);
    const open = (endpoint: string) =>
      openAwsPlatform(resources, [withGlue], {
        env: {},
        sources: [racing],
        enrichers: [],
        connection: { ...emulator.connection, endpoint },
      });
    const [near, far] = [open(emulator.endpoint), open(link.url)];
    const scraped = await scrapedPartitions(DAYS);
    const own = await ours(near, far, scraped);
    const peer = await awswrangler(emulator, link, scraped, root, resources.bucket);
    const rounds = await inTurns(peer ? [own, peer] : [own], link);
    const read = await readWhile(() => own.overwrite('read meanwhile'), near.lake, scraped);
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
async function ours(near: Platform, far: Platform, scraped: readonly ScrapeResult[]): Promise<Overwriter> {
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

async function inTurns(
  contenders: readonly Overwriter[],
  link: CountingLink,
): Promise<ReadonlyMap<string, readonly Round[]>> {
  const rounds = new Map(contenders.map(({ name }) => [name, [] as Round[]]));
  for (let round = 0; round <= ROUNDS; round++)
    for (const { name, overwrite } of contenders) {
      await link.counts();
      const seconds = await overwrite(`round ${round}`);
      const counts = await link.counts();
      if (round > 0) rounds.get(name)!.push({ seconds, counts });
    }
  return rounds;
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

if (import.meta.main && !(await measureOverwriting())) process.exitCode = 1;
