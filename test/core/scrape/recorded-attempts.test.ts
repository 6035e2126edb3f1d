import { afterEach, describe, expect, it } from 'vitest';
import { partitionWorkPrefix } from '../../../core/lake/layout.ts';
import type { PartitionWork, Platform } from '../../../core/platform.ts';
import { scrape } from '../../../core/scrape/scrape.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import { asked, faults, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import { killedBefore } from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';
import { toldOfCalls } from '../../e2e/support/watched-stores.ts';

let session: Session;
afterEach(() => session.close());

const placeOf = ({ runId }: PartitionWork) =>
  partitionWorkPrefix(runId, 'racing', { value: 'gb', date: DAY });
const attemptsOf = async (work: PartitionWork) =>
  (await Array.fromAsync(session.platform.lake.list(`${placeOf(work)}attempts/`))).map(({ key }) => key);

async function resultOf(work: PartitionWork): Promise<unknown> {
  const stored = await session.platform.lake.get(`${placeOf(work)}result.json`);
  return JSON.parse(new TextDecoder().decode(stored!.body));
}

/** The work in another process, which remembers nothing. */
async function elsewhere<T>(use: (platform: Platform) => Promise<T>): Promise<T> {
  const other = session.open();
  try {
    return await use(other);
  } finally {
    await other.close();
  }
}

function readsOf(platform: Platform, reads: string[]): Platform {
  const tell = (method: string, key: unknown) => {
    if (method === 'get' && String(key).includes('/attempts/')) reads.push(String(key));
  };
  return { ...platform, lake: toldOfCalls(platform.lake, tell) };
}

describe('what a process has put on record', () => {
  it('it does not read again, and comes to the result of one that reads all of it', async () => {
    session = await sessionWith(faults(rule(1, status(404))));
    const work = await session.planned('gb');
    const planned = await attemptsOf(work);
    const reads: string[] = [];
    expect(await scrape(readsOf(session.platform, reads), work)).toEqual({ done: true });
    // The request for robots.txt is of the plan.
    expect(reads).toEqual(planned);
    expect(planned).toHaveLength(1);
    const result = await resultOf(work);
    await session.platform.lake.delete(`${placeOf(work)}result.json`);
    reads.length = 0;
    await elsewhere((other) => scrape(readsOf(other, reads), work));
    expect(reads).toEqual(await attemptsOf(work));
    expect(await resultOf(work)).toEqual(result);
    expect(asked(session, 0, 1, 2)).toEqual([1, 1, 1]);
  });

  it('is read once by the process that takes it up, however often it is needed there', async () => {
    session = await sessionWith(NO_FAULTS);
    const work = await session.planned('gb');
    await killedBefore(session, /^captures\//, () => scrape(session.platform, work));
    const reads: string[] = [];
    await elsewhere((other) => scrape(readsOf(other, reads), work));
    expect(reads).toEqual(await attemptsOf(work));
    expect(asked(session, 0, 1)).toEqual([1, 1]);
  });

  it('is taken up where a program before this one wrote an object for each attempt', async () => {
    session = await sessionWith(NO_FAULTS);
    const work = await session.planned('gb');
    let items = 0;
    session.onWrite = ({ name }) => {
      if (/\/attempts\/item-/.test(name) && ++items > 1) throw new Error('killed');
    };
    await expect(scrape(session.platform, work)).rejects.toThrow('killed');
    session.onWrite = () => {};
    const { lake } = session.platform;
    const before = await attemptsOf(work);
    for (const key of before) {
      const { body } = (await lake.get(key))!;
      await lake.delete(key);
      await lake.put(key, body);
    }
    expect(await elsewhere((other) => scrape(other, work))).toEqual({ done: true });
    expect(await resultOf(work)).toMatchObject({
      items: Array.from({ length: session.amount.races }, () => ({ content: { kind: 'records' } })),
      attempts: (await attemptsOf(work)).length,
    });
    const indexes = session.site.requests.filter(({ path }) => path === `/results/${DAY}`);
    expect(indexes).toHaveLength(1);
    expect(before.length).toBeGreaterThan(1);
  });
});
