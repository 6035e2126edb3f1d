import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { DistrictsDirectory } from './support/districts.ts';

vi.mock('../../sources/list.ts', () => import('./support/sources-of-districts.ts'));

const lake = DistrictsDirectory.forEachTest();

async function file(text: string | Uint8Array, name = 'districts.csv'): Promise<string> {
  const path = join(lake.path, name);
  await writeFile(path, text);
  return path;
}

const load = async (text: string | Uint8Array, ...words: readonly string[]) =>
  lake.say('targets', 'import', 'districts', await file(text), ...words);

/** The last line for a person. */
const summary = (stdout: string) => stdout.trimEnd().split('\n').at(-1);

describe('targets import', () => {
  it('creates and updates, leaves what is on record, and keeps ids as they are written', async () => {
    await lake.say('skip', 'add', 'districts', '0600001', '--reason', 'hail');
    const text = [
      'district_id,name,state,tier,enrollment,url',
      '0600001,Alder Unified,CA,,,',
      '0600002,Birch,CA,tier2,500,https://district-0600002.example/hours',
      '0000042,"Elm, ""the old"" one",IL,tier3,419929.0,https://elm.example/',
    ];
    const done = await load(text.join('\n'));
    expect([done.code, summary(done.stdout)]).toEqual([
      0,
      'districts: 1 created, 1 updated, 1 unchanged, 0 refused',
    ]);
    const elm = await lake.record('0000042');
    expect(elm.attributes).toEqual({
      ...{ name: 'Elm, "the old" one', state: 'IL', tier: 'tier3', enrollment: 419929 },
      url: 'https://elm.example/',
    });
    const alder = await lake.record('0600001');
    expect(alder.attributes).toMatchObject({ name: 'Alder Unified', tier: 'tier1', enrollment: 900 });
    expect(alder.skip?.reason).toBe('hail');
    expect([elm, alder].map(({ registeredAt }) => registeredAt)).not.toContain(null);
    const { events } = (await lake.json('targets', 'show', 'districts', '0600001')) as {
      events: { kind: string }[];
    };
    expect(events.map(({ kind }) => kind)).toEqual(['import', 'flag', 'import']);
    expect(summary((await load(text.join('\n'))).stdout)).toContain('0 created, 0 updated, 3 unchanged');
  });

  it('reads a byte order mark, semicolons, tabs, any line ends, and lines inside of quotes', async () => {
    for (const [n, mark] of [';', '\t', ','].entries()) {
      const rows = [
        ['target', 'name', 'state'],
        [`000000${n}`, '"two\r\nlines"', 'CA'],
      ];
      const ends = ['\r\n', '\r', '\n'][n]!;
      const { code } = await load(`\ufeff${rows.map((row) => row.join(mark)).join(ends)}${ends}`);
      expect(code).toBe(0);
      expect((await lake.record(`000000${n}`)).attributes).toEqual({ name: 'two\nlines', state: 'CA' });
    }
  });

  it('takes columns of other names by --map, and says which ones say nothing here', async () => {
    const text = 'LEAID,"Agency Name, Latest",ST,Phone\n0000007,Oak,CA,555\n';
    const map = ['--map', 'district_id=LEAID,name=Agency Name, Latest,state=st'];
    const { stdout, code } = await load(text, ...map, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toBe(
      'columns that say nothing here: Phone\n' +
        'districts: 1 created, 0 updated, 0 unchanged, 0 refused; nothing was written (--dry-run)\n',
    );
    expect((await lake.record('0000007')).attributes).toBeNull();
    await load(text, ...map);
    expect((await lake.record('0000007')).attributes).toEqual({ name: 'Oak', state: 'CA' });
  });

  it('refuses broken rows one by one with their lines, and takes the others', async () => {
    const text = [
      'id,name,state,tier',
      '0000001,Oak,CA,tier1',
      '0000001,Oak again,CA,tier1',
      '0000002,12" pipe,CA,tier1',
      '0000003,"Pine,CA,tier1',
      '0000004,Yew,CA',
      ',Nobody,CA,tier1',
      'no id!,Ash,CA,tier1',
      '0000005,Fir,CA,tier9',
      '',
      '0000006,Larch,IL,tier1',
    ];
    const { code, stdout, stderr } = await load(text.join('\n'));
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^rescrape: 7 of 9 rows of .* were refused; mend these lines and import the file again\n$/,
    );
    expect(stdout.split('\n').slice(0, 7)).toEqual([
      'line 3 (0000001) refused: it is there twice: line 2 counts',
      expect.stringMatching(/^line 4 refused: its quotes/),
      expect.stringMatching(/^line 5 refused: its quotes/),
      'line 6 refused: it has 3 cells, and the header has 4',
      'line 7 refused: it has no district_id',
      expect.stringMatching(/^line 8 \(no id!\) refused: target "no id!": not an identifier/),
      expect.stringMatching(/^line 9 \(0000005\) refused: target 0000005: tier: /),
    ]);
    expect((await lake.record('0000006')).attributes).toMatchObject({ name: 'Larch' });
    const json = JSON.parse((await load(text.join('\n'), '--json')).stdout);
    expect(json).toMatchObject({ created: 0, unchanged: 2, refused: 7, dry_run: false });
    expect(json.problems[0]).toEqual({
      line: 3,
      target: '0000001',
      reason: 'it is there twice: line 2 counts',
    });
  });

  it.each(['id,name,id', 'id,name,ID', 'district_id,name,Name'])('refuses a header %s', async (header) => {
    const { code, stderr } = await load(`${header}\n0000001,Oak,0000002\n`);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/has 2 columns "\w+", and nobody knows which is meant; leave one\n$/),
    ]);
    expect((await lake.record('0000001')).attributes).toBeNull();
  });

  it('ends with exit code 1 where no row can be taken', async () => {
    expect(await load('id,name\n1,Oak\n')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('1 of 1 rows'),
    });
  });

  it.each([
    [
      'name,state\nOak,CA\n',
      [],
      2,
      /has no column district_id; it has: "name", "state"; name the one with the ids: --map district_id=COLUMN/,
    ],
    ['id,name\n', ['--map', 'name=title'], 2, /has no column "title"; it has: "id", "name"/],
    ['id,name\n', ['--map', 'colour=name'], 2, /have no "colour"; they have: district_id, name, state/],
    ['id,name\n', ['--map', 'name'], 2, /--map "name" maps nothing/],
    ['', [], 1, /is empty: the first line names the columns/],
    [new Uint8Array([0xff, 0xfe, 0x69, 0]), [], 1, /is UTF-16: save it as UTF-8/],
    [`id,"${'x'.repeat(1_100_000)}`, [], 1, /is no CSV file: its line 1 does not end/],
  ])('%# says in one line what is wrong with a file', async (text, words, exitCode, message) => {
    const { code, stderr } = await load(text, ...words);
    expect(code).toBe(exitCode);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('says so where there is no file, or the targets are in the code', async () => {
    const missing = join(lake.path, 'none.csv');
    expect(await lake.say('targets', 'import', 'districts', missing)).toMatchObject({
      code: 1,
      stderr: `rescrape: cannot read ${missing}: there is no such file\n`,
    });
    expect((await lake.say('targets', 'import', 'racing', missing)).stderr).toContain('are in its code');
  });

  it('refuses text that is not UTF-8, and takes the rest', async () => {
    const { code, stdout } = await load(Buffer.from('id,name,state\n1,Ca\xf1on,CA\n2,Oak,CA\n', 'latin1'));
    expect([code, stdout.split('\n')[0]]).toEqual([3, 'line 2 refused: it is not UTF-8']);
  });

  it('takes many rows, in the order of the file', async () => {
    const rows = Array.from({ length: 1200 }, (_, n) => `${String(n).padStart(7, '0')},Oak ${n},CA`);
    expect(summary((await load(`id,name,state\n${rows.join('\n')}\n`)).stdout)).toContain('1200 created');
    const renamed = rows.map((row) => row.replace('Oak', 'Elm'));
    expect(summary((await load(`id,name,state\n${renamed.join('\n')}\n`)).stdout)).toContain('1200 updated');
    expect((await lake.record('0001199')).attributes?.name).toBe('Elm 1199');
  });
});

