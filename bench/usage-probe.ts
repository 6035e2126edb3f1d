import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Usage } from './usage.ts';

/**
 * Preloaded (`node --import`) into processes that are measured without Python: each leaves its usage in the
 * folder of BENCH_USAGE.
 */
const folder = process.env.BENCH_USAGE;
if (folder !== undefined) {
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    const peakBytes = process.resourceUsage().maxRSS * 1024;
    const usage: Usage = { cpuMs: (user + system) / 1000, peakBytes };
    writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(usage));
  });
}
