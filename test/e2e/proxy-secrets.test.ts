import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { startDemoSite } from '../../demo/site.ts';
import { type LoopbackProxy, serveHttpProxy, serveSocksProxy } from '../contracts/loopback-proxies.ts';
import { complaintOf, startCommand } from './support/command-line.ts';
import { filesUnder, logRows, readParquetFile } from './support/lake-reading.ts';
import { RUN, settingsFor, startSmallSite } from './support/small-site.ts';

const USER = { name: 'scraper', password: 'hunter2' };
const root = mkdtempSync(join(tmpdir(), 'rescrape-secrets-'));
let site: Awaited<ReturnType<typeof startDemoSite>>;
let cwd: string;
let runs = 0;

beforeAll(async () => {
  site = await startSmallSite();
});
beforeEach(() => {
  cwd = join(root, `cwd-${++runs}`);
  mkdirSync(cwd);
});
const closing: LoopbackProxy[] = [];
afterEach(async () => {
  for (const proxy of closing.splice(0)) await proxy[Symbol.asyncDispose]();
});
afterAll(async () => {
  await site.close();
  rmSync(root, { recursive: true, force: true });
});

/** Everything in a file that a person or a program could read. */
async function textsOf(file: string): Promise<string> {
  const bytes = readFileSync(file);
  if (file.endsWith('.gz')) return gunzipSync(bytes).toString('latin1');
  if (file.endsWith('.parquet')) return JSON.stringify(await readParquetFile(file));
  return bytes.toString('latin1');
}

describe('a run through proxies with a password', () => {
  it('writes and says nothing of it, neither where it works nor where it is refused', async () => {
    const wrong = await serveHttpProxy({ user: { ...USER, password: 'other' } });
    const right = await serveSocksProxy({ user: USER });
    closing.push(wrong, right);
    const login = `${USER.name}:${USER.password}@`;
    const env = settingsFor(site, {
      RESCRAPE_RACING_PROXIES: `http://${login}127.0.0.1:${wrong.port}, socks5://${login}127.0.0.1:${right.port}`,
    });
    const ends = [];
    for (const args of [
      RUN,
      ['attempts', '--json'],
      ['attempts'],
      ['config'],
      ['config', '--json'],
      ['why', 'racing/gb'],
      ['query', 'select * from attempts', '--json'],
    ])
      ends.push(await startCommand(args, env, cwd).ended);
    expect(ends.slice(0, 5).map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);

    const rows = await logRows(join(cwd, '.rescrape'), 'attempts');
    const ids = new Set(rows.map(({ proxy }) => proxy));
    expect(ids).toEqual(new Set([`127.0.0.1:${wrong.port}`, `127.0.0.1:${right.port}`]));
    expect(ends[3]!.stdout).toContain(`127.0.0.1:${wrong.port} 127.0.0.1:${right.port}`);

    const basic = Buffer.from(`${USER.name}:${USER.password}`).toString('base64');
    const secrets = [USER.password, `${USER.name}:`, basic];
    const files = [...filesUnder(join(cwd, '.rescrape'))];
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const text = await textsOf(file);
      for (const secret of secrets) expect(text.includes(secret), `${file}: ${secret}`).toBe(false);
    }
    for (const { stdout, stderr } of ends)
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
  });

  it('is refused in one line where a proxy is none, before anything is asked', async () => {
    const before = site.requests.length;
    for (const text of [`http://a:1,htp://scraper:${USER.password}@b:2`, `scraper:${USER.password}@b:2`]) {
      const end = await startCommand(RUN, settingsFor(site, { RESCRAPE_RACING_PROXIES: text }), cwd).ended;
      expect(end.code).toBe(2);
      expect(complaintOf(end)).toMatch(/RESCRAPE_RACING_PROXIES: proxy \d of \d /);
      expect(end.stdout + end.stderr).not.toContain(USER.password);
    }
    expect(site.requests).toHaveLength(before);
  });

  it('is refused here where it is a secret of a deployment', async () => {
    const secret = { RESCRAPE_RACING_PROXIES_SECRET: 'arn:aws:secretsmanager:eu-west-1:1:secret:p-abcdef' };
    const end = await startCommand(RUN, settingsFor(site, secret), cwd).ended;
    expect(end.code).toBe(2);
    expect(complaintOf(end)).toMatch(/RESCRAPE_RACING_PROXIES_SECRET is read in a deployment only/);
  });
});
