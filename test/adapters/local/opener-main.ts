/**
 * Opens the state and the queue of many new directories, each at a moment that it is told once it is ready,
 * and writes into both. The moments are of the machine's clock, for nothing else is the same in two
 * processes; one that comes too late opens at once, and only how closely the two meet depends on it.
 */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { openSqliteWorkQueue } from '../../../adapters/local/sqlite-work-queue.ts';
import { systemClock } from '../../../adapters/local/system-clock.ts';

const [root = '', count = '0'] = process.argv.slice(2);
console.log('ready');
const [from] = (await once(process.stdin, 'data')) as [Buffer];
for (let n = 0; n < Number(count); n++) {
  const directory = join(root, String(n));
  mkdirSync(directory, { recursive: true });
  while (Date.now() < Number(from) + n * 25);
  const state = openSqliteStateStore(join(directory, 'state.sqlite'));
  await state.write([{ kind: 'put', partition: 'opened', sort: String(process.pid), value: n }]);
  state.close();
  const queue = openSqliteWorkQueue({
    file: join(directory, 'queue.sqlite'),
    clock: systemClock,
    maxDeliveries: 3,
  });
  await queue.send([{ body: String(process.pid), delayMs: 0 }]);
  queue.close();
}
process.stdin.destroy();
