/**
 * The process behind the test of four: scrapes the partitions that it is told, as a container of the
 * functions would.
 */
import type { PartitionWork } from '../../../core/platform.ts';
import { scrape } from '../../../core/scrape/scrape.ts';
import { openLocalPlatform } from '../../../runtime/local.ts';
import { say, taskGiven } from './played-process.ts';
import { shelves } from './shelf-site.ts';

export interface ShelfTask {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly works: readonly PartitionWork[];
}

const { directory, env, works } = taskGiven<ShelfTask>();
const platform = openLocalPlatform({ directory, env, sources: [shelves] });
const ends = await Promise.all(works.map((work) => scrape(platform, work)));
await platform.close();
say(ends.filter(({ done }) => done).length);
