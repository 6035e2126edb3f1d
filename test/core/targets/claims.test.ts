import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';
import { CRAWL_GAP_MS } from '../../../core/targets/claim.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rescrape-claims-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('of many runs at once one gets the target, and its own copies get it with it', async () => {
  const stores = Array.from({ length: 4 }, () => openSqliteStateStore(join(root, 'state.sqlite')));
  const clock = { now: () => 1_000_000 };
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, nth) => {
      const runId = `run ${nth % 10}`;
      const store = new TargetStore(stores[nth % 4]!);
      const answer = await store.claim('menus', 'a', { runId, id: `id ${nth}`, every: 240 }, clock);
      return { runId, answer };
    }),
  );
  const won = answers.filter(({ answer }) => answer.kind === 'claimed');
  expect(won).toHaveLength(4);
  expect(new Set(won.map(({ runId }) => runId)).size).toBe(1);
  expect(new Set(won.map(({ answer }) => answer.kind === 'claimed' && answer.claim.id)).size).toBe(1);
  for (const store of stores) store.close();
});

it('a claim whose write was sent twice is won: the second copy finds its own', async () => {
  const state = openSqliteStateStore(join(root, 'state.sqlite'));
  let sent = 0;
  // The first answer is lost, and what was sent again meets its own revision.
  const twice: StateStore = {
    get: (...place) => state.get(...place),
    getMany: (names) => state.getMany(names),
    query: (...query) => state.query(...query),
    scan: () => state.scan(),
    write: async (writes) => {
      const first = await state.write(writes);
      return sent++ === 0 ? state.write(writes) : first;
    },
    transact: (writes) => state.transact(writes),
  };
  const request = { runId: 'r1', id: 'x', every: 240 };
  const answer = await new TargetStore(twice).claim('menus', 'a', request, { now: () => 1_000_000 });
  expect(answer).toMatchObject({ kind: 'claimed', claim: { id: 'x' } });
  state.close();
});

it('two minutes lie between two crawls, whichever of four processes made them', async () => {
  const main = fileURLToPath(new URL('./claiming-main.ts', import.meta.url));
  const file = join(root, 'state.sqlite');
  openSqliteStateStore(file).close();
  const processes = ['one', 'two', 'three', 'four'].map((name) =>
    spawn(process.execPath, [main, file, name, '6', '1000'], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  await Promise.all(processes.map(({ stdout }) => once(stdout!, 'data')));
  const outputs = processes.map(({ stdout }) => text(stdout!));
  for (const { stdin } of processes) stdin!.end('go');
  await Promise.all(processes.map((child: ChildProcess) => once(child, 'exit')));
  const crawls = (await Promise.all(outputs))
    .flatMap((output) => JSON.parse(output) as { at: number; releasedAt: number }[])
    .sort((a, b) => a.at - b.at);
  expect(crawls.length).toBeGreaterThanOrEqual(6);
  for (const [nth, { at }] of crawls.entries())
    if (nth > 0) expect(at - crawls[nth - 1]!.releasedAt).toBeGreaterThanOrEqual(CRAWL_GAP_MS);
});
