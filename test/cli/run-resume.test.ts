import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resumedRun } from '../../cli/resumed-run.ts';
import type { ExecutionStatus, Executions } from '../../core/ports/executions.ts';
import { RunStore } from '../../core/state/run-store.ts';
import { NO_FAULTS } from '../../demo/faults.ts';
import type { DemoSite } from '../../demo/site.ts';
import { openLocalPlatform } from '../../runtime/local.ts';
import type { StackPlatform } from '../../runtime/stack.ts';
import { DAY, ONE_DAY, settingsFor, startSmallSite } from '../e2e/support/small-site.ts';
import { testClock } from '../e2e/support/test-time.ts';
import { rescrape, rescrapeItems } from './support/command-line.ts';

let site: DemoSite;
let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rescrape-resume-'));
  site = await startSmallSite({ faults: NO_FAULTS });
  for (const [name, value] of Object.entries(settingsFor(site))) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await site.close();
  rmSync(directory, { recursive: true, force: true });
});

const UNKNOWN = '01890000-0000-7000-8000-000000000000';

interface EndedRun {
  readonly run_id: string;
  readonly window_start: string;
  readonly window_end: string;
}

/** A run of two countries whose site is away; gives its id. */
async function failedRun(): Promise<string> {
  vi.stubEnv('RESCRAPE_RACING_URL', 'http://127.0.0.1:1');
  const { code, stderr } = await rescrape(
    directory,
    'run',
    'racing',
    ...ONE_DAY,
    '--target',
    'gb',
    'ire',
    '--force',
  );
  expect(code, stderr).toBe(1);
  expect(stderr).toContain('cannot reach http://127.0.0.1:1');
  vi.stubEnv('RESCRAPE_RACING_URL', site.url);
  return /run ([0-9a-f-]{36})/.exec(stderr)![1]!;
}

describe('rescrape run --resume', () => {
  it('runs what a run was asked for that failed, and says what became of that one', async () => {
    const failed = await failedRun();
    const { code, stdout, stderr } = await rescrape(directory, 'run', '--resume', failed);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(
      new RegExp(`^run ${failed} of racing, ${DAY} to ${DAY}, ended as failed: Transient: .*cannot reach`),
    );
    expect(stdout).toContain(`racing/gb/${DAY}`);
    expect(stdout).toContain(`racing/ire/${DAY}`);
    expect(stdout).not.toContain(`racing/fr/${DAY}`);
    const runs = (await rescrapeItems(directory, 'query', 'select * from runs')) as EndedRun[];
    expect(runs).toMatchObject([{ source: 'racing', forced: true, status: 'succeeded' }]);
    expect(runs[0]!.run_id).not.toBe(failed);
  });

  it('plans without doing it', async () => {
    const failed = await failedRun();
    const { code, stdout } = await rescrape(directory, 'run', '--resume', failed, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain(`racing: 2 partitions from ${DAY} to ${DAY}`);
    expect(site.requests).toEqual([]);
  });

  it('is one line where no such run is on record', async () => {
    const { code, stdout, stderr } = await rescrape(directory, 'run', '--resume', UNKNOWN);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^rescrape: no run ${UNKNOWN} is on record;[^\n]*\n$`));
    expect(site.requests).toEqual([]);
  });

  it('is refused in a stack while the execution of the run is under way, and goes on once it has ended', async () => {
    const platform = openLocalPlatform({ directory, env: settingsFor(site), clock: testClock });
    let status: ExecutionStatus = { kind: 'running' };
    const executions: Executions = { find: async () => status };
    const stack = { ...platform, executions, resources: {} } as unknown as StackPlatform;
    try {
      const input = {
        runId: platform.newId(),
        source: 'racing',
        start: DAY,
        end: DAY,
        targets: ['gb'],
        force: true,
      };
      await new RunStore(platform.state).begin(input, testClock.now(), 'arn:execution');
      await expect(resumedRun(stack, input.runId)).rejects.toMatchObject({
        name: 'FailedCommand',
        message: expect.stringMatching(/is still under way: .*\(arn:execution\)$/),
      });
      status = { kind: 'ended', as: 'stopped', at: 0, problem: null };
      const { runId, ...asked } = input;
      expect(await resumedRun(stack, runId)).toMatchObject({
        request: asked,
        text: expect.stringContaining(`run ${runId} of racing, ${DAY} to ${DAY}, has not come to its end`),
      });
    } finally {
      await platform.close();
    }
  });

  it.each([[['racing']], [['--target', 'gb']], [['--start', DAY]], [['--force']], [['--state', 'CA']]])(
    'goes with nothing else that says what is asked for: %j',
    async (words) => {
      const { code, stderr } = await rescrape(directory, 'run', ...words, '--resume', UNKNOWN);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^rescrape: --resume takes the whole input of the run that it names;[^\n]*\n$/);
    },
  );
});
