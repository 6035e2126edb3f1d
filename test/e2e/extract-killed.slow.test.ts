import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { catalogTruth } from '../../demo/catalogs/truth.ts';
import { CatalogsDirectory, LINE_FAULTS } from '../cli/support/catalogs.ts';
import { chanceOf } from '../core/chance.ts';
import { startCommand } from './support/command-line.ts';
import { STARTS_AT } from './support/test-time.ts';

const MINUTE_MS = 60_000;
const ROUNDS = 8;

let catalogs: CatalogsDirectory;
let cwd: string;
/** Every command that was started; none outlives its test. */
let children: ReturnType<typeof startCommand>['child'][];

async function begin(): Promise<void> {
  // An answer to a submission that is lost now and then, beside all that goes wrong with pages.
  const lost = { call: 'create', fault: { kind: 'drop-after' }, times: 3 } as const;
  catalogs = await CatalogsDirectory.make({ ...LINE_FAULTS, calls: [lost] });
  cwd = join(catalogs.path, 'cwd');
  mkdirSync(cwd);
  children = [];
}
beforeEach(begin);
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await catalogs.remove();
});

/** `round`: what was leased in the one before is over. */
function start(round: number, ...words: string[]) {
  const now = new Date(Date.parse(STARTS_AT) + round * 10 * MINUTE_MS).toISOString();
  const env = { ...catalogs.env, RESCRAPE_CATALOGS_BATCH_SIZE: '4', RESCRAPE_NOW: now };
  const started = startCommand([...words, '--local', catalogs.lake], env, cwd);
  children.push(started.child);
  return started;
}

/** Until the provider has been asked so often; soon over, whatever happens. */
async function requests(most: number, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver && catalogs.server.requests.length < most)
    await new Promise((resolve) => setTimeout(resolve, 2));
}

interface Scanned {
  readonly page_key: string;
  readonly status: string;
  readonly tries: number;
}

/** The provider's own log against what is on record of each page. */
async function heldAgainstTheLog(round: number): Promise<void> {
  const { code, stdout } = await start(round, 'extract', 'scan', '--json').ended;
  expect(code).toBe(0);
  const { items } = JSON.parse(stdout) as { items: Scanned[] };
  const truth = catalogTruth(true);
  expect(items.map(({ page_key, status, tries }) => [page_key, status.replace('_', ' '), tries])).toEqual(
    truth.map(({ key, end, tries }) => [key, end === 'result' ? 'done' : end, tries]),
  );
  const sent = Map.groupBy(catalogs.server.attempts, ({ key }) => key);
  expect(truth.map(({ key }) => [key, sent.get(key)?.length ?? 0])).toEqual(
    truth.map(({ key, tries }) => [key, tries]),
  );
  const names = catalogs.server.jobs.map(({ displayName }) => displayName);
  expect(new Set(names).size).toBe(names.length);
}

it.each([1, 2, 3])(
  'two runs at once that are killed at any request lose no page, and no page is sent oftener than it must be (%i)',
  async (seed) => {
    const chance = chanceOf(seed);
    let killed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const runs = [0, 1].map(() => start(round, 'extract', 'run'));
      await Promise.all(
        runs.map(async ({ child, ended }) => {
          await requests(catalogs.server.requests.length + 1 + Math.floor(chance() * 24), ended);
          child.kill('SIGKILL');
          if ((await ended).code === null) killed++;
        }),
      );
    }
    expect(killed).toBeGreaterThan(4);
    const ends = await Promise.all([0, 1].map(() => start(ROUNDS, 'extract', 'run').ended));
    expect(
      ends.map(({ code }) => code),
      ends.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([3, 3]);
    await heldAgainstTheLog(ROUNDS + 1);
  },
  300_000,
);

it('Ctrl-C ends a run in order, and the next one takes up what is in flight', async () => {
  const first = start(0, 'extract', 'run');
  await requests(12, first.ended);
  first.child.kill('SIGINT');
  const { code, stderr } = await first.ended;
  expect({ code, last: stderr.trimEnd().split('\n').at(-1) }).toEqual({
    ...{ code: 130, last: expect.stringMatching(/^rescrape: interrupted: no page is lost, and jobs/) },
  });
  expect((await start(1, 'extract', 'run').ended).code).toBe(3);
  await heldAgainstTheLog(2);
}, 120_000);
