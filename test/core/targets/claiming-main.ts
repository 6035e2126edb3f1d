/**
 * A process beside others: crawls one target as often as it may, and prints when each crawl began and ended.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { afterCrawl } from '../../../core/targets/transitions.ts';

const [file, name, crawls, speed] = process.argv.slice(2);
const state = openSqliteStateStore(String(file));
const store = new TargetStore(state);
console.log('ready');
// All start together.
await once(process.stdin, 'data');
const start = 1_000_000_000_000;
// One clock for all processes, so fast that the gap of two minutes passes within the test.
const now = () => start + (systemClock.now() % start) * Number(speed);
const made: { at: number; releasedAt: number }[] = [];
for (let tries = 0; tries < 4000; tries++) {
  const { totalSuccesses } = await store.get('menus', 'a');
  if (totalSuccesses >= Number(crawls)) break;
  const runId = `${name}-${tries}`;
  const answer = await store.claim('menus', 'a', { runId, id: runId, every: 240 }, { now });
  if (answer.kind === 'claimed') {
    await sleep(20);
    const releasedAt = now();
    const end = { code: 'SUCCESS', records: 1, at: releasedAt, every: 240, date: '2026-11-26' } as const;
    const by = { actor: runId, at: releasedAt };
    let isOwn = false;
    await store.update(
      'menus',
      'a',
      (record) => {
        // A process that was kept waiting for longer than the lease has lost the target to another.
        isOwn = record.claim?.id === runId;
        return isOwn ? { ...afterCrawl(record, end), totalSuccesses: record.totalSuccesses + 1 } : record;
      },
      by,
    );
    if (isOwn) made.push({ at: answer.claim.at, releasedAt });
  }
  await sleep(2);
}
console.log(JSON.stringify(made));
state.close();
process.stdin.destroy();
