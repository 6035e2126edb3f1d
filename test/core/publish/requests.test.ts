import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyOf } from '../../../core/failures/failure-store.ts';
import { readCurrent } from '../../../core/lake/manifest.ts';
import type { PartitionWork, Platform } from '../../../core/platform.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { rollback } from '../../../core/publish/decisions.ts';
import { publish } from '../../../core/publish/publish.ts';
import { closeEarlierRuns } from '../../../core/run/recovery.ts';
import { recordFailures, scrape } from '../../../core/scrape/scrape.ts';
import { type FaultPlan, NO_FAULTS } from '../../../demo/faults.ts';
import { broken, GB, GB_PARTITION, GbPartition, SETTLES } from '../../e2e/support/gb-partition.ts';
import { DAY } from '../../e2e/support/small-site.ts';
import { TODAY } from '../../e2e/support/test-time.ts';

/** A race whose page changes the day after, so that every second run has something new to commit. */
const LATE: FaultPlan = { ...NO_FAULTS, settlesLate: SETTLES };

let gb: GbPartition;
afterEach(() => gb.close());

async function scraped(work: PartitionWork): Promise<PartitionWork> {
  try {
    while (!(await scrape(gb.session.platform, work)).done);
  } catch {
    await recordFailures(gb.session.platform, work);
  }
  return work;
}

/**
 * The platform as another process has it than the one that scraped, which writes down what it is asked: in a
 * deployment each stage is one.
 */
function recorded(platform: Platform): { readonly platform: Platform; readonly asked: string[] } {
  const asked: string[] = [];
  const named = (value: unknown) =>
    typeof value === 'string' ? value.replace(/[^/]*\.(parquet|json|csv|jsonl\.gz)$/, '*.$1') : '';
  const watched = <Port extends object>(name: string, port: Port): Port =>
    new Proxy(port, {
      get: (target, method) => {
        const value: unknown = Reflect.get(target, method, target);
        if (typeof value !== 'function' || method === 'uri') return value;
        return (...given: unknown[]) => {
          asked.push(`${name} ${String(method)} ${named(given[0])}`.trim());
          return Reflect.apply(value, target, given) as unknown;
        };
      },
    });
  const { finalized: _, ...other } = platform;
  const { lake, state, catalog } = other;
  const ports = {
    lake: watched('lake', lake),
    state: watched('state', state),
    catalog: watched('catalog', catalog),
  };
  return { platform: { ...other, ...ports }, asked };
}

const current = () => readCurrent(gb.session.platform.lake, gb.session.source.table, GB_PARTITION);

describe('publishing a partition that was published before', () => {
  beforeEach(async () => {
    gb = await GbPartition.start({ faults: LATE, today: DAY });
    await gb.run();
    gb.session.site.setToday(TODAY);
  });

  it('takes six requests to the lake and two to the state where rows have changed', async () => {
    const work = await scraped(await gb.session.planned('gb'));
    const { platform, asked } = recorded(gb.session.platform);
    expect(await publish(platform, work)).toMatchObject({ status: 'committed', changed: true });
    // The rows of races that answered 304 are read; which schemas there are, once a process.
    const isUsual = (each: string) =>
      each !== `lake get data/racing_results/${GB}/*.parquet` && !each.includes('_schemas');
    expect(asked.filter(isUsual).sort()).toEqual([
      `lake get work/${work.runId}/racing/gb/${DAY}/*.json`,
      `lake put commits/_partitions/racing/gb/${DAY}/run_date=${asked.join().match(/run_date=([\d-]+)/)![1]}/*.jsonl.gz`,
      `lake put data/racing_results/${GB}/*.json`,
      `lake put data/racing_results/${GB}/*.parquet`,
      'lake put exports/csv/racing_results/gb/*.csv',
      `lake put tables/racing_results/${GB}/manifest`,
      'state getMany',
      'state write',
    ]);
  });

  it('is laid over what somebody else has committed since the scrape', async () => {
    const slow = await scraped(await gb.session.planned('gb'));
    const quick = await scraped(await gb.session.planned('gb'));
    const first = await publish(gb.session.platform, quick);
    expect(first).toMatchObject({ status: 'committed' });
    expect(await publish(gb.session.platform, slow)).toMatchObject({
      status: 'unchanged',
      version: first.version,
      order: first.order + 1,
    });
    expect((await current())!.descriptor.version).toBe(first.version);
  });

  it('names the version that is current, where it has nothing to commit over the one that it knew', async () => {
    gb.session.site.setToday(DAY);
    const slow = await scraped(await gb.session.planned('gb'));
    gb.session.site.setToday(TODAY);
    const quick = await publish(gb.session.platform, await scraped(await gb.session.planned('gb')));
    expect(quick).toMatchObject({ status: 'committed' });
    expect(await publish(gb.session.platform, slow)).toMatchObject({
      status: 'unchanged',
      version: quick.version,
    });
  });

  it('answers the same when it is asked again, also after somebody has rolled it back', async () => {
    const work = await scraped(await gb.session.planned('gb'));
    const answer = await publish(gb.session.platform, work);
    await rollback(gb.session.platform, gb.session.source, GB_PARTITION, { actor: 'anna' });
    const { descriptor } = (await current())!;
    expect(descriptor.version).toBe(answer.previous);
    expect(await publish(gb.session.platform, work)).toEqual(answer);
    expect((await current())!.descriptor.version).toBe(answer.previous);
  });
});

describe('the catalog', () => {
  it('is told of a partition until it knows it, and then never again', async () => {
    gb = await GbPartition.start({ faults: LATE, today: DAY });
    const work = await scraped(await gb.session.planned('gb'));
    const { platform, asked } = recorded(gb.session.platform);
    const away = { ...platform.catalog, registerPartition: () => Promise.reject(new StorageError('away')) };
    await expect(publish({ ...platform, catalog: away }, work)).rejects.toThrow('away');
    // Committed all the same; whoever comes next, this run or another, tells the catalog.
    expect(await current()).toBeDefined();
    const told = () => asked.filter((each) => each.startsWith('catalog')).length;
    expect(await publish(platform, work)).toMatchObject({ status: 'committed', previous: null });
    expect(told()).toBe(1);
    gb.session.site.setToday(TODAY);
    await publish(platform, await scraped(await gb.session.planned('gb')));
    expect(told()).toBe(1);
  });
});

describe('failures of a partition', () => {
  it('are looked for when some were opened since there were none, also by a run that died', async () => {
    gb = await GbPartition.start();
    await gb.run();
    gb.session.site.setFaults({ ...NO_FAULTS, rules: broken(0) });
    // It dies before it publishes: its failure is on record, and the record of the partition knows nothing.
    await scraped(await gb.session.planned('gb'));
    await closeEarlierRuns(gb.session.platform, 'racing');
    const [failure] = await gb.session.failures();
    expect(keyOf(failure!)).toMatchObject({ source: 'racing', partition: GB_PARTITION });
    gb.session.site.setFaults(NO_FAULTS);
    await gb.run();
    expect(await gb.session.failures()).toMatchObject([{ state: 'recovered' }]);
    const work = await scraped(await gb.session.planned('gb'));
    const { platform, asked } = recorded(gb.session.platform);
    await publish(platform, work);
    expect(asked.filter((each) => each.startsWith('state query'))).toEqual([]);
  });
});
