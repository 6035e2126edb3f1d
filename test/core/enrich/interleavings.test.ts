import { expect, it } from 'vitest';
import { deadRecordsOf } from '../../../core/enrich/dead-records.ts';
import { readCounts } from '../../../core/enrich/enrichment-stats.ts';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import { chanceOf, shuffled } from '../chance.ts';
import {
  documentsOf,
  EnrichmentWorld,
  feedbackRecord,
  messageOf,
  sessionRecord,
  studentRecord,
  tutorRecord,
} from './enrichment-world.ts';
import { type Deed, playTwoWorkers } from './two-workers.ts';

/** `ENRICH_RUNS=2000 ENRICH_SEED=$RANDOM npx vitest run test/core/enrich/interleavings` looks further. */
const RUNS = Number(process.env.ENRICH_RUNS ?? 25);
const SEED = Number(process.env.ENRICH_SEED ?? 20251122);

it.each([...Array(RUNS).keys()])(
  'two workers that die leave what a quiet one makes, play %i',
  async (run) => {
    const random = chanceOf(SEED + run);
    const messages = someMessages(random);
    const deeds = shuffled([...messages, ...some(messages, random)], random).map(push);
    const [busy, quiet] = [new EnrichmentWorld(), new EnrichmentWorld()];
    try {
      await playTwoWorkers(busy, deeds, random, 4);
      await untilQuiet(busy);
      await quiet.send(...messages);
      await untilQuiet(quiet);
      expect(await pictureOf(busy)).toEqual(await pictureOf(quiet));
      await checkIndexes(busy);
      await checkCounts(busy);
    } finally {
      busy.close();
      quiet.close();
    }
  },
);

it.each([...Array(RUNS).keys()])(
  'nothing is lost where entities are deleted meanwhile, play %i',
  async (run) => {
    const random = chanceOf(SEED + 1_000_000 + run);
    const messages = someMessages(random);
    const deleted = [
      { kind: 'tutor', key: 't1' },
      { kind: 'session', key: 'x1' },
      { kind: 'student', key: 's1' },
    ];
    const deletions = deleted.map((entity): Deed => ({ kind: 'delete', entity }));
    const [busy, quiet] = [new EnrichmentWorld(), new EnrichmentWorld()];
    try {
      const deeds = shuffled(
        [...messages.map(push), ...deletions, ...some(messages, random).map(push)],
        random,
      );
      await playTwoWorkers(busy, deeds, random, 4);
      await untilQuiet(busy);
      await checkIndexes(busy);
      await checkNothingLost(busy, messages, deleted);
      // Who comes again brings all that waited for it.
      await busy.send(
        ...messages.filter(({ kind, record }) => deleted.some((gone) => isAbout(gone, kind, record))),
      );
      await untilQuiet(busy);
      await quiet.send(...messages);
      await untilQuiet(quiet);
      expect(await pictureOf(busy)).toEqual(await pictureOf(quiet));
      await checkIndexes(busy);
    } finally {
      busy.close();
      quiet.close();
    }
  },
);

type Message = ReturnType<typeof messageOf>;
const push = (message: Message): Deed => ({ kind: 'push', message });

/** Entities in several versions, chains of references, records that nobody can store. */
function someMessages(random: () => number): Message[] {
  const pick = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)]!;
  const updated = () =>
    random() < 0.5 ? { updated_at: `2025-11-2${pick([0, 1])}T0${pick([1, 2, 3])}:00:00Z` } : {};
  const more = () => ({
    date: pick(['2025-11-21', '2025-11-22']),
    sent_at: `2025-11-2${pick([1, 2])}T0${pick([4, 5, 6])}:00:00Z`,
  });
  const messages: Message[] = [];
  const add = (kind: string, record: unknown) =>
    messages.push(messageOf(`m${messages.length}`, kind, record, more()));
  for (const id of ['t1', 't1', 't1', 't2'])
    add('tutor', tutorRecord(id, { name: pick(['a', 'b']), ...updated() }));
  for (const id of ['s1', 's1', 's2'])
    add('student', studentRecord(id, { name: pick(['a', 'b']), ...updated() }));
  for (const id of ['x1', 'x1', 'x2', 'x3', 'x4']) {
    const scheduled_start = `2025-11-${pick([19, 20])}T1${pick([0, 5])}:00:00Z`;
    const tutor_id = id === 'x4' ? 'nobody' : pick(['t1', 't2']);
    add(
      'session',
      sessionRecord(id, { tutor_id, student_id: pick(['s1', 's2']), scheduled_start, ...updated() }),
    );
  }
  for (const id of ['f1', 'f1', 'f2', 'f3', 'f4']) {
    const start = random() < 0.3 ? { session_scheduled_start: '2025-11-20T00:00:00Z' } : {};
    const session_id = id === 'f4' ? 'x4' : pick(['x1', 'x2', 'x3']);
    add('feedback', feedbackRecord(id, { session_id, tutor_id: pick(['t1', 't2']), ...start }));
  }
  add('student', { student_id: 's9' });
  add('session', 'no record');
  return messages;
}

