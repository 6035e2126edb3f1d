import { afterEach, describe, expect, it } from 'vitest';
import { isUnresolved } from '../../../core/failures/failure.ts';
import { type Fault, NO_FAULTS } from '../../../demo/faults.ts';
import { asked, faults, ofRace, raceId, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

let session: Session;
afterEach(() => session.close());

describe('each way in which a page can fail', () => {
  const FOUR = 4;
  type Case = readonly [Fault, number, Partial<Record<string, unknown>>];
  /** Pages that never come to their end. */
  const TOO_SLOW: readonly Case[] = [
    [
      { kind: 'hang' },
      FOUR,
      { status: 'timeout', error_code: 'TIMEOUT', http_status_code: null, capture: null },
    ],
    [{ kind: 'slow-body', totalMs: 600_000 }, FOUR, { status: 'timeout', error_code: 'TIMEOUT' }],
  ];
  const CASES: readonly Case[] = [
    [
      { kind: 'reset' },
      FOUR,
      { status: 'error', error_code: 'NETWORK_ERROR', http_status_code: null, capture: null },
    ],
    [{ kind: 'truncated-body' }, FOUR, { error_code: 'NETWORK_ERROR' }],
    [status(500), FOUR, { error_code: 'SERVER_ERROR', http_status_code: 500, rule: 'status/500' }],
    [status(401), 1, { error_code: 'AUTH_FAILED', http_status_code: 401 }],
    [status(410), 1, { status: 'not_found', error_code: 'NOT_FOUND', http_status_code: 410 }],
    [status(400), 1, { error_code: 'UNKNOWN_ERROR', http_status_code: 400 }],
    [{ kind: 'oversize-body', bytes: 21 * 1024 * 1024 }, 1, { error_code: 'TOO_LARGE' }],
    [{ kind: 'redirect', to: 'private-address' }, 1, { error_code: 'REFUSED' }],
    [{ kind: 'changed-page' }, 1, { error_code: 'HTML_CHANGED', http_status_code: 200 }],
    [{ kind: 'shifted-cells' }, 1, { status: 'error', http_status_code: 200 }],
    [{ kind: 'invalid-record' }, 1, { status: 'error', http_status_code: 200 }],
    [{ kind: 'empty-table' }, 2, { error_code: 'NO_RECORDS', http_status_code: 200 }],
  ];

  it('is an outcome with its evidence, is tried as often as its verdict says, and keeps the neighbours from nothing', async () => {
    session = await sessionWith(faults(...CASES.map(([fault], race) => rule(race, fault))), {
      site: { racesPerDay: 1.3 },
      env: { RESCRAPE_RACING_CONCURRENCY: '8' },
    });
    const { end, waits } = await session.run({ targets: ['gb'] });
    await everyTryLeavesItsMark(CASES);
    expect(waits).toEqual([2000, 4000, 8000]);
    const races = session.site.truth('gb', DAY).length;
    expect(end.summary.run).toMatchObject({
      items_expected: races,
      items_failed: CASES.length,
      items_found: races - CASES.length,
    });
  });

  it('is a timeout where the page never comes to its end', async () => {
    session = await sessionWith(faults(...TOO_SLOW.map(([fault], race) => rule(race, fault))), {
      env: { RESCRAPE_RACING_TIMEOUT_MS: '1500' },
    });
    await session.run({ targets: ['gb'] });
    // An honest page may be too slow for that deadline as well where the machine is busy: nothing is said of
    // it.
    await everyTryLeavesItsMark(TOO_SLOW);
  });

  /** Each try is a row of attempts, and what they came to is an open failure. */
  async function everyTryLeavesItsMark(cases: readonly Case[]): Promise<void> {
    const rows = await session.attempts();
    for (const [race, [fault, tries, expected]] of cases.entries()) {
      const own = ofRace(session, rows, race);
      expect(
        own.map((row) => row.attempt_number),
        JSON.stringify(fault),
      ).toEqual(Array.from({ length: tries }, (_, at) => at + 1));
      for (const row of own) {
        expect(row, JSON.stringify(fault)).toMatchObject(expected);
        expect(row.error_message, JSON.stringify(fault)).toMatch(/^[^\n]+$/);
        expect(row.records_found).toBeNull();
        if (row.http_status_code !== null) expect(row.capture).toContain('.warc.gz#');
      }
    }
    const open = new Set((await session.failures()).filter(isUnresolved).map(({ item }) => item));
    const unopened = cases.flatMap(([fault], race) => (open.has(raceId(session, race)) ? [] : [fault]));
    expect(unopened).toEqual([]);
  }

  it('is told apart from a page in another charset, which is read as what it says it is', async () => {
    session = await sessionWith(
      faults(
        rule(0, { kind: 'charset', declared: 'header' }),
        rule(1, { kind: 'charset', declared: 'meta' }),
      ),
    );
    const { end } = await session.run({ targets: ['gb'] });
    expect(end.summary.run).toMatchObject({ status: 'succeeded', items_found: session.amount.races });
  });

  it('is refused by robots.txt without a request', async () => {
    session = await sessionWith(NO_FAULTS);
    const [first] = session.site.truth('gb', DAY);
    session.site.setFaults({ ...NO_FAULTS, robotsDisallow: [first!.path] });
    await session.run({ targets: ['gb'] });
    expect(ofRace(session, await session.attempts(), 0)).toMatchObject([
      { error_code: 'REFUSED', rule: 'robots/disallow' },
    ]);
    expect(asked(session, 0)).toEqual([0]);
  });
});
