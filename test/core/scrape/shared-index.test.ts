import { afterEach, describe, expect, it } from 'vitest';
import { addDays } from '../../../core/calendar/civil-date.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import { indexPath } from '../../../demo/render/paths.ts';
import { faults, sessionWith, status } from '../../e2e/support/race-faults.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';

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
});
