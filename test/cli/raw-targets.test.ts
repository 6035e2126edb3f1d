import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DistrictsDirectory } from './support/districts.ts';
import { ALDER } from './support/target-history.ts';

vi.mock('../../sources/list.ts', () => import('./support/sources-of-districts.ts'));

const lake = DistrictsDirectory.forEachTest();
const say = (...words: readonly string[]) => lake.say('targets', ...words);

describe('targets of a source that reads raw rows', () => {
  const DELTA = '0634320';
  const ECHO = '0634321';
  const attributesOf = async (id: string) =>
    ((await lake.json('targets', 'show', 'schedules', id)) as { attributes: object }).attributes;

  beforeEach(async () => {
    const path = join(lake.path, 'raw.csv');
    const rows = [DELTA, ECHO].map((id) => `${id},District ${id},CA,tier1,10,http://d${id}.example/`);
    await writeFile(path, ['district_id,name,state,tier,enrollment,url', ...rows].join('\n'));
    expect((await say('import', 'schedules', path)).code).toBe(0);
  });

  it.each([
    ['tier=tier9', 'tier "tier9" is not tier1'],
    ['state=TX', 'is not of TX'],
    ['url=garbage', 'url "garbage" is no web address'],
    ['enrollment=many', 'enrollment "many" is no number'],
    ['name=', 'name is empty'],
  ])('are set as an import would: %s is refused, and none is changed', async (attribute, message) => {
    const before = await attributesOf(DELTA);
    const { code, stderr } = await say('set', 'schedules', DELTA, ECHO, '--attribute', attribute);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(await attributesOf(DELTA)).toEqual(before);
  });

  it('are set as an import would: the source writes the values its own way', async () => {
    expect((await say('set', 'schedules', DELTA, '--attribute', 'tier=Tier 2', 'state=ca')).code).toBe(0);
    expect(await attributesOf(DELTA)).toMatchObject({ tier: 'tier2', state: 'CA', enrollment: 10 });
  });
});

describe('an id that lost its zero in front', () => {
  const SHORT = '634320';
  beforeEach(async () => {
    const path = join(lake.path, 'short.csv');
    await writeFile(
      path,
      `district_id,name,state,url\n0${SHORT},Delta,CA,http://d.example/\n1700009,Ivy,IL,http://i.example/\n`,
    );
    expect((await say('import', 'schedules', path)).code).toBe(0);
  });
  const planned = async (...words: readonly string[]) =>
    (await lake.items<{ partitions: { targets?: string[] }[] }>('run', '--dry-run', ...words)).flatMap(
      ({ partitions }) => partitions.flatMap(({ targets }) => targets ?? []),
    );

  it('finds its target wherever one is named', async () => {
    const file = join(lake.path, 'named.csv');
    await writeFile(file, `district_id\n${SHORT}\n`);
    expect(await planned('schedules', '--targets', file)).toEqual([`0${SHORT}`]);
    expect(await planned('schedules', '--target', SHORT)).toEqual([`0${SHORT}`]);
    expect(await planned('--target', SHORT)).toEqual([`0${SHORT}`]);
    expect((await say('show', 'schedules', SHORT)).stdout).toContain(`schedules/0${SHORT}, Delta`);
    expect((await say('pause', 'schedules', SHORT)).code).toBe(0);
    await lake.say('skip', 'add', 'schedules', SHORT, '--reason', 'hail');
    expect(await lake.items('skip', 'list', '--target', SHORT)).toMatchObject([{ target: `0${SHORT}` }]);
  });

  it.each([['34320'], ['00634320'], ['700009'], ['600001']])(
    'is none where the source reads %s otherwise',
    async (id) => {
      expect((await say('show', 'schedules', id)).code).toBe(2);
    },
  );

  it('is none of a source that takes ids as they are', async () => {
    expect((await say('show', 'districts', ALDER.slice(1))).code).toBe(2);
  });
});
