import { afterEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import type { Failure } from '../../../core/failures/failure.ts';
import { decodeFailedItem } from '../../../core/failures/message.ts';
import { retryItem } from '../../../core/retry/claimed-retry.ts';
import { reparse } from '../../../core/run/reparse.ts';
import { PartitionStore } from '../../../core/state/partition-store.ts';
import { flagged } from '../../../core/targets/flags.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import { currentRows, logRows } from '../../e2e/support/lake-reading.ts';
import {
  asked,
  faults,
  raceId,
  rowsOfRace,
  rule,
  sessionAfterRun,
  sessionWith,
  status,
} from '../../e2e/support/race-faults.ts';
import {
  COOL_DOWN_MINUTES,
  IN_A_RUN,
  kindsOf,
  MINUTE,
  messageAbout,
  queuePlay,
} from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

const GB = `country=gb/date=${DAY}`;

let session: Session;
afterEach(() => session.close());
const { wait, drain, waitAndDrain, depth, deadLetters, failure } = queuePlay(() => session);

const lastRefresh = async () =>
  (await new PartitionStore(session.platform.state).get('racing_results', { value: 'gb', date: DAY }))!;

describe('the retry of a failed item', () => {
  it('publishes what it recovers into the current version and closes the failure', async () => {
    session = await sessionAfterRun(faults(rule(0, status(406), IN_A_RUN)));
    const before = (await currentRows(session.directory)).get(GB)!;
    expect(await rowsOfRace(session, 0)).toEqual([]);
    const [answer, ...others] = await waitAndDrain();
    expect(others).toEqual([]);
    expect(answer).toMatchObject({ kind: 'recovered', result: { status: 'committed' } });
    const after = (await currentRows(session.directory)).get(GB)!;
    expect(await rowsOfRace(session, 0)).toHaveLength(3);
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
    session = await sessionAfterRun(faults(rule(0, status(406), IN_A_RUN)));
    const made = (await session.attempts()).length;
    const { freshAt } = await lastRefresh();
    const [answer] = await waitAndDrain();
    if (answer?.kind !== 'recovered') throw new Error('not recovered');
    const attempts = (await session.attempts()).slice(made);
    expect(attempts.filter(({ item_id }) => item_id !== 'robots.txt')).toMatchObject([
      { run_id: answer.runId, item_id: raceId(session, 0), error_code: 'SUCCESS', attempt_number: 1 },
    ]);
    const commits = (await logRows(session.directory, 'commits')).filter(
      ({ run_id }) => run_id === answer.runId,
    );
    expect(commits).toMatchObject([
      { actor: 'retry', status: 'committed', items_failed: 0, items_expected: session.amount.races },
    ]);
    expect(await lastRefresh()).toMatchObject({ freshAt, failed: 0, found: session.amount.races });
    for await (const { key } of session.platform.lake.list(`work/${answer.runId}/`)) expect(key).toBe('gone');
  });

  it('waits out the cool-down without using up a try, whenever its message comes', async () => {
    session = await sessionAfterRun(faults(rule(0, status(406), IN_A_RUN)));
    await session.platform.failedItems.send([
      { body: messageAbout({ item: raceId(session, 0) }), delayMs: 0 },
    ]);
    expect(await drain()).toMatchObject([{ kind: 'not-yet' }]);
    expect(asked(session, 0)).toEqual([IN_A_RUN]);
    expect(kindsOf(await waitAndDrain())).toEqual(['recovered', 'closed']);
  });

  it('asks the site for nothing once a newer run has brought the item', async () => {
    session = await sessionAfterRun(faults(rule(0, status(406), IN_A_RUN)));
    await session.run({ targets: ['gb'] });
    const files = (await logRows(session.directory, 'commits')).length;
    expect(await waitAndDrain()).toMatchObject([{ kind: 'closed', why: 'it is recovered' }]);
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
    expect(await logRows(session.directory, 'commits')).toHaveLength(files);
  });

  it('leaves an item to a person once it meets a wall, and the rest of the flagged target as well', async () => {
    session = await sessionAfterRun(
      faults(
        rule(0, status(500), IN_A_RUN),
        rule(0, { kind: 'cloudflare-challenge' }),
        rule(1, status(500), IN_A_RUN),
      ),
    );
    const answers = await waitAndDrain();
    expect(kindsOf(answers)).toContain('needs-a-person');
    expect((await session.target('gb')).skip).toMatchObject({ reason: 'security_block_one_attempt' });
    expect(asked(session, 0)).toEqual([IN_A_RUN + 1]);
    expect(await failure(0)).toMatchObject({ state: 'open', code: 'BLOCKED' });
    expect((await failure(0)).retry).toBeUndefined();
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
  });

  it('that is flagged while it waits for its turn sends nothing, uses up no try and is left to a person', async () => {
    session = await sessionWith(faults(rule(0, status(500), IN_A_RUN)));
    await session.run({ targets: ['gb'] });
    const before = await failure(0);
    await wait(COOL_DOWN_MINUTES);
    const { fetcherFor } = session.platform;
    const store = new TargetStore(session.platform.state);
    const flag = { reason: 'somebody said so', actor: 'somebody', at: 0 };
    (session.platform as { fetcherFor: typeof fetcherFor }).fetcherFor = (source) => ({
      ...fetcherFor(source),
      fetch: async (request) => {
        await store.update('racing', 'gb', (record) => flagged(record, flag), flag);
        return fetcherFor(source).fetch(request);
      },
    });
    expect(kindsOf(await drain())).toEqual(['needs-a-person']);
    expect(asked(session, 0)).toEqual([IN_A_RUN]);
    const after = await failure(0);
    expect(after).toMatchObject({ state: 'open', claim: null, lastFailedAt: before.lastFailedAt });
    expect(await depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 0 });
  });

  it('holds its claim as long as a pass over the partition takes', async () => {
    const index = { where: { path: `/results/${DAY}` }, fault: status(500), times: IN_A_RUN };
    session = await sessionWith(
      { ...NO_FAULTS, rules: [index] },
      { env: { RESCRAPE_RACING_CONCURRENCY: '1' } },
    );
    await session.run({ targets: ['gb'] });
    await wait(COOL_DOWN_MINUTES);
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
    expect(kindsOf(await drain())).toEqual(['recovered']);
    expect(left).toHaveLength(5);
    expect(Math.min(...left)).toBeGreaterThan(8 * MINUTE);
    expect(asked(session, 0, 1, 2, 3)).toEqual([1, 1, 1, 1]);
  });

  it('refreshes the whole partition where the index of the day had failed', async () => {
    const index = { where: { path: `/results/${DAY}` }, fault: status(500), times: IN_A_RUN };
    session = await sessionWith({ ...NO_FAULTS, rules: [index] });
    await session.run({ targets: ['gb'] });
    expect((await currentRows(session.directory)).get(GB)).toBeUndefined();
    expect(await waitAndDrain()).toMatchObject([
      { kind: 'recovered', result: { status: 'committed', rows: session.amount.rows } },
    ]);
    expect((await currentRows(session.directory)).get(GB)).toHaveLength(session.amount.rows);
  });

  it('brings a day whose every item had failed, although there is no version to publish into', async () => {
    const all = [0, 1, 2, 3].map((race) => rule(race, status(500), IN_A_RUN));
    session = await sessionAfterRun(faults(...all));
    expect((await currentRows(session.directory)).get(GB)).toBeUndefined();
    expect(kindsOf(await waitAndDrain())).toEqual(['recovered', 'closed', 'closed', 'closed']);
    expect((await currentRows(session.directory)).get(GB)).toHaveLength(session.amount.rows);
  });
});

