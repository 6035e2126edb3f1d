import { afterEach, describe, expect, it } from 'vitest';
import { PartitionRegister } from '../../../core/audit/partition-register.ts';
import { reparse } from '../../../core/pipeline/reparse.ts';
import {
  handleFailedItem,
  type RetryAnswer,
  retryItem,
  retryNow,
} from '../../../core/pipeline/retry-items.ts';
import { TargetRegister } from '../../../core/target/target.ts';
import { civilDate } from '../../../core/window/civil-date.ts';
import { decodeFailedItem } from '../../../core/work/failed-item.ts';
import type { Failure } from '../../../core/work/failure.ts';
import { keyOf } from '../../../core/work/failure-register.ts';
import type { FaultPlan } from '../../../demo/faults.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import type { LocalPlatform } from '../../../runtime/local.ts';
import { currentRows, logRows } from '../../e2e/support/lake-reading.ts';
import { asked, faults, raceId, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

const MINUTE = 60_000;
const GB = `country=gb/date=${DAY}`;
/** A run asks four times: 406 for exactly so many requests leaves the rest to a retry. */
const IN_A_RUN = 4;

let session: Session;
afterEach(() => session.close());

async function afterRunWith(plan: FaultPlan): Promise<void> {
  session = await sessionWith(plan);
  await session.run({ targets: ['gb'] });
}

/** One message after the other until none is due. */
async function drain(platform: LocalPlatform = session.platform): Promise<RetryAnswer[]> {
  const answers: RetryAnswer[] = [];
  for (;;) {
    const [delivery] = await platform.failedItems.receive({ max: 1, visibilityMs: 15 * MINUTE });
    if (!delivery) return answers;
    answers.push(await handleFailedItem(platform, delivery));
  }
}
const wait = (minutes: number) => session.clock.sleep(minutes * MINUTE);
const kinds = (answers: readonly RetryAnswer[]) => answers.map(({ kind }) => kind);
const depth = () => session.platform.failedItems.depth();
/** As the console of AWS does it: the very body, at once. */
const putBack = async () =>
  session.platform.failedItems.redrive(
    (await letters()).map((letter) => ({ letter, body: letter.body, delayMs: 0 })),
  );
const letters = () => Array.fromAsync(session.platform.failedItems.deadLetters());
const rowsOf = async (race: number) =>
  ((await currentRows(session.directory)).get(GB) ?? []).filter(
    (row) => row.race_id === raceId(session, race),
  );
async function failure(race: number) {
  return (await session.failures()).find(({ item }) => item === raceId(session, race))!;
}

async function flag(target: string): Promise<void> {
  const skip = { reason: 'under repair', actor: 'somebody', since: session.clock.now() };
  await new TargetRegister(session.platform.state).update('racing', target, (record) => ({
    ...record,
    skip,
  }));
}

describe('a run with failures', () => {
  it('sends each one that may heal to the queue, due after the cool-down', async () => {
    await afterRunWith(faults(rule(0, status(406)), rule(2, status(500))));
    expect(await depth()).toEqual({ due: 0, delayed: 2, inFlight: 0, dead: 0 });
    await wait(44);
    expect(await depth()).toMatchObject({ due: 0 });
    await wait(1);
    expect(await depth()).toMatchObject({ due: 2 });
    const [delivery] = await session.platform.failedItems.receive({ max: 1, visibilityMs: 1000 });
    expect(JSON.parse(delivery!.body)).toEqual({
      ...{ version: 1, source: 'racing', target: 'gb', date: DAY },
      ...{ item: expect.any(String), url: expect.stringContaining(session.site.url) },
      ...{
        runId: expect.any(String),
        notBefore: expect.any(Number),
        sentAt: expect.any(Number),
        redrives: 0,
      },
    });
  });

  it('waits as long as the site asked for with Retry-After', async () => {
    await afterRunWith(faults(rule(0, status(429, 3 * 3600))));
    await wait(170);
    expect(await depth()).toMatchObject({ due: 0, delayed: 1 });
    await wait(10);
    expect(await depth()).toMatchObject({ due: 1 });
  });

  it('sends nothing that another try would not heal: those stay open for a person', async () => {
    await afterRunWith(
      faults(rule(0, status(404)), rule(1, status(401)), rule(3, { kind: 'cloudflare-challenge' })),
    );
    expect((await session.failures()).map(({ code }) => code).sort()).toEqual([
      'AUTH_FAILED',
      'BLOCKED',
      'NOT_FOUND',
    ]);
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
  });

  it('sends no second message for a failure that has one under way', async () => {
    await afterRunWith(faults(rule(0, status(500))));
    await session.run({ targets: ['gb'] });
    expect((await failure(0)).runs).toBe(2);
    expect(await depth()).toMatchObject({ delayed: 1, due: 0 });
  });

  it('sends it again where the note that it went was lost, and the copy changes nothing', async () => {
    session = await sessionWith(faults(rule(0, status(500), IN_A_RUN)));
    const send = session.platform.failedItems.send.bind(session.platform.failedItems);
    let died = false;
    session.platform.failedItems.send = async (messages) => {
      await send(messages);
      if (died) return;
      died = true;
      throw new Error('killed');
    };
    await session.run({ targets: ['gb'] });
    expect(await depth()).toMatchObject({ delayed: 2 });
    await wait(46);
    expect(kinds(await drain())).toEqual(['recovered', 'closed']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
  });
});

describe('the retry of a failed item', () => {
  it('publishes what it recovers into the current version and closes the failure', async () => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    const before = (await currentRows(session.directory)).get(GB)!;
    expect(await rowsOf(0)).toEqual([]);
    await wait(46);
    const [answer, ...others] = await drain();
    expect(others).toEqual([]);
    expect(answer).toMatchObject({ kind: 'recovered', result: { status: 'committed' } });
    const after = (await currentRows(session.directory)).get(GB)!;
    expect(await rowsOf(0)).toHaveLength(3);
    expect(after).toHaveLength(before.length + 3);
    const lasting = (rows: typeof before) =>
      rows.map(({ _committed_at, ...row }) =>
        JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
      );
    expect(lasting(after)).toEqual(expect.arrayContaining(lasting(before)));
    if (answer?.kind !== 'recovered') throw new Error('not recovered');
    expect(await failure(0)).toMatchObject({ state: 'recovered', closedBy: answer.runId });
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
  });

  it('puts its attempt and its commit on record under a run of its own, and makes the partition no fresher', async () => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    const made = (await session.attempts()).length;
    const [{ freshAt }] = await standings();
    await wait(46);
    const [answer] = await drain();
    if (answer?.kind !== 'recovered') throw new Error('not recovered');
    const attempts = (await session.attempts()).slice(made);
    expect(attempts.filter(({ item_id }) => item_id !== 'robots.txt')).toMatchObject([
      { run_id: answer.runId, item_id: raceId(session, 0), error_code: 'SUCCESS', attempt_number: 1 },
    ]);
    const commits = (await logRows(session.directory, 'commits')).filter(
      ({ run_id }) => run_id === answer.runId,
    );
    expect(commits).toMatchObject([
      { actor: 'retry', status: 'committed', items_failed: 0, items_expected: 4 },
    ]);
    expect((await standings())[0]).toMatchObject({ freshAt, failed: 0, found: 4 });
    for await (const { key } of session.platform.lake.list(`work/${answer.runId}/`)) expect(key).toBe('gone');
  });

  it('waits out the cool-down without using up a try, whenever its message comes', async () => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    await session.platform.failedItems.send([{ body: await messageBody(), delayMs: 0 }]);
    expect(await drain()).toMatchObject([{ kind: 'not-yet' }]);
    expect(asked(session, 0)).toEqual([IN_A_RUN]);
    await wait(46);
    expect(kinds(await drain())).toEqual(['recovered', 'closed']);
  });

  it('tries three times with the cool-down between, then it is a dead letter with its reason', async () => {
    await afterRunWith(faults(rule(0, status(500))));
    const answers: RetryAnswer[] = [];
    for (let n = 0; n < 4; n++) {
      await wait(46);
      answers.push(...(await drain()));
    }
    expect(kinds(answers)).toEqual(['failed-again', 'failed-again', 'dead']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 3]);
    expect((await letters()).map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^3 retries failed, the last with SERVER_ERROR HTTP 500/),
    ]);
    expect(await failure(0)).toMatchObject({ state: 'dead', attempts: IN_A_RUN + 3, retry: { tries: 3 } });
    expect((await failure(0)).retry!.deadAt).not.toBeNull();
  });

  it('is dead once: a copy of the message that died asks the site for nothing', async () => {
    await afterRunWith(faults(rule(0, status(500))));
    const copy = await messageBody();
    for (let n = 0; n < 3; n++) {
      await wait(46);
      await drain();
    }
    await session.platform.failedItems.send([{ body: copy, delayMs: 0 }]);
    expect(await drain()).toMatchObject([
      { kind: 'closed', why: expect.stringMatching(/^its tries are used up/) },
    ]);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 3]);
    expect(await letters()).toHaveLength(1);
  });

  it('stays dead, with one letter, when the next run meets the same', async () => {
    await afterRunWith(faults(rule(0, status(500))));
    for (let n = 0; n < 3; n++) {
      await wait(46);
      await drain();
    }
    await session.run({ targets: ['gb'] });
    expect(await failure(0)).toMatchObject({ state: 'dead', runs: 5, counts: { SERVER_ERROR: 11 } });
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 1 });
  });

  it('tells who changed its state, and when', async () => {
    await afterRunWith(faults(rule(0, status(500), IN_A_RUN + 3)));
    for (let n = 0; n < 3; n++) {
      await wait(46);
      await drain();
    }
    await putBack();
    await drain();
    const { transitions, firstRunId } = await failure(0);
    expect(transitions.map(({ state }) => state)).toEqual(['open', 'queued', 'dead', 'queued', 'recovered']);
    expect(transitions.slice(0, 2).map(({ by }) => by)).toEqual([firstRunId, firstRunId]);
    const times = transitions.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('has all its tries before it when a person puts the dead letter back', async () => {
    await afterRunWith(faults(rule(0, status(500), IN_A_RUN + 3)));
    for (let n = 0; n < 3; n++) {
      await wait(46);
      await drain();
    }
    await putBack();
    expect(kinds(await drain())).toEqual(['recovered']);
    expect(await rowsOf(0)).toHaveLength(3);
  });

  it('asks the site for nothing once a newer run has brought the item', async () => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    await session.run({ targets: ['gb'] });
    const files = (await logRows(session.directory, 'commits')).length;
    await wait(46);
    expect(await drain()).toMatchObject([{ kind: 'closed', why: 'it is recovered' }]);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
    expect(await logRows(session.directory, 'commits')).toHaveLength(files);
  });

  it('leaves an item to a person once it meets a wall, and the rest of the flagged target as well', async () => {
    await afterRunWith(
      faults(
        rule(0, status(500), IN_A_RUN),
        rule(0, { kind: 'cloudflare-challenge' }),
        rule(1, status(500), IN_A_RUN),
      ),
    );
    await wait(46);
    const answers = await drain();
    expect(kinds(answers)).toContain('needs-a-person');
    expect((await session.target('gb')).skip).toMatchObject({ reason: 'security_block_one_attempt' });
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
    expect(await failure(0)).toMatchObject({ state: 'open', code: 'BLOCKED' });
    expect((await failure(0)).retry).toBeUndefined();
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
  });

  it('stays visible where its letter comes back and its target is flagged: it is open, for a person', async () => {
    await afterRunWith(faults(rule(0, status(500))));
    for (let n = 0; n < 3; n++) {
      await wait(46);
      await drain();
    }
    await flag('gb');
    for (const letter of await letters())
      await session.platform.failedItems.redrive([{ letter, body: letter.body, delayMs: 0 }]);
    expect(kinds(await drain())).toEqual(['needs-a-person']);
    expect(await failure(0)).toMatchObject({ state: 'open' });
    expect(await letters()).toEqual([]);
  });

  it('holds its claim as long as a pass over the partition takes', async () => {
    const index = { where: { path: `/results/${DAY}` }, fault: status(500), times: IN_A_RUN };
    session = await sessionWith(
      { ...NO_FAULTS, rules: [index] },
      { env: { RESCRAPE_RACING_CONCURRENCY: '1' } },
    );
    await session.run({ targets: ['gb'] });
    await wait(46);
    const { fetcherFor } = session.platform;
    const left: number[] = [];
    (session.platform as { fetcherFor: typeof fetcherFor }).fetcherFor = (source) => ({
      reach: (url) => fetcherFor(source).reach(url),
      fetch: async (request) => {
        const [{ claim }] = (await session.failures()) as [Failure];
        left.push(claim!.until - session.clock.now());
        await wait(4);
        return fetcherFor(source).fetch(request);
      },
    });
    expect(kinds(await drain())).toEqual(['recovered']);
    expect(left).toHaveLength(5);
    expect(Math.min(...left)).toBeGreaterThan(8 * MINUTE);
    expect(asked(session, 0, 1, 2, 3)).toEqual([1, 1, 1, 1]);
  });

  it('refreshes the whole partition where the index of the day had failed', async () => {
    const index = { where: { path: `/results/${DAY}` }, fault: status(500), times: IN_A_RUN };
    session = await sessionWith({ ...NO_FAULTS, rules: [index] });
    await session.run({ targets: ['gb'] });
    expect((await currentRows(session.directory)).get(GB)).toBeUndefined();
    await wait(46);
    expect(await drain()).toMatchObject([{ kind: 'recovered', result: { status: 'committed', rows: 12 } }]);
    expect((await currentRows(session.directory)).get(GB)).toHaveLength(12);
  });

  it('brings a day whose every item had failed, although there is no version to publish into', async () => {
    const all = [0, 1, 2, 3].map((race) => rule(race, status(500), IN_A_RUN));
    await afterRunWith(faults(...all));
    expect((await currentRows(session.directory)).get(GB)).toBeUndefined();
    await wait(46);
    expect(kinds(await drain())).toEqual(['recovered', 'closed', 'closed', 'closed']);
    expect((await currentRows(session.directory)).get(GB)).toHaveLength(12);
  });
});