describe('targets import of schedules', () => {
  it('reads rows as the source does: zeros that were lost, printed nothings, ids of other states', async () => {
    const path = await file(
      'leaid,district_name,st,website,tier\n622710,Oak  Unified,ca,†,1\n1709930,Elm,IL,www.elm.example,\n3600076,Fir,CA,,\n',
    );
    const map = 'district_id=leaid,name=district_name,state=st,url=website';
    const load = (...words: readonly string[]) =>
      lake.say('targets', 'import', 'schedules', path, '--map', map, ...words);
    expect(await load()).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(
        /^line 4 \(3600076\) refused: .* is not of CA.*\n.*2 created.*1 refused\n$/,
      ),
    });
    const [oak, elm] = await lake.items('targets', 'list', 'schedules');
    expect(oak).toMatchObject({
      ...{ target: '0622710', schedule_status: 'NEEDS_URL' },
      attributes: { name: 'Oak Unified', state: 'CA', tier: 'tier1', url: '' },
    });
    expect(elm).toMatchObject({ target: '1709930', attributes: { url: 'http://www.elm.example/' } });
    await writeFile(path, 'leaid,district_name,st,website\n622710,,,oak.example\n');
    expect((await load()).stdout).toContain('0 created, 1 updated');
    expect((await lake.items('targets', 'list', 'schedules'))[0]).toMatchObject({
      attributes: { name: 'Oak Unified', tier: 'tier1', url: 'http://oak.example/' },
    });
  });
});

describe('targets export', () => {
  it('gives a file that imports into another lake as the same, formulas and zeros included', async () => {
    await load('id,name,state,url\n0000009,=SUM(A1),CA,-\n');
    const path = join(lake.path, 'out.csv');
    expect((await lake.say('targets', 'export', 'districts', '--csv', path)).code).toBe(0);
    const text = await readFile(path, 'utf8');
    expect(text).toMatch(/^district_id,name,state,tier,enrollment,url,status,schedule_status,/);
    expect(text).toContain("\r\n0000009,'=SUM(A1),CA,,,'-,active,");
    const other = await DistrictsDirectory.make([]);
    try {
      expect((await other.say('targets', 'import', 'districts', path)).code).toBe(0);
      expect((await other.record('0000009')).attributes).toEqual({ name: '=SUM(A1)', state: 'CA', url: '-' });
      expect((await other.items('targets', 'list', 'districts')).length).toBe(5);
    } finally {
      await other.remove();
    }
  });

  it('prints CSV where nothing else is asked for, of those that match', async () => {
    const { stdout } = await lake.say('targets', 'export', 'districts', '--state', 'IL');
    expect(stdout.split('\r\n')[1]).toMatch(/^1700003,Cedar,IL,tier1,700,/);
    expect(stdout.split('\r\n')).toHaveLength(3);
  });
});
