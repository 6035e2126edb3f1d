import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { type Fault, type FaultPlan, NO_FAULTS } from '../../demo/faults.ts';
import { type DemoSite, startDemoSite } from '../../demo/site.ts';

const RACE = { country: 'gb', date: civilDate('2026-11-22'), race: 0 } as const;
let site: DemoSite;
beforeEach(async () => {
  site = await startDemoSite({ seed: 5, today: RACE.date, markup: 'next' });
});
afterEach(() => site.close());

const plan = (fault: Fault): FaultPlan => ({ ...NO_FAULTS, rules: [{ where: RACE, fault }] });

describe("a fault of a page in today's markup", () => {
  const runnersOf = async () => {
    const html = await (await fetch(site.url + site.truth('gb', RACE.date)[0]!.path)).text();
    const json = /<script id="__NEXT_DATA__"[^>]*>([^<]+)</.exec(html)?.[1];
    return json && JSON.parse(json).props.pageProps.initialState.raceResult.data.runners;
  };
  it('that changes the page takes the data with it', async () => {
    expect((await runnersOf()).length).toBeGreaterThan(7);
    site.setFaults(plan({ kind: 'changed-page' }));
    expect(await runnersOf()).toBeUndefined();
  });

  it('that shifts cells takes one key from one runner, and one that makes a record invalid its age', async () => {
    const all = await runnersOf();
    site.setFaults(plan({ kind: 'shifted-cells' }));
    const { topspeed: _, ...rest } = all[3];
    expect(await runnersOf()).toEqual(all.with(3, rest));
    site.setFaults(plan({ kind: 'invalid-record' }));
    expect(await runnersOf()).toEqual(all.with(3, { ...all[3], age: 'n/a' }));
  });

  it('that empties the table leaves an empty list', async () => {
    site.setFaults(plan({ kind: 'empty-table' }));
    expect(await runnersOf()).toEqual([]);
  });
});
