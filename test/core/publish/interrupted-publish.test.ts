import { afterEach, describe, expect, it } from 'vitest';
import type { PartitionJob } from '../../../core/job.ts';
import type { PartitionWork, Platform } from '../../../core/platform.ts';
import type { StateWrite } from '../../../core/ports/state-store.ts';
import { publish } from '../../../core/publish/publish.ts';
import { readPublished } from '../../../core/publish/published.ts';
import { scrape } from '../../../core/scrape/scrape.ts';
import { PartitionStore } from '../../../core/state/partition-store.ts';
import { NO_FAULTS } from '../../../demo/faults.ts';
import { broken, GB_PARTITION, GbPartition } from '../../e2e/support/gb-partition.ts';
import { logRows } from '../../e2e/support/lake-reading.ts';

let gb: GbPartition;
afterEach(() => gb.close());

/** A run that has scraped, up to its publish, what failed in the run before. */
async function scrapedAfterFailure(): Promise<PartitionWork> {
  gb = await GbPartition.start({ faults: { ...NO_FAULTS, rules: broken(0) } });
  await gb.run();
  gb.session.site.setFaults(NO_FAULTS);
  const work = await gb.session.planned('gb');
  while (!(await scrape(gb.session.platform, work)).done);
  return work;
}

/** The platform of a process that dies as it is about to write such a document. */
function dyingAt(collection: string): Platform {
  const { platform } = gb.session;
  const dies = (writes: readonly StateWrite[]) =>
    writes.some(({ partition }) => partition.split('#')[0] === collection);
  const state: Platform['state'] = new Proxy(platform.state, {
    get: (target, method) => {
      const value: unknown = Reflect.get(target, method, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if ((method === 'write' || method === 'transact') && dies(given[0] as StateWrite[]))
          return Promise.reject(new Error(`killed at ${collection}`));
        return Reflect.apply(value, target, given) as unknown;
      };
    },
  });
  return { ...platform, state };
}

/** What there is of the publish of a run. */
async function traces({ runId }: PartitionWork) {
  const { platform, source, directory } = gb.session;
  const context: PartitionJob = { platform, source, runId, partition: GB_PARTITION };
  const record = await new PartitionStore(platform.state).get(source.table.name, GB_PARTITION);
  const commits = await logRows(directory, 'commits');
  return {
    failures: (await gb.session.failures()).map(({ state }) => state),
    commits: commits.filter((row) => row.run_id === runId).map(({ version }) => version),
    recorded: record?.runId === runId ? record.version : null,
    answer: await readPublished(context),
  };
}

describe('a publish of what had failed before', () => {
  it.each([
    ['before its record', 'partitions', { failures: ['queued'], isRecorded: false }],
    ['before it recovers the failure', 'failures', { failures: ['queued'], isRecorded: true }],
    ['between that and its answer', 'published', { failures: ['recovered'], isRecorded: true }],
  ])('is made up for when it is called again after it died %s', async (_, collection, left) => {
    const work = await scrapedAfterFailure();
    await expect(publish(dyingAt(collection), work)).rejects.toThrow(`killed at ${collection}`);
    const { answer: none, recorded, failures, commits } = await traces(work);
    expect({ failures, isRecorded: recorded !== null }).toEqual(left);
    expect(commits).toHaveLength(1);
    expect(none).toBeUndefined();

    const answer = await publish(gb.session.platform, work);
    expect(answer).toMatchObject({ status: 'committed', changed: true, version: commits[0] });
    expect(await traces(work)).toEqual({
      failures: ['recovered'],
      commits: [answer.version],
      recorded: answer.version,
      answer,
    });
    expect(await publish(gb.session.platform, work)).toEqual(answer);
  });
});
