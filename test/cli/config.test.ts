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