describe('a delivery that dies on its way', () => {
  it('between the request and its publication is taken up without asking the site again', async () => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    await wait(46);
    session.onWrite = ({ name }) => {
      if (name.startsWith('attempts/')) throw new Error('killed');
    };
    await expect(drain()).rejects.toThrow('killed');
    session.onWrite = () => {};
    await wait(16);
    expect(kinds(await drain())).toEqual(['recovered']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
    const own = (await session.attempts()).filter(({ item_id }) => item_id === raceId(session, 0));
    expect(own).toHaveLength(IN_A_RUN + 1);
  });

  it('between publication and acknowledgement comes again and changes nothing', async () => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    await wait(46);
    const { acknowledge } = session.platform.failedItems;
    session.platform.failedItems.acknowledge = async () => {
      throw new Error('killed');
    };
    await expect(drain()).rejects.toThrow('killed');
    session.platform.failedItems.acknowledge = acknowledge.bind(session.platform.failedItems);
    const rows = await rowsOf(0);
    await wait(16);
    expect(kinds(await drain())).toEqual(['closed']);
    expect(await rowsOf(0)).toEqual(rows);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
  });

  it('behind its request is put on record by the next run, and recovers what it fetched where that one dies as well', async () => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    await wait(46);
    session.onWrite = ({ name }) => {
      if (name.startsWith('attempts/')) throw new Error('killed');
    };
    await expect(drain()).rejects.toThrow('killed');
    await wait(16);
    session.onWrite = ({ name }) => {
      if (name.startsWith('failures#')) throw new Error('killed');
    };
    await expect(session.run({ targets: ['gb'] })).rejects.toThrow('killed');
    session.onWrite = () => {};
    expect(kinds(await drain())).toEqual(['recovered']);
    expect(await rowsOf(0)).toHaveLength(3);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
    const own = (await session.attempts()).filter(({ item_id }) => item_id === raceId(session, 0));
    expect(own).toHaveLength(IN_A_RUN + 1);
  });

  it('after a person asked for it leaves the letter of a dead item its own tries', async () => {
    await afterRunWith(faults(rule(0, status(500), IN_A_RUN + 4)));
    for (let n = 0; n < 3; n++) {
      await wait(46);
      await drain();
    }
    session.onWrite = ({ name }) => {
      if (name.startsWith('attempts/')) throw new Error('killed');
    };
    await expect(retryNow(session.platform, session.source, keyOf(await failure(0)))).rejects.toThrow(
      'killed',
    );
    session.onWrite = () => {};
    await wait(16);
    for (const letter of await letters())
      await session.platform.failedItems.redrive([{ letter, body: letter.body, delayMs: 0 }]);
    expect(kinds(await drain())).toEqual(['not-yet']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 4]);
    await wait(46);
    expect(kinds(await drain())).toEqual(['recovered']);
  });

  it('between its last try and its letter comes again, and the letter is written then', async () => {
    await afterRunWith(faults(rule(0, status(500))));
    for (let n = 0; n < 2; n++) {
      await wait(46);
      await drain();
    }
    await wait(46);
    const { bury } = session.platform.failedItems;
    session.platform.failedItems.bury = async () => {
      throw new Error('killed');
    };
    await expect(drain()).rejects.toThrow('killed');
    session.platform.failedItems.bury = bury.bind(session.platform.failedItems);
    expect(await failure(0)).toMatchObject({ state: 'dead' });
    await wait(16);
    await session.platform.failedItems.send([{ body: await messageBody(), delayMs: 0 }]);
    expect(kinds(await drain())).toEqual(['dead', 'closed']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 3]);
    expect(await letters()).toMatchObject([{ reason: expect.stringMatching(/SERVER_ERROR/) }]);
    expect(JSON.parse((await letters())[0]!.body)).toMatchObject({ redrives: 1 });
  });

  it('before its request, and a newer run fails as well: the next one recovers the item under the old id', async () => {
    await afterRunWith(faults(rule(0, status(500), 2 * IN_A_RUN)));
    await wait(46);
    const { fetcherFor } = session.platform;
    (session.platform as { fetcherFor: typeof fetcherFor }).fetcherFor = () => {
      throw new Error('killed');
    };
    await expect(drain()).rejects.toThrow('killed');
    (session.platform as { fetcherFor: typeof fetcherFor }).fetcherFor = fetcherFor;
    await wait(16);
    await session.run({ targets: ['gb'] });
    await wait(46);
    expect(kinds(await drain())).toEqual(['recovered']);
    expect(await failure(0)).toMatchObject({ state: 'recovered' });
    expect(asked(session, 0)).toEqual([2 * IN_A_RUN + 1]);
  });

  it('leaves a copy that comes meanwhile waiting: an item is under way once', async () => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    await wait(46);
    await session.platform.failedItems.send([{ body: await messageBody(), delayMs: 0 }]);
    const deliveries = await session.platform.failedItems.receive({ max: 2, visibilityMs: 15 * MINUTE });
    const answers = await Promise.all(deliveries.map((each) => handleFailedItem(session.platform, each)));
    expect(kinds(answers).sort()).toEqual(['not-yet', 'recovered']);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
  });
});

