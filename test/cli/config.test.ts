import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CONFIG_FILE } from '../../runtime/config-file.ts';
import { rescrape, rescrapeItems } from './support/command-line.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-config-'));
  vi.spyOn(process, 'cwd').mockReturnValue(directory);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

const file = (racing: object) =>
  writeFileSync(join(directory, CONFIG_FILE), JSON.stringify({ sources: { racing } }));
const settings = async () =>
  Object.fromEntries(
    ((await rescrapeItems(directory, 'config')) as { setting: string; value: unknown; from: string }[]).map(
      ({ setting, value, from }) => [setting, [value, from]],
    ),
  );

describe('rescrape config', () => {
  it('tells what holds and where it comes from: the environment over the file, the file over the source', async () => {
    file({ concurrency: 2, min_delay_ms: 100, timeout_ms: 900 });
    vi.stubEnv('RESCRAPE_RACING_CONCURRENCY', '3');
    vi.stubEnv('RESCRAPE_RACING_TIMEOUT_MS', '');
    expect(await settings()).toMatchObject({
      '--local': [directory, 'option'],
      RESCRAPE_RACING_CONCURRENCY: [3, 'environment'],
      RESCRAPE_RACING_MIN_DELAY_MS: [100, CONFIG_FILE],
      RESCRAPE_RACING_TIMEOUT_MS: [900, CONFIG_FILE],
      RESCRAPE_RACING_COOL_DOWN_MINUTES: [45, 'source'],
      RESCRAPE_RACING_ALLOW_PRIVATE: [false, 'source'],
    });
    expect((await rescrape(directory, 'config')).stdout).toMatch(
      /RESCRAPE_RACING_CONCURRENCY +│ 3 +│ environment/,
    );
  });

  it('shows no key that an address has in its query', async () => {
    vi.stubEnv('RESCRAPE_RACING_URL', 'https://racing.example/a?key=hunter2');
    const { stdout } = await rescrape(directory, 'config');
    expect(stdout).toContain('https://racing.example/a?***');
    expect(stdout).not.toContain('hunter2');
  });

  it('shows which proxies there are, and nothing of what they are told', async () => {
    file({ proxies: ['http://ann:hunter2@one.example:3128', 'socks5://two.example:1080'] });
    expect((await settings()).RESCRAPE_RACING_PROXIES).toEqual([
      'one.example:3128 two.example:1080',
      CONFIG_FILE,
    ]);
    writeFileSync(join(directory, CONFIG_FILE), '{"sources": {"racing": {"proxies": hunter2"http://ann');
    const { code, stdout, stderr } = await rescrape(directory, 'config');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^rescrape: rescrape\.config\.json is no JSON: [^\n]+\n$/m);
    expect(stdout + stderr).not.toContain('hunter2');
  });

  it('tells of extractions, of the provider, and never its key', async () => {
    const extract = { catalogs: { batch_size: 20, library: 'pages', input_price: 0.15, output_price: 1.25 } };
    writeFileSync(join(directory, CONFIG_FILE), JSON.stringify({ extract }));
    vi.stubEnv('RESCRAPE_CATALOGS_BATCH_SIZE', '30');
    vi.stubEnv('RESCRAPE_GEMINI_URL', 'http://127.0.0.1:8080/?key=hunter2');
    vi.stubEnv('GEMINI_API_KEY', 'hunter2');
    expect(await settings()).toMatchObject({
      RESCRAPE_CATALOGS_PROVIDER: ['gemini', 'default'],
      RESCRAPE_CATALOGS_PROMPT_VERSION: ['page_ocr/v1.1', 'default'],
      RESCRAPE_CATALOGS_BATCH_SIZE: [30, 'environment'],
      RESCRAPE_CATALOGS_LIBRARY: ['pages', CONFIG_FILE],
      RESCRAPE_CATALOGS_OUTPUT_PRICE: [1.25, CONFIG_FILE],
      RESCRAPE_GEMINI_URL: ['http://127.0.0.1:8080/?***', 'environment'],
      GEMINI_API_KEY: ['***', 'environment'],
    });
    const { stdout, stderr } = await rescrape(directory, 'config');
    expect(stdout + stderr).not.toContain('hunter2');
    vi.stubEnv('GEMINI_API_KEY', '');
    expect((await settings()).GEMINI_API_KEY).toEqual(['', 'default']);
  });

  it.each<[string, string, RegExp]>([
    ['RESCRAPE_CATALOGS_BATCH_SIZE', '0', /^rescrape: RESCRAPE_CATALOGS_BATCH_SIZE is "0": [^\n]+\n$/m],
    ['RESCRAPE_CATALOGS_BATCHES', '1', /there is no setting RESCRAPE_CATALOGS_BATCHES: did you mean/],
    ['RESCRAPE_GEMINI_URL', 'http://a:hunter2@b', /RESCRAPE_GEMINI_URL is an address with user and password/],
  ])('ends with 2 where %s is %j', async (name, value, line) => {
    vi.stubEnv(name, value);
    const { code, stderr } = await rescrape(directory, 'config');
    expect(code).toBe(2);
    expect(stderr).toMatch(line);
    expect(stderr).not.toContain('hunter2');
  });

  it('is what commands work with: a file that is wrong ends each with 2 and one line', async () => {
    file({ concurrency: 0 });
    for (const words of [['config'], ['failures', 'list'], ['run', 'racing', '--dry-run']]) {
      const { code, stderr } = await rescrape(directory, ...words);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^rescrape: rescrape\.config\.json, sources\.racing\.concurrency: [^\n]+\n$/m);
    }
  });

  it.each([[['config']], [['failures', 'list']], [['demo']], [['run', '--dry-run']]])(
    'is not there for a mistyped variable: %j ends with 2',
    async (words) => {
      vi.stubEnv('RESCRAPE_RACING_CONCURENCY', '3');
      const { code, stderr } = await rescrape(directory, ...words);
      expect(code).toBe(2);
      expect(stderr).toContain('did you mean RESCRAPE_RACING_CONCURRENCY?');
      expect((await rescrape(directory, '--help')).code).toBe(0);
    },
  );
});
