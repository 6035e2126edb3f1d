import { afterEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import type { Source } from '../../../core/source/source.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import { faults, raceId, rule, sessionWith, status } from '../../e2e/support/race-faults.ts';
import {
  CLAIM_MINUTES,
  COOL_DOWN_MINUTES,
  IN_A_RUN,
  killedBefore,
  queuePlay,
} from '../../e2e/support/retry-play.ts';
import type { Session } from '../../e2e/support/session.ts';

let session: Session;
afterEach(() => session.close());
const { wait, drain } = queuePlay(() => session);

/** The source, with an index that lists the first item under an address of `characters`. */
function withLongAddress(source: Source, characters: number): Source {
  const discover: Source['discover'] = {
    ...source.discover!,
    parse: (page, partition, context) => {
      const discovery = source.discover!.parse(page, partition, context);
      if (discovery.kind !== 'items') return discovery;
      const [first, ...others] = discovery.items;
      const url = `${first!.url}?`.padEnd(characters, 'x');
      return { ...discovery, items: [{ ...first!, url }, ...others] };
    },
  };
  return { ...source, discover };
}

const statusOf = ({ end }: Awaited<ReturnType<Session['run']>>) => end.summary.run.status;
const troubles = () => session.events.filter(({ kind }) => kind === 'warning');

describe('an index with an address of 300 kB', () => {
  it('is invalid: its run ends, and so does the next one', async () => {
    session = await sessionWith(NO_FAULTS);
    const { sources } = session.platform;
    const platform = session.platform as { sources: readonly Source[] };
    platform.sources = [withLongAddress(session.source, 300_000), ...sources.slice(1)];
    await session.run({ targets: ['gb'] });
    platform.sources = sources;
    expect(await session.failures()).toMatchObject([
      {
        item: 'index',
        code: 'VALIDATION_ERROR',
        state: 'queued',
        message: expect.stringContaining('300000'),
      },
    ]);
    expect(statusOf(await session.run({ targets: ['fr'] }))).toBe('succeeded');
    expect(troubles()).toEqual([]);
  });
});

describe('what a run kept of a partition', () => {
  it('goes when it has ended, the result of the scrape after all else', async () => {
    session = await sessionWith(NO_FAULTS);
    const platform = session.platform as { lake: ObjectStore };
    const { lake } = platform;
    let underWay = 0;
    const besideResult: number[] = [];
    const deleting = async (key: string) => {
      if (key.endsWith('/result.json')) besideResult.push(underWay);
      underWay++;
      await lake.delete(key);
      underWay--;
    };
    const answers: Partial<ObjectStore> = { delete: deleting };
    platform.lake = new Proxy(lake, {
      get: (_, name) => Reflect.get(answers, name) ?? (Reflect.get(lake, name) as () => unknown).bind(lake),
    });
    const { end } = await session.run({ targets: ['gb'] });
    platform.lake = lake;
    expect(besideResult).toEqual([0]);
    expect(await Array.fromAsync(lake.list(`work/${end.runId}/racing/`))).toEqual([]);
  });
});

describe('what an earlier run left and cannot be closed', () => {
  it('stops no run: it is told, and stays where it is', async () => {
    session = await sessionWith(NO_FAULTS);
    const runId = session.platform.newId();
    const key = `work/${runId}/racing/gb/2026-11-20/attempts/item-${raceId(session, 0)}.1`;
    await session.platform.lake.put(key, new TextEncoder().encode('{"kind":"item","item":\n'));
    expect(statusOf(await session.run({ targets: ['fr'] }))).toBe('succeeded');
    expect(troubles()).toMatchObject([
      { message: expect.stringMatching(`run ${runId} left of .*cannot be closed`) },
    ]);
    expect(await session.platform.lake.head(key)).toBeDefined();
  });

  it('keeps nobody from closing what others left', async () => {
    session = await sessionWith(faults(rule(0, status(500), IN_A_RUN), rule(0, status(404))));
    await session.run({ targets: ['gb'] });
    const runId = session.platform.newId();
    const key = `work/${runId}/racing/gb/2026-11-20/attempts/index.1`;
    await session.platform.lake.put(key, new TextEncoder().encode('no JSON\n'));
    await wait(COOL_DOWN_MINUTES);
    await killedBefore(session, /^captures\//, drain);
    await wait(CLAIM_MINUTES);
    await session.run({ targets: ['fr'] });
    expect(troubles()).toHaveLength(1);
    expect(await session.failures()).toMatchObject([{ code: 'NOT_FOUND', state: 'open' }]);
  });
});
