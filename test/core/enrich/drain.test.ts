import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drainEnrichment, type HandledBatch } from '../../../core/enrich/drain.ts';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { feedback, session, student, tutor } from '../../cli/support/records.ts';
import { ImpatientClock } from '../../e2e/support/impatient-clock.ts';
import { over } from '../../e2e/support/watched-stores.ts';

let directory: string;
let clock: ImpatientClock;
let platform: LocalPlatform;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-drain-'));
  clock = new ImpatientClock();
  platform = openLocalPlatform({ directory, env: {}, clock });
});
afterEach(async () => {
  await platform.close();
  rmSync(directory, { recursive: true, force: true });
});

function push(kind: string, ...values: readonly (object | string)[]): Promise<void> {
  const bodyOf = (record: object) => JSON.stringify({ schema_version: 1, record });
  return platform
    .enrichmentQueue(kind)
    .send(values.map((value) => ({ body: typeof value === 'string' ? value : bodyOf(value), delayMs: 0 })));
}

async function drained(stores = platform, mustStop: (batches: number) => boolean = () => false) {
  const batches: HandledBatch[] = [];
  const onBatch = (batch: HandledBatch) => void batches.push(batch);
  await drainEnrichment(stores, { mustStop: () => mustStop(batches.length), onBatch });
  return batches;
}

const answersOf = (batches: readonly HandledBatch[]) =>
  batches.flatMap(({ messages }) =>
    messages === 'untaken' ? [] : messages.map(({ answer }) => answer.kind),
  );

const many = (length: number, one: (n: number) => object) => Array.from({ length }, (_, n) => one(n));

describe('a drain of the enrichment queues', () => {
  it('works the kinds in the order of the list, ten messages a batch, and acknowledges what it stored', async () => {
    await push('feedback', feedback('f-1'));
    await push('session', session('s-1'));
    await push('student', ...many(11, (n) => student(`u-${n}`)));
    await push('tutor', tutor('t-1'));
    const batches = await drained();
    expect(batches.map(({ kind, size }) => [kind, size])).toEqual([
      ['tutor', 1],
      ['student', 10],
      ['student', 1],
      ['session', 1],
      ['feedback', 1],
    ]);
    expect(answersOf(batches)).toEqual(Array(14).fill('inserted'));
    for (const { kind } of platform.enrichers)
      expect(await platform.enrichmentQueue(kind).depth()).toEqual({
        due: 0,
        delayed: 0,
        inFlight: 0,
        dead: 0,
      });
    expect(await drained()).toEqual([]);
  });

  it('holds up no kind for one whose queue has no end', async () => {
    await push('tutor', ...many(95, (n) => tutor(`t-${n}`)));
    await push('student', student('u-1'));
    const kinds: string[] = [];
    const onBatch = async ({ kind }: HandledBatch) => {
      kinds.push(kind);
      await push('tutor', ...many(10, (n) => tutor(`t-${kinds.length}-${n}`)));
    };
    await drainEnrichment(platform, { mustStop: () => kinds.includes('student'), onBatch });
    // What was due at first.
    expect(kinds).toEqual([...Array(10).fill('tutor'), 'student']);
  });

  it('moves poison and what is invalid to the dead letters; their neighbours go on', async () => {
    await push('tutor', tutor('t-1'), 'poison', tutor('t-2', { name: null }), tutor('t-3'));
    const batches = await drained();
    expect(answersOf(batches)).toEqual(['inserted', 'dead', 'dead', 'inserted']);
    const queue = platform.enrichmentQueue('tutor');
    expect(await queue.depth()).toEqual({ due: 0, delayed: 0, inFlight: 0, dead: 2 });
    const reasons = (await Array.fromAsync(queue.deadLetters())).map(({ reason }) => reason);
    expect(reasons).toEqual(['the message is no JSON', expect.stringContaining('name')]);
  });

  it('acknowledges nothing where the store does not do its work: all of the batch comes again, a little later', async () => {
    await push('tutor', tutor('t-1'), tutor('t-2'));
    const state = over(platform.state, {
      transact: async () => {
        throw new StorageError('the disk is full');
      },
    });
    const batches: HandledBatch[] = [];
    const end = drainEnrichment(
      { ...platform, state },
      { mustStop: () => false, onBatch: (batch) => void batches.push(batch) },
    );
    await expect(end).rejects.toThrow('the disk is full');
    expect(batches).toEqual([{ kind: 'tutor', messages: 'untaken', size: 2 }]);
    const queue = platform.enrichmentQueue('tutor');
    expect(await queue.depth()).toEqual({ due: 0, delayed: 2, inFlight: 0, dead: 0 });
    await clock.sleep(5_000);
    expect(answersOf(await drained())).toEqual(['inserted', 'inserted']);
  });

  it('leaves a record alone that the store refuses by itself, for twice as long each time', async () => {
    await push('tutor', tutor('t-1'), tutor('t-2'));
    const { state } = platform;
    let isFirst = true;
    const refusing = over(state, {
      transact: async (writes) => {
        const isRefused = isFirst || JSON.stringify(writes).includes('t-2@example.org');
        isFirst = false;
        if (isRefused) throw new StorageError('the item is refused');
        return state.transact(writes);
      },
    });
    const stores = { ...platform, state: refusing };
    await expect(drained(stores)).rejects.toThrow('refused');
    await clock.sleep(5_000);
    expect(answersOf(await drained(stores)).toSorted()).toEqual(['inserted', 'retry']);
    const queue = platform.enrichmentQueue('tutor');
    expect(await queue.depth()).toEqual({ due: 0, delayed: 1, inFlight: 0, dead: 0 });
    await clock.sleep(5_000);
    expect(await drained()).toEqual([]);
    await clock.sleep(5_000);
    expect(answersOf(await drained())).toEqual(['inserted']);
    expect(await new EntityStore(state).count('tutor')).toBe(2);
  });

  it('ends after the batches in hand when it must stop', async () => {
    await push('tutor', ...many(175, (n) => tutor(`t-${n}`)));
    expect(await drained(platform, (batches) => batches > 0)).toHaveLength(16);
    expect(await platform.enrichmentQueue('tutor').depth()).toMatchObject({ due: 15, inFlight: 0 });
  });

  it('shares the work with others that do so at once', async () => {
    await push('student', ...many(95, (n) => student(`u-${n}`)));
    const other = openLocalPlatform({ directory, env: {}, clock });
    try {
      const [mine, theirs] = await Promise.all([drained(), drained(other)]);
      expect(answersOf([...mine, ...theirs])).toEqual(Array(95).fill('inserted'));
    } finally {
      await other.close();
    }
  });
});
