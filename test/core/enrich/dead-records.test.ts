import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  bodyOf,
  deadRecord,
  purgeDead,
  readDeadEntries,
  redriveDead,
} from '../../../core/enrich/dead-records.ts';
import { EntityStore } from '../../../core/enrich/entity-store.ts';
import { EnrichmentWorld, messageOf, studentRecord } from './enrichment-world.ts';

let world: EnrichmentWorld;
beforeEach(() => {
  world = new EnrichmentWorld();
});
afterEach(() => world.close());

const entries = () => readDeadEntries(world.stores, ['student', 'tutor']);
const invalid = messageOf('m-bad', 'student', { student_id: 's1' });

it('stand beside their messages in the dead-letter queue, and what is there alone stands behind them', async () => {
  await world.send(invalid);
  await world.drain();
  await world.queue('tutor').send([{ body: 'worn out', delayMs: 0 }]);
  const [delivery] = await world.queue('tutor').receive({ max: 1, visibilityMs: 1 });
  await world.queue('tutor').deadLetter(delivery!, 'by hand');
  expect(await entries()).toMatchObject([
    {
      kind: 'student',
      record: { id: 'm-bad', errors: ['name: missing'] },
      messages: [{ body: JSON.stringify(invalid) }],
    },
    { kind: 'tutor', record: null, messages: [{ body: 'worn out' }] },
  ]);
});

it('are sent again as they came, and gone then', async () => {
  await world.send(invalid);
  await world.drain();
  expect(await redriveDead(world.stores, await entries())).toEqual([]);
  expect(await entries()).toEqual([]);
  expect((await world.queue('student').depth()).due).toBe(1);
  await world.drain();
  expect(await entries()).toHaveLength(1);
});

it('are gone when they are purged', async () => {
  await world.send(invalid);
  await world.drain();
  await purgeDead(world.stores, await entries());
  expect(await entries()).toEqual([]);
  expect((await world.queue('student').depth()).due).toBe(0);
  expect(await deadRecord(world.state, 'student', 'm-bad')).toBeUndefined();
});

it.each([
  ['quotation marks', '"'],
  ['control characters', '\u0001'],
  ['lone halves of characters', '\ud800'],
  ['characters of three bytes', '漢'],
])('are small enough for a document of any store: %s', async (_, character) => {
  const body = character.repeat(80_000);
  await world.queue('student').send([{ body, delayMs: 0 }]);
  await world.drain();
  const [entry] = await entries();
  expect(Buffer.byteLength(JSON.stringify(entry!.record))).toBeLessThan(400_000);
  expect(bodyOf(entry!)).toBe(body);
  if (!entry!.record!.isCut) return;
  // Where the queue has forgotten it, only its beginning is left: nothing that could be sent again.
  await world.queue('student').clear();
  const [alone] = await entries();
  expect(await redriveDead(world.stores, [alone!])).toEqual([alone]);
  expect(await entries()).toHaveLength(1);
});

it('of a record that is mended meanwhile lead to an entity', async () => {
  await world.send(invalid);
  await world.drain();
  await world.send(messageOf('m-good', 'student', studentRecord('s1')));
  await world.drain();
  expect(await new EntityStore(world.state).get({ kind: 'student', key: 's1' })).toBeDefined();
});
