import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PartitionJob } from '../../../core/job.ts';
import type { Checkpoint } from '../../../core/scrape/checkpoint.ts';
import { TargetGate } from '../../../core/scrape/target-gate.ts';
import { flagged, unflagged } from '../../../core/targets/flags.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import { Session } from '../../e2e/support/session.ts';
import { DAY } from '../../e2e/support/small-site.ts';
import { BY } from '../targets/by.ts';

let session: Session;
beforeEach(async () => {
  session = await Session.start();
});
afterEach(() => session.close());

const context = (): PartitionJob => ({
  platform: session.platform,
  source: session.source,
  runId: session.platform.newId(),
  partition: { value: 'gb', date: DAY },
});
const answered = (code: 'BLOCKED' | 'SUCCESS') =>
  ({
    outcome: { code },
    attempt: { item_id: '1', attempted_at: new Date(session.clock.now()).toISOString() },
  }) as Pick<Checkpoint, 'outcome' | 'attempt'>;

/** Two requests of one target that are let in at once, and what the second hears when its turn comes. */
async function twoInside(gate: TargetGate) {
  const scout = await gate.enter('item');
  scout.judge(answered('SUCCESS'));
  const first = await gate.enter('item');
  const second = await gate.enter('item');
  return { first, second };
}

it.each([
  ['a wall', 'BLOCKED', true],
  ['a page', 'SUCCESS', false],
] as const)('a turn waits until an answer that has come is judged to be %s', async (_, code, isWithdrawn) => {
  const { first, second } = await twoInside(await TargetGate.open(context(), 'gb', []));
  first.permission.onAnswer();
  let heard: boolean | undefined;
  const asked = second.permission.isWithdrawn().then((withdrawn) => {
    heard = withdrawn;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(heard).toBeUndefined();
  first.judge(answered(code));
  await first.settle();
  await asked;
  expect(heard).toBe(isWithdrawn);
  expect(second.permission.withdrawn.aborted).toBe(isWithdrawn);
});

it('an answer that comes while the store is asked is waited for as well', async () => {
  const { first, second } = await twoInside(await TargetGate.open(context(), 'gb', []));
  const asked = second.permission.isWithdrawn();
  first.permission.onAnswer();
  first.judge(answered('BLOCKED'));
  await first.settle();
  expect(await asked).toBe(true);
});

it('an answer of which nothing can be recorded stops nobody for ever', async () => {
  const { first, second } = await twoInside(await TargetGate.open(context(), 'gb', []));
  first.permission.onAnswer();
  const asked = second.permission.isWithdrawn();
  first.end();
  expect(await asked).toBe(false);
});

it('a flag that one partition finds wakes the waiting requests of all the others, and a lifted one lets them in', async () => {
  const [here, there] = [
    await TargetGate.open(context(), 'gb', []),
    await TargetGate.open(context(), 'gb', []),
  ];
  const [mine] = [(await twoInside(here)).first];
  const theirs = await there.enter('item');
  const store = new TargetStore(session.platform.state);
  await store.update('racing', 'gb', (record) => flagged(record, { reason: 'enough', ...BY }), BY);
  expect(theirs.permission.withdrawn.aborted).toBe(false);
  expect(await mine.permission.isWithdrawn()).toBe(true);
  expect(theirs.permission.withdrawn.aborted).toBe(true);
  await store.update('racing', 'gb', (record) => unflagged(record, 0), BY);
  const later = await (await TargetGate.open(context(), 'gb', [])).enter('item');
  expect(later.permission.withdrawn.aborted).toBe(false);
  expect(await later.permission.isWithdrawn()).toBe(false);
});

it('the first request of a kind goes alone until it is judged, and the next one does where it was a wall', async () => {
  const gate = await TargetGate.open(context(), 'gb', []);
  const scout = await gate.enter('index');
  const entered: string[] = [];
  const others = ['b', 'c'].map(async (name) => {
    const passage = await gate.enter('index');
    entered.push(name);
    return passage;
  });
  (await gate.enter('item')).judge(answered('SUCCESS'));
  expect(entered).toEqual([]);
  scout.end();
  const next = await others[0]!;
  await new Promise((resolve) => setImmediate(resolve));
  expect(entered).toEqual(['b']);
  next.judge(answered('SUCCESS'));
  await others[1];
  expect(entered).toEqual(['b', 'c']);
});
