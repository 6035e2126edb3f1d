import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deadRecordsOf } from '../../core/enrich/dead-records.ts';
import { EntityStore } from '../../core/enrich/entity-store.ts';
import { encodeMessage } from '../../core/enrich/message.ts';
import { parkedRecordsOf } from '../../core/enrich/parked-records.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { feedback, session, student, tutor } from '../cli/support/records.ts';
import { chanceOf, shuffled } from '../core/chance.ts';
import { playEnrichment } from './support/enrich-process.ts';
import { TODAY, testClock } from './support/test-time.ts';

/** More than a message is hidden for, when its worker has died. Milliseconds. */
const LATER = 120_000;
const SEED = 20_261_122;

interface Sent {
  readonly kind: string;
  readonly body: string;
}

let room: string;
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'rescrape-enrichment-kill-'));
});
afterAll(() => rmSync(room, { recursive: true, force: true }));

/** Records with an older and a newer version each of some, and what no worker can store; parents first. */
function someMessages(random: () => number): Sent[] {
  let count = 0;
  const sent = (kind: string, record: unknown): Sent => {
    const id = `m-${String(++count).padStart(4, '0')}`;
    const said = { id, kind, source: 'test', feed: 'pushed', date: TODAY, origin: null, parked: false };
    return { kind, body: encodeMessage({ ...said, sentAt: testClock.now() + count, record }) };
  };
  const pick = (prefix: string, of: number) => `${prefix}-${Math.floor(random() * of)}`;
  const each = <T>(n: number, one: (at: number) => T) => Array.from({ length: n }, (_, at) => one(at));
  return [
    ...each(20, (n) => sent('tutor', tutor(`t-${n}`))),
    ...each(10, (n) => sent('tutor', tutor(`t-${n}`, { name: 'Renamed' }))),
    ...each(30, (n) => sent('student', student(`u-${n}`))),
    ...each(120, (n) =>
      sent('session', session(`s-${n}`, { tutor_id: pick('t', 20), student_id: pick('u', 30) })),
    ),
    // Never what the older version says by chance: of two alike the one that came first is named.
    ...each(20, (n) =>
      sent('session', session(`s-${n}`, { tutor_id: 't-1', student_id: 'u-1', duration_minutes: 45 })),
    ),
    ...each(120, (n) =>
      sent(
        'feedback',
        feedback(`f-${n}`, {
          session_id: pick('s', 120),
          tutor_id: pick('t', 20),
          student_id: pick('u', 30),
        }),
      ),
    ),
    ...each(5, (n) => sent('feedback', feedback(`bad-${n}`, { overall_rating: 'five' }))),
    { kind: 'tutor', body: 'poison' },
    { kind: 'session', body: '{"schema_version":99}' },
    // Waits for ever.
    sent('session', session('s-lost', { tutor_id: 't-nobody' })),
  ];
}

async function inDirectory<T>(
  directory: string,
  work: (platform: LocalPlatform) => Promise<T>,
  clock = testClock,
): Promise<T> {
  const platform = openLocalPlatform({ directory, env: {}, clock });
  try {
    return await work(platform);
  } finally {
    await platform.close();
  }
}

function send(directory: string, messages: readonly Sent[]): Promise<void> {
  return inDirectory(directory, async ({ enrichmentQueue }) => {
    for (const { kind, body } of messages) await enrichmentQueue(kind).send([{ body, delayMs: 0 }]);
  });
}

/** All that a worker leaves behind, but for when, and for fields that tell how long ago something was. */
function pictureOf(directory: string) {
  return inDirectory(directory, async ({ state, enrichers, enrichmentQueue }) => {
    const entities: object[] = [];
    const parked: object[] = [];
    const dead: object[] = [];
    const queued: object[] = [];
    for (const { kind } of enrichers) {
      for await (const entity of new EntityStore(state).list(kind)) {
        const { storedAt: _, firstStoredAt: __, revision: ___, derived, ...rest } = entity;
        const { tenure_days: ____, is_active_today: _____, ...lasting } = derived;
        entities.push({ ...rest, derived: lasting });
      }
      for await (const record of parkedRecordsOf(state, kind))
        parked.push({ kind, key: record.key, first: record.missing[0], message: record.message });
      for await (const { body, errors, reason } of deadRecordsOf(state, kind))
        dead.push({ kind, body, errors, reason });
      const deadLetters = await Array.fromAsync(enrichmentQueue(kind).deadLetters());
      const bodies = [...new Set(deadLetters.map(({ body }) => body))].toSorted();
      const { dead: _, ...depth } = await enrichmentQueue(kind).depth();
      // One that was sent twice is there twice, and on record once.
      queued.push({ kind, ...depth, deadLetters: bodies });
    }
    const byText = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
    return { entities, parked, dead: dead.toSorted(byText), queued };
  });
}

/** `PLAYS=20 npx vitest run test/e2e/enrichment-kill.test.ts` looks further. */
const PLAYS = Number(process.env.PLAYS ?? 1);

it.each([...Array(PLAYS).keys()])(
  'two workers that are killed at random leave what a quiet one makes, of messages that come in any order and twice, parents last play %i',
  async (play) => {
    const random = chanceOf(SEED + play);
    const messages = someMessages(random);
    const quiet = join(room, `quiet-${play}`);
    await send(quiet, messages);
    expect(await playEnrichment({ directory: quiet, aheadMs: 0 })).toMatchObject({
      messages: messages.length,
    });

    const busy = join(room, `busy-${play}`);
    const isParent = ({ kind }: Sent) => kind === 'tutor' || kind === 'student';
    const twice = messages.filter(({ body }) => body.includes('"id"') && random() < 0.3);
    const children = [...messages, ...twice].filter((message) => !isParent(message));
    const parents = [...messages, ...twice].filter(isParent);
    let [aheadMs, killed] = [0, 0];
    const workTwo = async (mostWrites: number): Promise<void> => {
      const ends = await Promise.all(
        [0, 1].map(() =>
          playEnrichment({ directory: busy, aheadMs, killAt: 1 + Math.floor(random() * mostWrites) }),
        ),
      );
      killed += ends.filter((end) => end === 'killed').length;
      aheadMs += LATER;
    };
    await send(busy, shuffled(children, random));
    for (let n = 0; n < 2; n++) await workTwo(60);
    await send(busy, shuffled(parents, random));
    for (let n = 0; n < 4; n++) await workTwo(90);
    expect(killed).toBeGreaterThan(3);
    const last = await Promise.all([0, 1].map(() => playEnrichment({ directory: busy, aheadMs })));
    expect(last).not.toContain('killed');

    const picture = await pictureOf(busy);
    expect(picture).toEqual(await pictureOf(quiet));
    expect(picture.entities).toHaveLength(20 + 30 + 120 + 120);
    expect(picture.dead).toHaveLength(7);
    expect(picture.parked).toMatchObject([{ key: 's-lost', first: { kind: 'tutor', key: 't-nobody' } }]);
  },
  120_000,
);
