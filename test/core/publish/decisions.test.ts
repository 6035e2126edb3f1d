import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { PublishResult } from '../../../core/lake/publish-result.ts';
import type { Decided } from '../../../core/publish/decision-record.ts';
import { accept, DecisionError, reject, rollback } from '../../../core/publish/decisions.ts';
import { type FaultPlan, NO_FAULTS } from '../../../demo/faults.ts';
import { broken, GB, GB_PARTITION, GbPartition, SETTLES } from '../../e2e/support/gb-partition.ts';
import { logRows, type ReadRow } from '../../e2e/support/lake-reading.ts';
import { DAY } from '../../e2e/support/small-site.ts';
import { TODAY } from '../../e2e/support/test-time.ts';

let gb: GbPartition;
afterEach(() => gb.close());

/** Great Britain, published once. */
async function published(faults: FaultPlan = NO_FAULTS, today = TODAY): Promise<PublishResult> {
  gb = await GbPartition.start({ faults, today });
  return gb.run();
}
const EMPTY_DAY: FaultPlan = { ...NO_FAULTS, emptyDays: [{ country: 'gb', date: DAY }] };
const oneLine = expect.stringMatching(/^[^\n]+$/);

describe('a version that shrinks more than the source allows', () => {
  const decide = { actor: 'ann' };

  async function held(): Promise<{ first: PublishResult; second: PublishResult }> {
    const first = await published();
    gb.session.site.setFaults(EMPTY_DAY);
    return { first, second: await gb.run() };
  }

  it('is written and held, and readers keep the rows that they had', async () => {
    const { first, second } = await held();
    expect(second).toMatchObject({
      status: 'held',
      version: first.version,
      rows: gb.amount.rows,
      held: expect.any(String),
      reason: oneLine,
    });
    expect(await gb.rows()).toHaveLength(gb.amount.rows);
    expect(existsSync(gb.lakeFile('data', 'racing_results', GB, `${second.held}-0.parquet`))).toBe(true);
  });

  it('becomes current when it is accepted, with its export', async () => {
    const { first, second } = await held();
    const decided = await accept(gb.session.platform, gb.session.source, GB_PARTITION, decide);
    expect(decided).toMatchObject({
      decision: 'accepted',
      version: second.held,
      previous: first.version,
      rows: 0,
    } satisfies Partial<Decided>);
    expect(await gb.rows()).toEqual([]);
    expect(
      readFileSync(
        gb.lakeFile('exports', 'csv', 'racing_results', 'gb', `${DAY.replaceAll('-', '_')}.csv`),
        'utf8',
      ).split('\r\n'),
    ).toHaveLength(2);
    await expect(accept(gb.session.platform, gb.session.source, GB_PARTITION, decide)).rejects.toThrow(
      DecisionError,
    );
  });

  it('is forgotten when it is rejected', async () => {
    const { first } = await held();
    const decided = await reject(gb.session.platform, gb.session.source, GB_PARTITION, decide);
    expect(decided).toMatchObject({ decision: 'rejected', version: first.version, rows: gb.amount.rows });
    expect(await gb.rows()).toHaveLength(gb.amount.rows);
    await expect(accept(gb.session.platform, gb.session.source, GB_PARTITION, decide)).rejects.toThrow(
      /holds no version back/,
    );
  });

  it('can no longer be accepted once something else was committed', async () => {
    const { first } = await held();
    gb.session.site.setFaults({
      ...NO_FAULTS,
      settlesLate: [{ country: 'gb', date: DAY, race: 0, days: 30 }],
    });
    const other = await gb.run();
    expect(other).toMatchObject({ status: 'committed', previous: first.version });
    await expect(accept(gb.session.platform, gb.session.source, GB_PARTITION, decide)).rejects.toThrow(
      DecisionError,
    );
    expect(await gb.rows()).toHaveLength(gb.amount.rows);
  });

  it('is not written again by a rerun that finds the same', async () => {
    await held();
    const before = gb.dataFiles();
    expect(await gb.run()).toMatchObject({ status: 'held' });
    expect(gb.dataFiles().length - before.length).toBeLessThanOrEqual(2);
    expect(await gb.rows()).toHaveLength(gb.amount.rows);
  });

  it('is not held for what its failures explain', async () => {
    await published();
    gb.session.site.setFaults({ ...NO_FAULTS, rules: broken(0, 1, 2) });
    expect(await gb.run()).toMatchObject({
      status: 'unchanged',
      rows: gb.amount.rows,
      stats: { carried: 3 },
    });
  });

  it('leaves its decisions in the commits table', async () => {
    await held();
    await reject(gb.session.platform, gb.session.source, GB_PARTITION, decide);
    const commits = (await logRows(gb.session.directory, 'commits')).sort((a, b) =>
      String(a.run_id) < String(b.run_id) ? -1 : 1,
    );
    expect(commits.map(({ status, actor }) => [status, actor])).toEqual([
      ['committed', 'run'],
      ['held', 'run'],
      ['rejected', 'ann'],
    ]);
  });
});

describe('a rollback', () => {
  const decide = { actor: 'ann' };

  async function twoVersions(): Promise<{ first: PublishResult; second: PublishResult; old: ReadRow[] }> {
    const first = await published({ ...NO_FAULTS, settlesLate: SETTLES }, DAY);
    const old = await gb.rows();
    gb.session.site.setToday(TODAY);
    return { first, second: await gb.run(), old };
  }

  it('puts the version before back in one commit, its export with it', async () => {
    const { first, second, old } = await twoVersions();
    gb.session.writes.length = 0;
    const decided = await rollback(gb.session.platform, gb.session.source, GB_PARTITION, decide);
    expect(decided).toMatchObject({
      decision: 'rolled_back',
      version: first.version,
      previous: second.version,
      rows: gb.amount.rows,
    });
    expect(await gb.rows()).toEqual(old);
    expect(gb.session.writes.filter((key) => /^(data|tables)\//.test(key))).toEqual([
      `tables/racing_results/${GB}/manifest`,
    ]);
  });

  it('is undone by the next run, which finds the page as it is', async () => {
    const { second } = await twoVersions();
    await rollback(gb.session.platform, gb.session.source, GB_PARTITION, decide);
    const after = await gb.run();
    expect(after).toMatchObject({
      status: 'committed',
      rows: gb.amount.rows,
      stats: { found: gb.amount.races, carried: 0 },
    });
    expect(after.contentHash).toBe(second.contentHash);
  });

  it.each([
    ['a version that there is not', 'nosuch', /has no version nosuch/],
    ['the version that is current', undefined, /is the current version/],
  ])('to %s is refused with what there is to do', async (_, to, message) => {
    const { second } = await twoVersions();
    const options = { ...decide, to: to ?? second.version! };
    await expect(rollback(gb.session.platform, gb.session.source, GB_PARTITION, options)).rejects.toThrow(
      message,
    );
    await expect(rollback(gb.session.platform, gb.session.source, GB_PARTITION, options)).rejects.toThrow(
      DecisionError,
    );
  });

  it('of a partition that has one version or none is refused', async () => {
    await published();
    await expect(rollback(gb.session.platform, gb.session.source, GB_PARTITION, decide)).rejects.toThrow(
      /no earlier version/,
    );
    const none = { value: 'fr', date: DAY } as const;
    await expect(rollback(gb.session.platform, gb.session.source, none, decide)).rejects.toThrow(
      /has no version yet/,
    );
  });
});