describe('a message of the version before', () => {
  it('is read as the key that it holds: whatever else it says decides nothing', async () => {
    session = await sessionAfterRun(faults(rule(0, status(406), IN_A_RUN), rule(1, status(404))));
    const old = { version: 1, target: 'gb', value: undefined };
    const said = { ...old, url: 'https://elsewhere.example/1', runId: 'run', notBefore: 0, sentAt: 0 };
    const more = { redrives: 7, askedAfter: (await failure(1)).lastFailedAt };
    const bodies = [0, 1].map((race) => messageAbout({ ...said, ...more, item: raceId(session, race) }));
    await session.platform.failedItems.send(bodies.map((body) => ({ body, delayMs: 0 })));
    expect(kindsOf(await drain()).sort()).toEqual(['needs-a-person', 'not-yet']);
    expect(asked(session, 0, 1)).toEqual([IN_A_RUN, 1]);
    expect(kindsOf(await waitAndDrain())).toEqual(['recovered', 'closed']);
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
    expect(kindsOf(await waitAndDrain())).toEqual(['recovered']);
    expect(asked(session, 0)).toEqual([1 + IN_A_RUN + 1]);
  });
});

describe('a poison message', () => {
  it.each([
    ['what is no JSON', 'hello', /no JSON/],
    ['another version', '{"version":3,"source":"racing"}', /version 1 or 2: version:/],
    ['an unknown source', messageAbout({ source: 'nowhere' }), /there is no source nowhere/],
    ['an unknown target', messageAbout({ value: 'mars' }), /has no target mars/],
    ['a date that is none', messageAbout({ date: '2026-02-30' }), /date: not a date of the calendar/],
    ['an item that is no identifier', messageAbout({ item: '../x' }), /item: not an identifier/],
  ])('goes to the dead letters with its reason: %s', async (_what, body, reason) => {
    session = await sessionAfterRun(faults(rule(0, status(406), IN_A_RUN)));
    await wait(COOL_DOWN_MINUTES);
    await session.platform.failedItems.send([{ body, delayMs: 0 }]);
    expect(kindsOf(await drain()).sort()).toEqual(['poison', 'recovered']);
    expect(await deadLetters()).toMatchObject([{ body, reason: expect.stringMatching(reason) }]);
  });

  it('is none where its source cannot be run: it comes again, and is tried when that is mended', async () => {
    session = await sessionAfterRun(faults(rule(0, status(406), IN_A_RUN)));
    const key = {
      source: 'racing',
      partition: { value: 'gb', date: civilDate(DAY) },
      item: raceId(session, 0),
    };
    await wait(COOL_DOWN_MINUTES);
    const invalidSources = [{ name: 'racing', problem: 'source "racing" is not valid' }];
    const broken = { ...session.platform, sources: [], invalidSources };
    expect(await retryItem(broken, key)).toEqual({ kind: 'not-yet', delayMs: 45 * MINUTE });
    expect(await failure(0)).toMatchObject({ state: 'queued' });
    expect(kindsOf(await drain())).toEqual(['recovered']);
  });

  it('is none where the failure is not on record: there is nothing to recover', async () => {
    session = await sessionWith(NO_FAULTS);
    const decoded = decodeFailedItem(messageAbout({}));
    if (decoded.kind === 'poison') throw new Error(decoded.reason);
    expect(await retryItem(session.platform, decoded.key)).toEqual({
      kind: 'closed',
      why: 'no failure is on record',
    });
  });
});
