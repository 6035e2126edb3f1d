import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openSqliteStateStore } from '../../../adapters/local/sqlite-state-store.ts';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { FailureStore } from '../../../core/failures/failure-store.ts';
import type { StateStore } from '../../../core/ports/state-store.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { Collection, MAX_TRIES } from '../../../core/state/collection.ts';
import { DeathStore } from '../../../core/state/death-store.ts';
import { RunStore } from '../../../core/state/run-store.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { notes } from '../../e2e/support/notes-source.ts';
import { BY } from '../targets/by.ts';

const schema = z.object({ words: z.array(z.string()) });
type Words = z.infer<typeof schema>;
const PLACE = { partition: 'words', sort: 'a' };

let directory: string;
let state: StateStore & { close(): unknown };
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-collection-'));
  state = openSqliteStateStore(join(directory, 'state.sqlite'));
});
afterEach(async () => {
  await state.close();
  rmSync(directory, { recursive: true, force: true });
});

const collection = (store: StateStore = state, remembers = false) =>
  new Collection<Words>(store, (value) => schema.parse(value), { remembers });
const adds =
  (word: string) =>
  (before: Words | undefined): Words => ({ words: [...(before?.words ?? []), word] });

/**
 * The store, where somebody else is faster at so many of the writes: `intrude` is what they do, each time.
 */
function contested(times: number, intrude: () => Promise<unknown>) {
  let left = times;
  let writes = 0;
  const store: StateStore = {
    get: (...place) => state.get(...place),
    getMany: (names) => state.getMany(names),
    query: (...query) => state.query(...query),
    scan: () => state.scan(),
    write: async (asked) => {
      writes++;
      if (left > 0) {
        left--;
        await intrude();
      }
      return state.write(asked);
    },
    transact: (asked) => state.transact(asked),
  };
  return { store, writes: () => writes };
}
const othersAdd = () => collection().update(PLACE, adds('theirs'));

describe.each([false, true])('a document that is changed (remembered: %s)', (remembers) => {
  it.each([0, 1, 7, MAX_TRIES - 1])('keeps what others wrote meanwhile, %s times', async (times) => {
    const { store, writes } = contested(times, othersAdd);
    const after = await collection(store, remembers).update(PLACE, adds('ours'));
    expect(after!.words).toEqual([...Array<string>(times).fill('theirs'), 'ours']);
    expect(await collection().get(PLACE)).toEqual(after);
    expect(writes()).toBe(times + 1);
  });

  it('is given up where others never let it be written, as a store that cannot do its work', async () => {
    const { store, writes } = contested(Number.POSITIVE_INFINITY, othersAdd);
    const end = collection(store, remembers).update(PLACE, adds('ours'));
    await expect(end).rejects.toThrow(StorageError);
    await expect(end).rejects.toThrow(/words\/a cannot be written: .* try again later$/);
    expect(writes()).toBe(MAX_TRIES);
    expect((await collection().get(PLACE))!.words).not.toContain('ours');
  });

  it('loses nothing of two writers, whatever order their steps come in', async () => {
    const step = fc.tuple(fc.nat({ max: 1 }), fc.boolean());
    let nth = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const place = { partition: 'words', sort: `${nth++}` };
        const writers = [collection(state, remembers), collection(state, remembers)];
        const under: Promise<unknown>[] = [];
        for (const [n, [writer, waits]] of steps.entries()) {
          under.push(writers[writer]!.update(place, adds(`${n}`)));
          if (waits) await Promise.all(under);
        }
        await Promise.all(under);
        const { words } = (await collection().get(place))!;
        expect(words.toSorted()).toEqual(steps.map((_, n) => `${n}`).toSorted());
      }),
      { numRuns: 40 },
    );
  });
});

it('a document that is left as it is is not written', async () => {
  await othersAdd();
  const { store, writes } = contested(0, othersAdd);
  expect(await collection(store).update(PLACE, () => undefined)).toEqual({ words: ['theirs'] });
  expect(writes()).toBe(0);
});

