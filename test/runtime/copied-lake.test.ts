import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { movedFrom, settleIn } from '../../core/publish/moved-lake.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { runLocally } from '../../runtime/local-run.ts';
import { racing } from '../../sources/racing/source.ts';
import { schedules } from '../../sources/schedules/source.ts';
import { GB, GbPartition } from '../e2e/support/gb-partition.ts';
import { DAY, settingsFor } from '../e2e/support/small-site.ts';
import { query } from '../e2e/support/sql.ts';

const MANIFEST = join('lake', 'tables', 'racing_results', GB, 'manifest');
const OTHER_DAY = '2026-11-19';

describe('a lake that was copied with its state', () => {
  let gb: GbPartition;
  let copy: string;
  const events: unknown[] = [];
  let opened: LocalPlatform | undefined;
  beforeEach(async () => {
    gb = await GbPartition.start();
    await gb.run();
    copy = join(mkdtempSync(join(tmpdir(), 'rescrape-copy-')), 'date=2020-01-01');
  });
  afterEach(async () => {
    await opened?.close();
    opened = undefined;
    await gb.close();
    rmSync(join(copy, '..'), { recursive: true, force: true });
  });

  const open = () => {
    opened = openLocalPlatform({
      directory: copy,
      env: settingsFor(gb.session.site),
      clock: gb.session.clock,
      onEvent: (event) => events.push(event),
    });
    return opened;
  };
  const rows = (platform: LocalPlatform) =>
    query(platform, 'SELECT date, count(*) AS n FROM racing_results GROUP BY ALL');

  it.each(['there', 'damaged', 'gone'])('reads its own files while the original is %s', async (original) => {
    cpSync(gb.session.directory, copy, { recursive: true });
    if (original === 'damaged') for (const file of gb.dataFiles()) writeFileSync(file, 'no Parquet');
    const away = `${gb.session.directory}-away`;
    if (original === 'gone') renameSync(gb.session.directory, away);
    try {
      const platform = open();
      expect(await movedFrom(platform)).toBe(join(gb.session.directory, 'lake'));
      expect(await rows(platform)).toEqual([{ date: DAY, n: 12 }]);
    } finally {
      if (original === 'gone') renameSync(away, gb.session.directory);
    }
  });

  it('says so in its next run, which writes every manifest for its own files and touches nothing else', async () => {
    cpSync(gb.session.directory, copy, { recursive: true });
    const before = gb.visible();
    const platform = open();
    const request = { source: 'racing', start: OTHER_DAY, end: OTHER_DAY, targets: ['ire'], force: false };
    await runLocally(platform, request);
    const told = events.filter((event) => JSON.stringify(event).includes('copied or moved from'));
    expect(told).toMatchObject([{ kind: 'warning', message: expect.stringContaining(gb.session.directory) }]);
    const [line, ...rest] = readFileSync(join(copy, MANIFEST), 'utf8').trimEnd().split('\n');
    expect(rest).toEqual([]);
    expect(line).toContain(join(copy, 'lake', 'data'));
    expect(gb.visible()).toEqual(before);
    expect(await movedFrom(platform)).toBeUndefined();
    await runLocally(platform, request);
    expect(events.filter((event) => JSON.stringify(event).includes('copied or moved from'))).toHaveLength(1);
  });

  it('writes those of a source as well that the process of the run has not loaded', async () => {
    cpSync(gb.session.directory, copy, { recursive: true });
    const everySource = async () => ({ sources: [racing], invalidSources: [] });
    opened = openLocalPlatform({ directory: copy, env: {}, sources: [schedules], everySource });
    expect(await settleIn(opened)).toContain(': 1 of its manifests named files there');
    expect(readFileSync(join(copy, MANIFEST), 'utf8')).toContain(join(copy, 'lake', 'data'));
  });

  it('is no news where nothing was moved', async () => {
    expect(await movedFrom(gb.session.platform)).toBeUndefined();
    await gb.run();
    expect(gb.session.events.filter(({ kind }) => kind === 'warning')).toEqual([]);
  });
});