describe('a reparse while a retry waits', () => {
  it('does not recover what failed after its captures were made', async () => {
    session = await sessionWith(NO_FAULTS);
    await session.run({ targets: ['gb'] });
    const day = { start: civilDate(DAY), end: civilDate(DAY) };
    session.site.setFaults(faults(rule(0, status(500), IN_A_RUN)));
    await session.run({ targets: ['gb'] });
    for await (const _ of reparse(session.platform, session.source, day, ['gb']));
    expect(await failure(0)).toMatchObject({ state: 'queued' });
    await wait(46);
    expect(kinds(await drain())).toEqual(['recovered']);
    expect(asked(session, 0)).toEqual([1 + IN_A_RUN + 1]);
  });
});

describe('a poison message', () => {
  it.each([
    ['what is no JSON', 'hello', /no JSON/],
    ['another version', '{"version":2,"source":"racing"}', /version 1: version:/],
    ['an unknown source', message({ source: 'nowhere' }), /there is no source nowhere/],
    ['an unknown target', message({ target: 'mars' }), /has no target mars/],
    ['a date that is none', message({ date: '2026-02-30' }), /date: not a date of the calendar/],
    ['an item that is no identifier', message({ item: '../x' }), /item: not an identifier/],
  ])('goes to the dead letters with its reason: %s', async (_what, body, reason) => {
    await afterRunWith(faults(rule(0, status(406), IN_A_RUN)));
    await wait(46);
    await session.platform.failedItems.send([{ body, delayMs: 0 }]);
    expect(kinds(await drain()).sort()).toEqual(['poison', 'recovered']);
    expect(await letters()).toMatchObject([{ body, reason: expect.stringMatching(reason) }]);
  });

  it('is none where the failure is not on record: there is nothing to recover', async () => {
    session = await sessionWith(NO_FAULTS);
    const decoded = decodeFailedItem(message({}));
    if (decoded.kind === 'poison') throw new Error(decoded.reason);
    expect(await retryItem(session.platform, decoded.message)).toEqual({
      kind: 'closed',
      why: 'no failure is on record',
    });
  });
});

function message(more: Readonly<Record<string, unknown>>): string {
  const usual = {
    version: 1,
    source: 'racing',
    target: 'gb',
    date: DAY,
    item: '1',
    url: 'https://example.org/1',
  };
  return JSON.stringify({ ...usual, runId: 'run', notBefore: 0, ...more });
}

/** A copy of the message that the run has sent. */
async function messageBody(): Promise<string> {
  return message({ item: raceId(session, 0) });
}

async function standings() {
  const standing = await new PartitionRegister(session.platform.state).get('racing_results', {
    target: 'gb',
    date: DAY,
  });
  return [standing!] as const;
}
