import { afterEach, describe, expect, it } from 'vitest';
import { addDays } from '../../../core/calendar/civil-date.ts';
import type { RetryAnswer } from '../../../core/retry/claimed-retry.ts';
import { drain } from '../../../core/retry/drain.ts';
import { retryFailures } from '../../../core/retry/retry-failures.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import { indexPath } from '../../../demo/render/paths.ts';
import { faults, sessionWith, status } from '../../e2e/support/race-faults.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

const HOUR = 3_600_000;

let session: Session;
afterEach(() => session.close());

const isOfIndex = ({ path }: { readonly path: string }) => !/robots|\/\d+$/.test(path);
const dayOf = (date: unknown) => String(date).slice(0, 10);
const ofIndex = async () => (await session.attempts()).filter(({ item_id }) => item_id === 'index');

describe('the index of a day that three countries have', () => {
  it('is asked for once; each country has its attempt and its capture, and the bytes are counted once', async () => {
    session = await sessionWith(NO_FAULTS);
    const { end } = await session.run({ start: addDays(DAY, -1), end: DAY });
    const requests = session.site.requests.filter(isOfIndex);
    expect(requests).toHaveLength(2);
    const rows = await ofIndex();
    expect(rows.map(({ partition_date, target }) => `${target} ${dayOf(partition_date)}`).sort()).toEqual(
      ['fr', 'gb', 'ire'].flatMap((country) => [`${country} ${addDays(DAY, -1)}`, `${country} ${DAY}`]),
    );
    const own = rows.filter(({ user_agent }) => user_agent !== null);
    expect(own.map(({ partition_date }) => dayOf(partition_date)).sort()).toEqual([addDays(DAY, -1), DAY]);
    for (const row of rows) {
      const asked = own.find(({ url }) => url === row.url)!;
      const isShared = row !== asked;
      expect(row).toMatchObject({ error_code: 'SUCCESS', decoded_bytes: asked.decoded_bytes });
      expect(row.attempted_at).toBe(asked.attempted_at);
      expect(Number(row.wire_bytes) === 0).toBe(isShared);
      expect(JSON.parse(String(row.details)).shared).toBe(isShared ? true : undefined);
    }
    expect(new Set(rows.map(({ capture }) => capture)).size).toBe(6);
    expect(end.summary.run.status).toBe('succeeded');
  });

  it('is asked once whether it has changed', async () => {
    session = await sessionWith(NO_FAULTS);
    await session.run();
    const before = session.site.requests.length;
    await session.run();
    expect(session.site.requests.slice(before).filter(isOfIndex)).toMatchObject([{ status: 304 }]);
    expect((await ofIndex()).slice(3)).toMatchObject(
      Array(3).fill({ error_code: 'NOT_MODIFIED', conditional: true, http_status_code: 304 }),
    );
  });

  it('is asked for again by the countries that had a failure together, and then for all of them', async () => {
    session = await sessionWith(faults({ where: { path: indexPath(DAY) }, fault: status(503), times: 1 }));
    const { end } = await session.run();
    expect(end.summary.run.status).toBe('succeeded');
    expect(session.site.requests.filter(isOfIndex)).toMatchObject([{ status: 503 }, { status: 200 }]);
    expect((await ofIndex()).map(({ error_code }) => error_code).sort()).toEqual([
      ...Array(3).fill('SERVER_ERROR'),
      ...Array(3).fill('SUCCESS'),
    ]);
  });

  it.each([
    ['a person', retriedByPerson],
    ['the worker', retriedByWorker],
  ])('is asked for once where its retries are of %s, each a run of its own', async (_, retried) => {
    session = await sessionWith(faults({ where: { path: indexPath(DAY) }, fault: status(503) }));
    await session.run();
    expect((await session.failures()).map(({ item }) => item)).toEqual(Array(3).fill('index'));
    session.site.setFaults(NO_FAULTS);
    const before = session.site.requests.length;
    expect(await retried()).toEqual(Array(3).fill('recovered'));
    expect(session.site.requests.slice(before).filter(isOfIndex)).toMatchObject([{ status: 200 }]);
    const rows = (await ofIndex()).filter(({ error_code }) => error_code === 'SUCCESS');
    expect(new Set(rows.map(({ run_id }) => run_id)).size).toBe(3);
  });
});

async function retriedByPerson(): Promise<string[]> {
  const answers: string[] = [];
  const onAnswer = (_: unknown, { kind }: RetryAnswer) => answers.push(kind);
  await retryFailures(session.platform, await session.failures(), { mustStop: () => false, onAnswer });
  return answers;
}

async function retriedByWorker(): Promise<string[]> {
  const answers: string[] = [];
  await session.clock.sleep(HOUR);
  const onHandled = (_: unknown, { kind }: RetryAnswer) => answers.push(kind);
  await drain(session.platform, { mustStop: () => false, onHandled });
  return answers;
}