/** One worker, until there is no message any more. */
async function untilQuiet(world: EnrichmentWorld): Promise<void> {
  const depth = async () => {
    const depths = await Promise.all([...world.queues.values()].map((queue) => queue.depth()));
    return depths.reduce((sum, { due, delayed, inFlight }) => sum + due + delayed + inFlight, 0);
  };
  for (let rounds = 0; (await depth()) > 0; rounds++) {
    expect(rounds).toBeLessThan(50);
    world.now += 61_000;
    await world.drain();
  }
}

/** What must be the same, whoever did it in whatever order. */
async function pictureOf(world: EnrichmentWorld): Promise<Record<string, unknown>> {
  const picture: Record<string, unknown> = {};
  for (const [name, value] of await documentsOf(world.state)) {
    const document = value as Kept;
    if (name.startsWith('entities#')) {
      const { message: _, storedAt: __, firstStoredAt: ___, ...same } = document;
      picture[name] = { ...same, snapshots: document.snapshots?.toSorted(byDate) };
    } else if (name.startsWith('entity-changes#tutor/')) picture[name] = document.row?.record;
    else if (name.startsWith('parked#'))
      picture[name] = { order: document.order, record: document.message?.record };
    else if (name.startsWith('enrichment-dead#') || name.startsWith('waiting#')) picture[name] = true;
    else if (name.startsWith('dependents#')) picture[name] = document;
  }
  return picture;
}

interface Kept {
  readonly message?: { readonly record?: unknown };
  readonly storedAt?: number;
  readonly firstStoredAt?: number;
  readonly snapshots?: readonly { readonly date: string }[];
  readonly row?: { readonly record: unknown };
  readonly order?: unknown;
}

/** What waits waits for somebody who is not there, and every index leads to it. */
async function checkIndexes(world: EnrichmentWorld): Promise<void> {
  const documents = await documentsOf(world.state);
  const waiting = new Set([...documents.keys()].filter((name) => name.startsWith('waiting#')));
  const until = [...documents.keys()].filter((name) => name.startsWith('parked-until/'));
  const parked = [...documents].filter(([name]) => name.startsWith('parked#'));
  const expected = parked.map(([name, value]) => {
    const [{ kind, key }] = (value as { missing: [{ kind: string; key: string }] }).missing;
    expect(documents.has(`entities#${kind}/${key}`), `${name} waits for ${kind}/${key}, which is there`).toBe(
      false,
    );
    const [, child = '', own = ''] = /^parked#([^/]*)\/(.*)$/.exec(name)!;
    return `waiting#${kind}#${key}/${child}#${own}`;
  });
  expect([...waiting].toSorted()).toEqual(expected.toSorted());
  expect(until).toHaveLength(parked.length);
  for (const [name, value] of documents) {
    const [, kind = '', key = ''] = /^entities#([^/]*)\/(.*)$/.exec(name) ?? [];
    if (kind === '') continue;
    const { feed, date } = value as { feed: string; date: string };
    expect(documents.has(`entity-changes#${kind}/${feed}#${date}#${key}`), `${name} is marked`).toBe(true);
  }
}

async function checkCounts(world: EnrichmentWorld): Promise<void> {
  for (const { kind, counts } of await readCounts(world.state)) {
    expect(counts.inserted, kind).toBe(await new EntityStore(world.state).count(kind));
    expect(counts.dead, kind).toBe((await Array.fromAsync(deadRecordsOf(world.state, kind))).length);
    expect(counts.processed, kind).toBeGreaterThanOrEqual(counts.enriched);
  }
}

async function checkNothingLost(
  world: EnrichmentWorld,
  messages: readonly Message[],
  deleted: readonly { readonly kind: string; readonly key: string }[],
): Promise<void> {
  const documents = await documentsOf(world.state);
  for (const { id, kind, record } of messages) {
    const key = keyOf(kind, record);
    if (deleted.some((gone) => isAbout(gone, kind, record)) || documents.has(`enrichment-dead#${kind}/${id}`))
      continue;
    const places = [`entities#${kind}/${key}`, `parked#${kind}/${key}`];
    if (typeof record === 'object' && key !== 's9')
      expect(
        places.some((place) => documents.has(place)),
        `${kind} ${key}`,
      ).toBe(true);
  }
}

function keyOf(kind: string, record: unknown): string | undefined {
  return typeof record === 'object' && record ? String(Reflect.get(record, `${kind}_id`)) : undefined;
}

function isAbout(
  entity: { readonly kind: string; readonly key: string },
  kind: string,
  record: unknown,
): boolean {
  return entity.kind === kind && entity.key === keyOf(kind, record);
}

function byDate(a: { readonly date: string }, b: { readonly date: string }): number {
  return a.date < b.date ? -1 : 1;
}

function some<T>(all: readonly T[], random: () => number): T[] {
  return all.filter(() => random() < 0.4);
}
