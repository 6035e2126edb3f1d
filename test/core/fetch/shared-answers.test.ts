import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fetcher, FetchRequest, Permission } from '../../../core/fetch/fetcher.ts';
import { createRateLimiter } from '../../../core/fetch/rate-limiter.ts';
import { sharingAnswers } from '../../../core/fetch/shared-answers.ts';
import { PoliteSite, RUDE, text } from './polite-site.ts';

let polite: PoliteSite;
let fetcher: Fetcher;
beforeEach(async () => {
  polite = await PoliteSite.open();
  fetcher = sharingAnswers(polite.fetcher(), polite.clock);
});
afterEach(() => polite.close());

const ask = (more: Partial<FetchRequest> = {}, from = fetcher) =>
  from.fetch({ ...polite.at('/page'), sharing: { run: 'a' }, ...more });

/** Requests for the page that the site has seen. */
const sent = () => polite.paths().filter((path) => path === '/page').length;

/** The site answers when it is told to. */
function held(status = 200): () => void {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  polite.routes['/page'] = async (answer) => {
    await released;
    text('held', status)(answer);
  };
  return release;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** A permission, and what became of it. */
function permission(isWithdrawn = () => false) {
  const withdrawal = new AbortController();
  const seen = { answers: 0, asked: 0 };
  const given: Permission = {
    withdrawn: withdrawal.signal,
    isWithdrawn: async () => {
      seen.asked++;
      return isWithdrawn();
    },
    onAnswer: () => {
      seen.answers++;
    },
  };
  return { given, seen, withdrawal };
}

describe('one request for all who ask the same', () => {
  it('serves those who come while it is on its way, and those who come within half a minute', async () => {
    const release = held();
    const first = ask();
    const second = ask();
    await until(() => sent() === 1);
    release();
    const answers = [await first, await second, await ask()];
    expect(sent()).toBe(1);
    for (const answer of answers)
      expect(answer).toMatchObject({ kind: 'response', response: { status: 200 } });
    expect(answers.map((answer) => 'shared' in answer)).toEqual([false, true, true]);
    await polite.clock.sleep(30_000);
    await ask();
    expect(sent()).toBe(1);
    await polite.clock.sleep(1);
    expect(await ask()).not.toHaveProperty('shared');
    expect(sent()).toBe(2);
  });

  it('is on record for one of them alone: its robots.txt and its wait', async () => {
    const politeness = { ...RUDE, robots: 'respect', minDelayMs: 250 } as const;
    const slow = sharingAnswers(polite.fetcher({ politeness }), polite.clock);
    const [first, second] = await Promise.all([ask({}, slow), ask({}, slow)]);
    expect(first).toMatchObject({ waitedMs: 250, robots: { httpStatus: 404 } });
    expect(second).toMatchObject({ waitedMs: 0, shared: true });
    expect(second).not.toHaveProperty('robots');
    expect(second).toMatchObject({ startedAt: 'startedAt' in first ? first.startedAt : -1 });
  });

  it.each<[string, Partial<FetchRequest>]>([
    ['in another run', { sharing: { run: 'b' } }],
    ['with other validators', { validators: { etag: '"1"' } }],
    ['with other headers', { headers: { 'X-Day': '1' } }],
    ['with a body', { method: 'POST', body: 'day=1' }],
    ['for themselves', {}],
  ])('serves nobody who asks %s', async (what, more) => {
    await ask();
    const { sharing, ...alone } = { ...polite.at('/page'), sharing: { run: 'a' }, ...more };
    await fetcher.fetch(what === 'for themselves' ? alone : { ...alone, sharing });
    expect(sent()).toBe(2);
  });

  it('shares a 304 with those whose validators are the same', async () => {
    polite.routes['/page'] = text('', 304);
    const validators = { etag: '"1"' };
    await ask({ validators });
    expect(await ask({ validators })).toMatchObject({ shared: true, response: { status: 304 } });
    expect(sent()).toBe(1);
  });

  it.each([503, 403, 404])(
    'tells a %d to those who waited for it, and asks again for the next',
    async (status) => {
      const release = held(status);
      const both = [ask(), ask()];
      await until(() => sent() === 1);
      release();
      for (const answer of await Promise.all(both)) expect(answer).toMatchObject({ response: { status } });
      expect(sent()).toBe(1);
      polite.routes['/page'] = text('well');
      expect(await ask()).toMatchObject({ response: { status: 200 } });
      expect(sent()).toBe(2);
    },
  );

  it('tells a failure of the connection as well', async () => {
    polite.routes['/page'] = (answer) => void answer.destroy();
    const both = await Promise.all([ask(), ask()]);
    for (const answer of both)
      expect(answer).toMatchObject({ kind: 'failed', outcome: { code: 'NETWORK_ERROR' } });
    expect(sent()).toBe(1);
  });

  it('does not serve a retry what it retries, and makes one request of the retries of several', async () => {
    await ask();
    const after = polite.clock.now();
    const retry = { sharing: { run: 'a', after } };
    await polite.clock.sleep(2000);
    const [first, second] = [await ask(retry), await ask(retry)];
    expect(first).not.toHaveProperty('shared');
    expect(second).toMatchObject({ shared: true });
    expect(sent()).toBe(2);
  });

  it('holds few of them', async () => {
    for (let page = 0; page < 17; page++) {
      polite.routes[`/${page}`] = text('page');
      await ask(polite.at(`/${page}`));
    }
    const before = polite.paths().length;
    await ask(polite.at('/16'));
    await ask(polite.at('/1'));
    expect(polite.paths().length).toBe(before);
    await ask(polite.at('/0'));
    expect(polite.paths().length).toBe(before + 1);
  });

  it('holds no large one', async () => {
    polite.routes['/page'] = text('x'.repeat(1_000_001));
    const limits = {
      connectMs: 9e3,
      headersMs: 9e3,
      bodyMs: 9e3,
      totalMs: 9e3,
      maxDecodedBytes: 2e6,
      maxElements: 9,
    };
    const large = sharingAnswers(polite.fetcher({ limits }), polite.clock);
    await ask({}, large);
    await ask({}, large);
    expect(sent()).toBe(2);
  });
});

describe('the permission of each', () => {
  it('is asked, and told of the answer', async () => {
    const [first, second] = [permission(), permission()];
    await Promise.all([ask({ permission: first.given }), ask({ permission: second.given })]);
    expect(sent()).toBe(1);
    expect([first.seen, second.seen]).toEqual([
      { answers: 1, asked: 1 },
      { answers: 1, asked: 1 },
    ]);
  });

  it('drops who was told to stop while he waited, at once, and who is told by the store', async () => {
    const release = held();
    const first = ask();
    const [stopped, flagged] = [permission(), permission(() => true)];
    const second = ask({ permission: stopped.given });
    const third = ask({ permission: flagged.given });
    await until(() => sent() === 1);
    stopped.withdrawal.abort();
    expect(await second).toEqual({ kind: 'dropped' });
    release();
    expect(await third).toEqual({ kind: 'dropped' });
    expect(await first).toMatchObject({ kind: 'response' });
    expect([stopped.seen.answers, flagged.seen.answers]).toEqual([0, 0]);
    expect(await ask({ permission: stopped.given })).toEqual({ kind: 'dropped' });
  });

  it('lets go at once who is interrupted while he waits', async () => {
    const release = held();
    const first = ask();
    const interruption = new AbortController();
    const second = ask({ signal: interruption.signal });
    await until(() => sent() === 1);
    interruption.abort();
    expect(await second).toEqual({ kind: 'dropped' });
    release();
    expect(await first).toMatchObject({ kind: 'response' });
  });

  it('lets the next one send it where the first one may not', async () => {
    const flagged = permission(() => true);
    const [first, second] = await Promise.all([ask({ permission: flagged.given }), ask()]);
    expect(first).toMatchObject({ kind: 'dropped' });
    expect(second).toMatchObject({ kind: 'response' });
    expect(second).not.toHaveProperty('shared');
    expect(sent()).toBe(1);
  });

  it('lets the next one send it where the first one could not be asked', async () => {
    const limiter = createRateLimiter({ clock: polite.clock });
    const rate = sharingAnswers(polite.fetcher({ politeness: RUDE, rateLimiter: limiter }), polite.clock);
    const broken = permission(() => {
      throw new Error('the store is away');
    });
    const first = ask({ permission: broken.given }, rate);
    const second = ask({}, rate);
    await expect(first).rejects.toThrow('the store is away');
    expect(await second).toMatchObject({ kind: 'response' });
    expect(sent()).toBe(1);
  });
});
