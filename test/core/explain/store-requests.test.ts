import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays, civilDate } from '../../../core/calendar/civil-date.ts';
import { why } from '../../../core/explain/why.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';
import { over, toldOfCalls } from '../../e2e/support/watched-stores.ts';

let session: Session;
beforeEach(async () => {
  session = await Session.start();
});
afterEach(() => session.close());

/** Keys that the store is asked for, prefixes that it lists, and every object that a listing gives. */
async function requestsOf(item: string | null): Promise<string[]> {
  const asked: string[] = [];
  const { lake } = session.platform;
  const told = toldOfCalls(lake, (method, first) => asked.push(`${method} ${first}`));
  const counted = over<ObjectStore>(told, { list: (prefix) => listed(told.list(prefix)) });
  async function* listed(listing: ReturnType<ObjectStore['list']>) {
    for await (const each of listing) {
      asked.push(`listed ${each.key}`);
      yield each;
    }
  }
  const partition = { value: 'gb', date: civilDate(DAY) };
  const { platform, source } = session;
  const answer = await why({ ...platform, lake: counted }, source, partition, item);
  expect(answer.attempts.length).toBeGreaterThan(0);
  return asked;
}

describe('why, of one partition or one item', () => {
  it.each([
    ['a partition', null],
    ['the index', 'index'],
  ])('asks the store the same about %s, whatever other partitions and runs there are', async (_, item) => {
    await session.run({ targets: ['gb'] });
    // Whoever asks first in a process holds the files of the version against their hashes.
    await requestsOf(item);
    const before = await requestsOf(item);
    await session.run({ targets: ['ire', 'fr'] });
    await session.run({ start: addDays(DAY, -2), end: addDays(DAY, -1) });
    const after = await requestsOf(item);
    expect(after).toEqual(before);
    expect(before.length).toBeLessThan(20);
  });
});