it('a document that was remembered is not read again while nobody else writes it', async () => {
  let reads = 0;
  const counting = {
    ...contested(0, othersAdd).store,
    get: (...place: [string, string]) => {
      reads++;
      return state.get(...place);
    },
  };
  const words = collection(counting, true);
  for (const word of ['a', 'b', 'c']) await words.update(PLACE, adds(word));
  expect(reads).toBe(1);
});

describe('a removal', () => {
  it('is done over what others write meanwhile, as long as it is meant', async () => {
    await othersAdd();
    const { store } = contested(2, othersAdd);
    expect(await collection(store).remove(PLACE, ({ words }) => words.length < 4)).toBe(true);
    expect(await collection().get(PLACE)).toBeUndefined();
  });

  it('leaves what is no longer meant, and what is not there', async () => {
    await othersAdd();
    const { store } = contested(2, othersAdd);
    expect(await collection(store).remove(PLACE, ({ words }) => words.length < 2)).toBe(false);
    expect((await collection().get(PLACE))!.words).toHaveLength(2);
    expect(await collection().remove({ ...PLACE, sort: 'b' })).toBe(false);
  });
});

describe('the stores', () => {
  const input = { runId: 'r1', source: 'notes', start: '2026-11-19', end: '2026-11-19', force: false };

  it('end a run once: who finds it ended meanwhile leaves it as it is', async () => {
    await new RunStore(state).begin(input, 1);
    const abandon = () => new RunStore(state).finish('notes', 'r1', { status: 'abandoned', at: 2 });
    await new RunStore(contested(1, abandon).store).finish('notes', 'r1', { status: 'succeeded', at: 3 });
    expect(await new RunStore(state).get('notes', 'r1')).toMatchObject({
      status: 'abandoned',
      finishedAt: 2,
    });
  });

  it('begin a run once, and give no number twice', async () => {
    const begin = (runId: string) => new RunStore(state).begin({ ...input, runId }, 1);
    await new RunStore(contested(1, () => begin('r1')).store).begin(input, 9);
    await new RunStore(contested(2, () => begin(`r${++other}`)).store).begin({ ...input, runId: 'r2' }, 1);
    const runs = await Array.fromAsync(new RunStore(state).list('notes'));
    expect(runs.map((run) => [run.input.runId, run.sequence, run.startedAt])).toEqual([
      ['r2', 4, 1],
      ['r11', 3, 1],
      ['r10', 2, 1],
      ['r1', 1, 1],
    ]);
  });
  let other = 9;

  it('keep every item that killed, whoever notes it at the same time', async () => {
    const partition = { value: 'a', date: civilDate('2026-11-19') };
    const deaths = (store: StateStore = state) => new DeathStore(store, notes, partition);
    await deaths(contested(1, () => deaths().add(['n2'])).store).add(['n1']);
    expect(await deaths().fatal()).toEqual(new Set(['n1', 'n2']));
    await deaths(contested(1, () => deaths().remove('n2')).store).remove('n1');
    await deaths(contested(1, () => deaths().add(['n3'])).store).survived();
    expect(await deaths().fatal()).toEqual(new Set(['n3']));
  });

  it('give a change up that others never let through, each of them', async () => {
    const partition = { value: 'a', date: civilDate('2026-11-19') };
    const never: StateStore = { ...contested(0, othersAdd).store, write: async () => 'conflict' };
    const tries: (() => Promise<unknown>)[] = [
      () => new RunStore(never).begin(input, 1),
      () => new TargetStore(never).update('notes', 'a', (record) => ({ ...record }), BY),
      () => new DeathStore(never, notes, partition).add(['n1']),
      () =>
        new FailureStore(never).open(
          'notes',
          partition,
          {
            item: 'n1',
            target: 'a',
            url: 'https://notes.example/n1',
            tries: [{ at: 1, runId: 'r1', code: 'TIMEOUT', message: null }],
            capture: null,
          },
          'r1',
        ),
    ];
    for (const attempt of tries) await expect(attempt()).rejects.toThrow(StorageError);
  });
});
