import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays } from '../../../core/calendar/civil-date.ts';
import { unaskedDates } from '../../../core/run/unasked.ts';
import { TargetStore } from '../../../core/targets/target-store.ts';
import type { WorkflowEvent } from '../../../runtime/local-workflow.ts';
import { DATE, ListedSite, listPage } from '../../e2e/support/listed-site.ts';

let site: ListedSite;
beforeEach(async () => {
  site = await ListedSite.start();
});
afterEach(() => site[Symbol.asyncDispose]());

const IDS = Array.from({ length: 12 }, (_, at) => `i${at}`);
const WALL = { status: 403, headers: { 'cf-mitigated': 'challenge' } };
const flag = async () => (await new TargetStore(site.platform.state).get('listed', 'a')).skip;
const left = async () => unaskedDates(site.platform, site.source, 'a', (await flag())!.since);

describe('items that a wall kept from being asked for', () => {
  it('are named by why with the run that they need, and their dates by what is left undone', async () => {
    site.index(listPage(IDS));
    await site.publish();
    site.item('i0', WALL);
    await site.publish();
    expect(await flag()).not.toBeNull();
    const failed = (await site.failures()).map(({ item }) => item);
    expect(failed).toContain('i0');
    expect(failed).not.toContain('i11');
    expect(await left()).toEqual({ start: DATE, end: DATE });

    const told = await site.why('i11');
    expect(told.answer).toMatch(/^run \S+ did not try it: .*its row is current; only another run tries it$/);
    const run = `rescrape run listed --target a --start ${DATE} --end ${DATE}`;
    expect(told.next.map(({ command }) => command)).toEqual(['rescrape skip remove listed a', run]);
    expect((await site.why('i0')).answer).not.toContain('did not try it');

    // A run that passes the target over leaves its own dates undone, too.
    const before = addDays(DATE, -1);
    await site.run({ start: before, end: DATE });
    expect(await left()).toEqual({ start: before, end: DATE });
  });

  it('are none where the runs since have asked for all', async () => {
    site.index(listPage(IDS));
    await site.publish();
    const since = site.clock.now() - 1000 * 60;
    expect(await unaskedDates(site.platform, site.source, 'a', since)).toBeUndefined();
  });
});

describe('a wait that is told', () => {
  it('is the one that the host asked for, where that is longer', async () => {
    site.index(listPage(['a']));
    site.item('a', (_, hit) =>
      hit === 1 ? { status: 429, headers: { 'retry-after': '45' } } : { body: '<html><b>x</b></html>' },
    );
    const waits: number[] = [];
    const onWorkflowEvent = (event: WorkflowEvent) => {
      if (event.kind === 'retry-waiting') waits.push(event.waitMs);
    };
    await site.run({ onWorkflowEvent });
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(44_000);
    expect(waits[0]).toBeLessThanOrEqual(45_000);
  });
});
