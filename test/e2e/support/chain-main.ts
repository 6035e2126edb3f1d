/** The process behind the test of chains: runs the shelves of a paged API, one target, one day. */
import { openLocalPlatform } from '../../../runtime/local.ts';
import { runLocally } from '../../../runtime/local-run.ts';
import { shelves } from '../../sources-of-tests/shelves.ts';
import { ImpatientClock } from './impatient-clock.ts';
import { die, say, taskGiven } from './played-process.ts';
import { DAY } from './small-site.ts';
import { watchedPlatform } from './watched-stores.ts';

export interface ChainTask {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Dies in front of the nth write. */
  readonly killAt?: number;
}

const { directory, env, killAt } = taskGiven<ChainTask>();
let writes = 0;
const opened = openLocalPlatform({ directory, env, clock: new ImpatientClock(), sources: [shelves] });
const platform = watchedPlatform(opened, () => (++writes === killAt ? die() : undefined));
const request = { source: 'shelves', start: DAY, end: DAY, targets: ['novels'], force: false };
const end = await runLocally(platform, request);
await opened.close();
say({ end, writes });
