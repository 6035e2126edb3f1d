import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FailureStore } from '../../core/failures/failure-store.ts';
import { openLocalPlatform } from '../../runtime/local.ts';
import { type Drained, playDrain } from './support/drain-process.ts';
import { factsIn, logRows } from './support/lake-reading.ts';
import { asked, faults, raceId, rule, sessionWith, status } from './support/race-faults.ts';
import { IN_A_RUN, MINUTE } from './support/retry-play.ts';
import type { Session } from './support/session.ts';
import { settingsFor } from './support/small-site.ts';
import { testClock } from './support/test-time.ts';

/** When the message is due, and when the claim of a worker that died then has run out. */
const DUE = 50 * MINUTE;
const LATER = DUE + 20 * MINUTE;

let session: Session;
let room: string;
/** The lake with one failure in the queue, from which every drain starts. */
let start: string;

beforeAll(async () => {
  session = await sessionWith(faults(rule(0, status(406), IN_A_RUN)));
  await session.run({ targets: ['gb'] });
  const waited = session.clock.now() - testClock.now();
  room = mkdtempSync(join(tmpdir(), 'rescrape-retry-kill-'));
  start = join(room, 'start');
  await session.platform.close();
  cpSync(session.directory, start, { recursive: true });
  expect(waited).toBeLessThan(MINUTE);
});
afterAll(async () => {
  await session.site.close();
  rmSync(room, { recursive: true, force: true });
  rmSync(session.directory, { recursive: true, force: true });
});

function copyFor(name: string): string {
  const directory = join(room, name);
  cpSync(start, directory, { recursive: true });
  return directory;
}

function drained(directory: string, aheadMs: number, killAt?: number) {
  const env = settingsFor(session.site);
  return playDrain({ directory, env, aheadMs, ...(killAt !== undefined && { killAt }) });
}

async function drainedToItsEnd(directory: string, aheadMs: number): Promise<Drained> {
  const end = await drained(directory, aheadMs);
  if (end === 'killed') throw new Error('killed without being told to');
  return end;
}

async function failuresIn(directory: string) {
  const platform = openLocalPlatform({ directory, env: settingsFor(session.site) });
  try {
    return await Array.fromAsync(new FailureStore(platform.state).list('racing'));
  } finally {
    await platform.close();
  }
}

async function attemptsAtRace(directory: string): Promise<number> {
  const rows = await logRows(directory, 'attempts');
  return rows.filter(({ item_id }) => item_id === raceId(session, 0)).length;
}

const askedForRace = () => asked(session, 0)[0]!;

describe('a worker that is killed', () => {
  it('before any of its writes leaves a message that the next worker brings to the same end', async () => {
    const whole = copyFor('whole');
    const undisturbed = await drainedToItsEnd(whole, DUE);
    expect(undisturbed.answers).toEqual(['recovered']);
    const { writes } = undisturbed;
    expect(writes).toEqual(expect.arrayContaining(['queue/receive', 'queue/acknowledge']));
    const rows = await factsIn(whole);
    const before = await attemptsAtRace(start);
    const already = askedForRace();
    // The other hands of a worker that look for messages as well find none: once is enough.
    const points = writes
      .map((name, at) => ({ name, at: at + 1 }))
      .filter(({ name, at }) => name !== 'queue/receive' || at === 1);
    let lost = 0;
    const limit = pLimit(2);
    await limit.map(points, async ({ name, at }) => {
      const directory = copyFor(`killed-${at}`);
      expect(await drained(directory, DUE, at)).toBe('killed');
      const end = await drainedToItsEnd(directory, LATER);
      const where = `killed before ${name}`;
      expect(await factsIn(directory), where).toEqual(rows);
      expect(end.depth, where).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
      expect(await failuresIn(directory), where).toMatchObject([{ state: 'recovered', claim: null }]);
      // Once for each directory, and nothing is asked for twice, unless the answer was not yet on record.
      expect(await attemptsAtRace(directory), where).toBe(before + 1);
      // Later it is deleted.
      const isFirst = writes.indexOf(name) === at - 1;
      if (isFirst && /\/attempts\/(item|robots)-/.test(name)) lost++;
    });
    expect(lost).toBe(2);
    expect(askedForRace() - already).toBe(points.length + lost);
  });
});
