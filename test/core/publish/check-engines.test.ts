import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manifestKey } from '../../../core/lake/layout.ts';
import type { PipelineEvent } from '../../../core/platform.ts';
import type { AlignedPartitions } from '../../../core/ports/catalog.ts';
import { StorageError } from '../../../core/ports/storage-error.ts';
import { checkEngines } from '../../../core/publish/check-engines.ts';
import { racing } from '../../../sources/racing/source.ts';
import { type Lake, openLake, PARTITION, publish, runner } from '../completeness/lake-fixture.ts';

describe('after the commits of a run', () => {
  let it_: Lake;
  beforeEach(() => {
    it_ = openLake();
  });
  afterEach(() => it_.close());

  async function told(alignPartitions: () => Promise<AlignedPartitions>): Promise<PipelineEvent[]> {
    const events: PipelineEvent[] = [];
    const catalog = { registerPartition: async () => {}, partitions: async function* () {}, alignPartitions };
    await checkEngines({ catalog, lake: it_.lake, emit: (event) => void events.push(event) }, [racing]);
    return events;
  }

  it('nothing is told where nothing was to do', async () => {
    await publish(it_.lake, 0, [runner('1', 'a')]);
    expect(await told(async () => ({ updated: 0, left: 0 }))).toEqual([]);
  });

  it('it is told how many partitions had the columns of an older schema', async () => {
    expect(await told(async () => ({ updated: 2_000, left: 3 }))).toEqual([
      { kind: 'aligned', table: 'racing_results', updated: 2_000, left: 3 },
    ]);
  });

  it('a catalog out of reach ends no run, and a bug does', async () => {
    const fail = async () => {
      throw new StorageError('glue:GetTable lake.racing_results: access denied');
    };
    expect(await told(fail)).toEqual([
      { kind: 'warning', message: expect.stringMatching(/^partitions of racing_results .*: glue:GetTable/) },
    ]);
    const bug = async () => {
      throw new TypeError('a bug');
    };
    await expect(told(bug)).rejects.toThrow('a bug');
  });

  it('an object that engines would read as a manifest is told', async () => {
    await it_.lake.put(`${manifestKey(racing.table, PARTITION)}.bak`, new Uint8Array());
    expect(await told(async () => ({ updated: 0, left: 0 }))).toEqual([
      { kind: 'warning', message: expect.stringMatching(/manifest\.bak is no manifest of racing_results/) },
    ]);
  });
});
