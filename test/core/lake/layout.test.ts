import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { civilDate, fromEpochDay } from '../../../core/calendar/civil-date.ts';
import * as layout from '../../../core/lake/layout.ts';
import { assertObjectKey } from '../../../core/ports/object-key.ts';
import { racing } from '../../../sources/racing/source.ts';

const { table } = racing;
const GB = { value: 'gb', date: civilDate('2026-11-17') };
const RUN = '01a2e0c4-1111-7222-8333-444455556666';

const identifier = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/);
const partitions = fc.record({
  value: identifier,
  date: fc.integer({ min: -25_567, max: 2_900_000 }).map(fromEpochDay),
});

describe('the layout of the lake', () => {
  it('is the one that the documents describe', () => {
    expect({
      data: layout.dataKey(table, GB, 'v1', 0),
      descriptor: layout.descriptorKey(table, GB, 'v1'),
      manifest: layout.manifestKey(table, GB),
      captures: layout.captureKey('racing', GB, RUN, 2),
      attempts: layout.partitionLogKey('attempts', civilDate('2026-11-18'), 'racing', GB, RUN),
      commits: layout.partitionLogKey('commits', civilDate('2026-11-18'), 'racing', GB, RUN, 3),
      runs: layout.runLogKey('runs', civilDate('2026-11-18'), RUN),
      csv: layout.csvKey(table, GB),
      plan: layout.planKey(RUN),
      work: layout.partitionWorkPrefix(RUN, 'racing', GB),
      report: layout.reportKey(RUN, 'html'),
    }).toEqual({
      data: 'data/racing_results/country=gb/date=2026-11-17/v1-0.parquet',
      descriptor: 'data/racing_results/country=gb/date=2026-11-17/_v1.json',
      manifest: 'tables/racing_results/country=gb/date=2026-11-17/manifest',
      captures: `captures/racing/date=2026-11-17/${RUN}/racing.gb.2026-11-17-2.warc.gz`,
      attempts: `attempts/_partitions/racing/gb/2026-11-17/run_date=2026-11-18/${RUN}-0.jsonl.gz`,
      commits: `commits/_partitions/racing/gb/2026-11-17/run_date=2026-11-18/${RUN}-3.jsonl.gz`,
      runs: `runs/run_date=2026-11-18/${RUN}.parquet`,
      csv: 'exports/csv/racing_results/gb/2026_11_17.csv',
      plan: `work/${RUN}/plan.jsonl`,
      work: `work/${RUN}/racing/gb/2026-11-17/`,
      report: `reports/${RUN}/report.html`,
    });
  });

  it('gives keys that a store takes, for every target that a source may have', () => {
    fc.assert(
      fc.property(partitions, (partition) => {
        const keys = [
          layout.dataKey(table, partition, RUN, 0),
          layout.descriptorKey(table, partition, RUN),
          layout.manifestKey(table, partition),
          layout.captureKey('racing', partition, RUN, 0),
          layout.partitionLogKey('attempts', partition.date, 'racing', partition, RUN),
          layout.csvKey(table, partition),
        ];
        for (const key of keys) assertObjectKey(key);
      }),
    );
  });

  it('reads partitions back from the keys of manifests and from their names', () => {
    fc.assert(
      fc.property(partitions, (partition) => {
        expect(layout.partitionOfManifest(table, layout.manifestKey(table, partition))).toEqual(partition);
        const name = layout.partitionName('racing', partition);
        expect(layout.parsePartitionName(name)).toEqual({ source: 'racing', partition });
      }),
    );
  });

  it('names an item after its partition', () => {
    fc.assert(
      fc.property(partitions, (partition) => {
        const name = layout.itemName({ source: 'racing', ...partition, item: '4711' });
        expect(name).toBe(`${layout.partitionName('racing', partition)}/4711`);
      }),
    );
  });

  it.each([
    'racing/gb',
    'racing/gb/2026-02-30',
    'racing/gb/2026-11-17/x',
    '/gb/2026-11-17',
    'racing/../2026-11-17',
    'racing//2026-11-17',
    '',
  ])('takes %j for no name of a partition', (name) => {
    expect(layout.parsePartitionName(name)).toBeUndefined();
  });

  it.each([
    'tables/other/country=gb/date=2026-11-17/manifest',
    'tables/racing_results/shelf=gb/date=2026-11-17/manifest',
    'tables/racing_results/country=gb/date=2026-02-30/manifest',
    'tables/racing_results/country=gb/date=2026-11-17/manifest.bak',
    'data/racing_results/country=gb/date=2026-11-17/manifest',
  ])('takes %s for no manifest of the table', (key) => {
    expect(layout.partitionOfManifest(table, key)).toBeUndefined();
  });
});
