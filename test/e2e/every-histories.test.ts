import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { addDays } from '../../core/calendar/civil-date.ts';
import { completeness } from '../../core/completeness/completeness.ts';
import { why } from '../../core/explain/why.ts';
import { flagged, unflagged } from '../../core/targets/flags.ts';
import { paused, resumed } from '../../core/targets/transitions.ts';
import { dishes, inArizona, KitchenSite } from './support/kitchen-site.ts';

const HOUR_MS = 3_600_000;
const RUNS = Number(process.env.HISTORIES ?? 4);
const SEED = Number(process.env.HISTORY_SEED ?? 20260310);
const IDS = ['elm', 'oak', 'yew'] as const;

type Step =
  | { readonly do: 'wait'; readonly hours: number }
  | { readonly do: 'run'; readonly targets?: readonly string[] }
  | { readonly do: 'serve' | 'lose' | 'skip' | 'unskip' | 'pause' | 'resume'; readonly id: string };

const id = fc.constantFrom(...IDS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 2, max: 20 }) }),
  },
  { weight: 6, arbitrary: fc.constant({ do: 'run' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      targets: fc.subarray([...IDS], { minLength: 1 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'serve',
        'lose',
        'lose',
        'skip',
        'unskip',
        'pause',
        'resume',
      ) as fc.Arbitrary<'serve'>,
      id,
    }),
  },
);

async function doStep(site: KitchenSite, step: Step): Promise<void> {
  const by = { actor: 'ann', at: site.clock.now(), reason: 'they asked us to' };
  switch (step.do) {
    case 'wait':
      return site.clock.sleep(step.hours * HOUR_MS);
    case 'run':
      await site.run(step.targets ? { targets: step.targets } : {});
      return;
    case 'serve':
      site.pages[step.id] = dishes(['Soup', '1.00']);
      return;
    case 'lose':
      delete site.pages[step.id];
      return;
    case 'skip':
      await site.change(step.id, (record) => flagged(record, by));
      return;
    case 'unskip':
      await site.change(step.id, (record) => unflagged(record, by.at));
      return;
    default:
      await site.change(step.id, step.do === 'pause' ? paused : (record) => resumed(record, by.at));
  }
}

/** As a run has left it: what a person changes after it the view cannot know. */
async function disagreements(site: KitchenSite, seen: Set<string>): Promise<string[]> {
  const { lake, state } = site.platform;
  const end = site.today();
  const asked = { start: addDays(end, -6), end, today: end, now: site.clock.now(), lake };
  const report = await completeness(state, site.source, asked);
  const rows = await site.query('SELECT target, partition_date, standing FROM v_completeness');
  const found: string[] = [];
  for (const { target, partition_date, standing } of rows) {
    const dates = report.targets.find((one) => one.target === target)?.dates;
    const judged = dates?.find(({ date }) => date === partition_date);
    if (!judged) continue;
    const told = await why(site.platform, site.source, { value: String(target), date: judged.date }, null);
    seen.add(judged.status);
    if (standing !== judged.status || told.completeness?.status !== judged.status)
      found.push(`${target}/${partition_date}: ${standing} in SQL, ${judged.status} (${judged.reason})`);
  }
  return found;
}

it('the view, completeness and why say the same of partitions whose targets have their own time', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 16, size: 'max' }), async (steps) => {
      const site = await KitchenSite.start();
      try {
        for (const each of IDS) site.pages[each] = dishes(['Soup', '1.00']);
        await site.register(...IDS.map(inArizona));
        await site.toHour(3);
        for (const each of steps) await doStep(site, each);
        await site.run({ all: true, targets: ['elm'] });
        expect(await disagreements(site, seen)).toEqual([]);
      } finally {
        await site.close();
      }
    }),
    { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: 300_000 },
  );
  expect(seen.size).toBeGreaterThan(1);
}, 400_000);
