import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { rescrape } from './support/command-line.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rescrape-csv-'));
  await mkdir(join(root, 'lake'));
  return () => rm(root, { recursive: true, force: true });
});
const say = (...words: readonly string[]) => rescrape(join(root, 'lake'), ...words);
const SQL = "SELECT 1 AS n, '=1+1' AS f";
const CSV = "n,f\r\n1,'=1+1\r\n";

describe('--csv', () => {
  it('writes to the file that is named, whole, and says so to whoever waits', async () => {
    const file = join(root, 'rows.csv');
    expect(await say('query', SQL, '--csv', file)).toEqual({
      code: 0,
      stdout: '',
      stderr: `wrote 1 row to ${file}\n`,
    });
    expect(await readFile(file, 'utf8')).toBe(CSV);
    expect((await readdir(root)).filter((name) => name.includes('rows'))).toEqual(['rows.csv']);
  });

  it.each([[['--csv']], [['--csv', '-']]])('prints with %j', async (words) => {
    expect((await say('query', SQL, ...words)).stdout).toBe(CSV);
  });

  it('takes no option behind it for a file', async () => {
    const listed = await say('failures', 'list', '--csv', '--state', 'all');
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^failure,code,/) });
    expect((await say('failures', 'list', '--csv', '--json')).code).toBe(2);
  });

  it.each([
    [['query', '--csv', SQL], CSV],
    [['partitions', 'history', '--csv', 'racing/gb/2025-11-17'], /^version,/],
    [['retry-list', '--csv', 'racing'], /^target,last_status,/],
  ] as const)('takes what the command cannot do without for no file: %j', async (words, printed) => {
    const { code, stdout, stderr } = await say(...words);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(printed);
  });

  it('still says what is missing where nothing stands behind it', async () => {
    const { code, stderr } = await say('query', '--csv');
    expect(code).toBe(2);
    expect(stderr).toContain("missing required argument 'sql'");
  });

  it('takes no source behind it for a file', async () => {
    const { code, stderr } = await say('completeness', '--csv', 'racing');
    expect(code).toBe(2);
    expect(stderr).toContain('racing is a source: write it before --csv');
    expect((await say('completeness', '--csv', '')).code).toBe(2);
  });

  it.each([
    ['attempts'],
    ['blocks'],
    ['errors'],
    ['reports', 'daily'],
    ['reports', 'weekly'],
    ['reports', 'success-rate'],
    ['retry-list', 'racing'],
    ['completeness'],
    ['failures', 'summary'],
    ['failures', 'export'],
    ['failures', 'clear'],
    ['partitions', 'list'],
    ['partitions', 'history', 'racing/gb/2025-11-17'],
    ['skip', 'list'],
    ['views'],
  ])('writes the file of %s %s', async (...words) => {
    const file = join(root, 'list.csv');
    const { code, stdout } = await say(...words, '--csv', file);
    expect([code, stdout]).toEqual([0, '']);
    expect(await readFile(file, 'utf8')).toMatch(/^\w+(,\w+)*\r\n/);
  });

  it('replaces the file that was there, keeps who may read it, and follows a link', async () => {
    const [file, link] = [join(root, 'old.csv'), join(root, 'link.csv')];
    await writeFile(file, 'something much longer than what comes\n');
    await chmod(file, 0o600);
    await symlink(file, link);
    await say('query', SQL, '--csv', link);
    expect(await readFile(file, 'utf8')).toBe(CSV);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(root)).sort()).toEqual(expect.arrayContaining(['link.csv', 'old.csv']));
  });

  it('writes into a device and leaves it what it is', async () => {
    expect((await say('query', SQL, '--csv', '/dev/null')).code).toBe(0);
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  it.each([
    ['no/such/rows.csv', 'there is no such directory'],
    ['directory', 'it is a directory'],
    ['file/rows.csv', 'a part of its path is no directory'],
  ])('fails with one line where %s cannot be written, and leaves nothing', async (name, reason) => {
    await mkdir(join(root, 'directory'));
    await writeFile(join(root, 'file'), 'kept');
    const path = join(root, name);
    const { code, stderr } = await say('query', SQL, '--csv', path);
    expect(code).toBe(1);
    expect(stderr).toBe(`rescrape: cannot write ${path}: ${reason}\n`);
    expect((await readdir(root)).filter((one) => one.endsWith('.tmp'))).toEqual([]);
    expect(await readFile(join(root, 'file'), 'utf8')).toBe('kept');
  });
});
