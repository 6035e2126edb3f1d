import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { usageSoFar } from './usage.ts';

/**
 * Preloaded (`node --import`) into processes that are measured whole: each leaves its usage in the folder of
 * BENCH_USAGE.
 */
const folder = process.env.BENCH_USAGE;
if (folder !== undefined) {
  process.on('exit', () => writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(usageSoFar())));
}
