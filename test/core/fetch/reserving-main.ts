/** A process beside another one: reserves starts in a state file as fast as it can, and prints them. */
import { once } from 'node:events';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { systemClock } from '../../../adapters/local/system-clock.ts';
import { createPermitStore } from '../../../core/fetch/permit-store.ts';

const [file, host, count, minDelayMs] = process.argv.slice(2);
const state = openSqliteStateStore(String(file));
const permits = createPermitStore({ state, clock: systemClock });
console.log('ready');
// Both start together.
await once(process.stdin, 'data');
const starts: number[] = [];
while (starts.length < Number(count)) starts.push(await permits.reserve(String(host), Number(minDelayMs)));
console.log(JSON.stringify(starts));
state.close();
process.stdin.destroy();
