import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDays } from '../../../core/calendar/civil-date.ts';
import { scheduledRunId } from '../../../core/calendar/run-id.ts';
import { isUnresolved } from '../../../core/failures/failure.ts';
import { FailureStore, keyOf } from '../../../core/failures/failure-store.ts';
import { encodeFailedItem } from '../../../core/failures/message.ts';
import { MAX_RETRIES } from '../../../core/failures/retry-policy.ts';
import { RunStore } from '../../../core/state/run-store.ts';
import { type FaultPlan, type FaultRule, NO_FAULTS } from '../../../demo/faults.ts';
import type { DemoSite } from '../../../demo/site.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { runLocally } from '../../../runtime/local-run.ts';
import { ImpatientClock } from '../../e2e/support/impatient-clock.ts';
import { pictureOf } from '../../e2e/support/lake-picture.ts';
import { logRows } from '../../e2e/support/lake-reading.ts';
import { DAY, settingsFor, startSmallSite } from '../../e2e/support/small-site.ts';
import { TODAY } from '../../e2e/support/test-time.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { Deployment } from './deployment.ts';
import { type LinkFault, startFaultyLink } from './faulty-link.ts';

const WINDOW = { source: 'racing', start: DAY, end: addDays(DAY, 1), force: false };
const TARGETS = ['fr', 'gb', 'ire'];
const DATES = [WINDOW.start, WINDOW.end];
/** The second race of Great Britain is provisional while this plan holds, and settled under any other. */
const PROVISIONAL: FaultPlan['settlesLate'] = [{ country: 'gb', date: DAY, race: 1, days: 3 }];

/** What a country's nth race answers, to every request or to the first so many. */
function answers(country: 'gb' | 'ire', race: number, status: number, times?: number): FaultRule {
  return {
    where: { country, date: DAY, race },
    fault: { kind: 'status', status },
    ...(times !== undefined && { times }),
  };
}

const link = await startFaultyLink();
// AUTH: every request is held against the policies of the role that sends it. The address is what functions
// get.
const emulator = await startEmulator({ env: { AUTH: 'true', AWS_ENDPOINT_URL: link.url } });
if (emulator) link.target = emulator.endpoint;
else await link.close();

describe.skipIf(!emulator)('the deployed app', () => {
  if (!emulator) return;
  let site: DemoSite;
  let deployment: Deployment;
  let local: LocalPlatform;
  let first: Awaited<ReturnType<typeof runBoth>>;
  const directory = mkdtempSync(join(tmpdir(), 'rescrape-local-'));

  beforeAll(async () => {
    site = await startSmallSite();
    const settings = settingsFor(site);
    local = openLocalPlatform({ directory, env: settings, clock: new ImpatientClock() });
    deployment = await Deployment.start(emulator, settings);
    first = await runBoth({ ...NO_FAULTS, settlesLate: PROVISIONAL });
  });
  afterAll(async () => {
    deployment?.close();
    await local?.close();
    await site?.close();
    await emulator.stop();
    await link.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /**
   * One run there and one on this machine, each meeting the same faults: what they left, and how the first
   * one ended.
   */
  async function runBoth(faults: FaultPlan) {
    site.setFaults(faults);
    const execution = await deployment.run(WINDOW);
    site.setFaults(faults);
    const end = await runLocally(local, WINDOW);
    if (end.kind !== 'finished') throw new Error(`the local run ended ${end.kind}`);
    const mirror = { directory: await deployment.mirror(), state: deployment.state };
    return {
      execution,
      deployed: await pictureOf(mirror, execution.runId),
      local: await pictureOf(local, end.runId),
    };
  }

  /** Error codes of the attempts at a country's nth race, in their order. */
  function codesOf({ deployed }: typeof first, country: 'gb' | 'ire', nth: number): unknown[] {
    const { raceId } = site.truth(country, DAY)[nth]!;
    const attempts = deployed.attempts as { item_id: string; attempt_number: number; error_code: string }[];
    return attempts
      .filter(({ item_id }) => item_id === raceId)
      .sort((a, b) => a.attempt_number - b.attempt_number)
      .map(({ error_code }) => error_code);
  }

  it('leaves what a local run over the same site leaves: partitions, rows, attempts, commits, exports, state', () => {
    expect(first.execution.status).toBe('SUCCEEDED');
    expect(first.deployed).toEqual(first.local);
    let races = 0;
    for (const date of DATES) {
      for (const target of TARGETS) {
        const truth = site.truth(target as 'gb', date);
        const rows = truth.flatMap(({ runners }) => runners);
        races += truth.length;
        expect(first.deployed.partitions[`country=${target}/date=${date}`]).toHaveLength(rows.length);
      }
    }
    expect(first.deployed.run).toMatchObject({ status: 'succeeded', committed: 6, items_found: races });
  });

  it('registers every partition in Glue, at the place of its manifest', async () => {
    const bucket = deployment.outputs.Bucket;
    const expected = TARGETS.flatMap((target) =>
      DATES.map((date) => ({
        values: [target, date],
        location: `s3://${bucket}/tables/racing_results/country=${target}/date=${date}/`,
      })),
    );
    expect(await deployment.partitions('racing_results')).toEqual(expected);
  });

  it('recovers from two 406 through the state machine, brings home what settled, and queues what stays broken', async () => {
    const pictures = await runBoth({
      ...NO_FAULTS,
      rules: [answers('gb', 0, 406, 2), answers('ire', 0, 500)],
    });
    expect(pictures.execution.status).toBe('SUCCEEDED');
    const failures = await deployment.stageErrors(pictures.execution);
    expect(pictures.deployed).toEqual(pictures.local);
    expect(codesOf(pictures, 'gb', 0)).toEqual(['RATE_LIMITED', 'RATE_LIMITED', 'NOT_MODIFIED']);
    expect(codesOf(pictures, 'gb', 1)).toEqual(['SUCCESS']);
    expect(codesOf(pictures, 'ire', 0)).toEqual(Array(4).fill('SERVER_ERROR'));
    expect(pictures.deployed.run).toMatchObject({ committed: 1, unchanged: 5, items_failed: 1 });
    expect(failures.filter(({ error }) => error === 'RateLimited')).toHaveLength(2);
    expect(await deployment.queued('FailedItemsQueueUrl')).toBe(1);
  });

  it('comes to the same where S3 answers 503 and 412 and a publish is killed after its commit', async () => {
    const dataFaults = Array.from(
      { length: 3 },
      (): LinkFault => ({ kind: 'refuse', status: 503, code: 'SlowDown' }),
    );
    const manifestFaults: LinkFault[] = [
      { kind: 'refuse', status: 412, code: 'PreconditionFailed' },
      { kind: 'kill-after' },
    ];
    link.fault = ({ method, path }) => {
      if (method !== 'PUT') return undefined;
      if (path.includes('/data/')) return dataFaults.shift();
      return path.includes('/tables/') ? manifestFaults.shift() : undefined;
    };
    const pictures = await runBoth({ ...NO_FAULTS, settlesLate: PROVISIONAL });
    link.fault = () => undefined;
    const failures = await deployment.stageErrors(pictures.execution);
    expect([dataFaults, manifestFaults]).toEqual([[], []]);
    expect(failures.map(({ error }) => error)).toEqual(['Runtime.ExitError']);
    expect(pictures.deployed).toEqual(pictures.local);
    expect(pictures.deployed.run).toMatchObject({ status: 'succeeded', committed: 1, unchanged: 5 });
  });

  it('writes no new version where nothing has changed', async () => {
    await runBoth(NO_FAULTS);
    const before = await deployment.visible();
    const pictures = await runBoth(NO_FAULTS);
    expect(pictures.deployed).toEqual(pictures.local);
    expect(pictures.deployed.run).toMatchObject({ unchanged: 6, committed: 0 });
    expect(await deployment.visible()).toEqual(before);
    expect(before.length).toBeGreaterThan(18);
  });

  it('loses nothing where it is denied access to the manifests, and makes up for it in the next run', async () => {
    const before = await deployment.visible();
    const allow = await deployment.denyWriting('tables/');
    site.setFaults({ ...NO_FAULTS, settlesLate: PROVISIONAL });
    const denied = await deployment.run(WINDOW);
    await allow();
    expect(denied.status).toBe('SUCCEEDED');
    const run = (
      await pictureOf({ directory: await deployment.mirror(), state: deployment.state }, denied.runId)
    ).run;
    expect(run).toMatchObject({ status: 'incomplete', failed: 1, unchanged: 5 });
    const after = await deployment.visible();
    expect(after.filter(([key]) => key.startsWith('tables/'))).toEqual(
      before.filter(([key]) => key.startsWith('tables/')),
    );
    const healed = await runBoth({ ...NO_FAULTS, settlesLate: PROVISIONAL });
    expect(healed.deployed.partitions).toEqual(healed.local.partitions);
  });

  it('makes one run of a schedule that fires twice, over the week that was due, like a local run of that week', async () => {
    site.setFaults(NO_FAULTS);
    const due = `${TODAY}T01:30:00Z`;
    const fired = { source: 'racing', scheduledTime: due, executionName: 'fired' };
    const ends = [await deployment.start(fired), await deployment.start(fired)];
    expect(ends.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    const runId = scheduledRunId('racing', Date.parse(due));
    const mirror = { directory: await deployment.mirror(), state: deployment.state };
    const runs = await logRows(mirror.directory, 'runs');
    expect(runs.filter(({ run_id }) => run_id === runId)).toHaveLength(1);
    const end = await runLocally(local, { ...WINDOW, start: addDays(TODAY, -6), end: TODAY });
    const [deployed, here] = [await pictureOf(mirror, runId), await pictureOf(local, end.runId)];
    expect(deployed.partitions).toEqual(here.partitions);
    expect(deployed.run).toMatchObject({ partitions: 21, failed: 0 });
  });

  it('makes one run also where both executions of a schedule are under way at once', async () => {
    const due = `${addDays(TODAY, -1)}T01:30:00Z`;
    const fired = { source: 'racing', scheduledTime: due, executionName: 'fired' };
    const before = site.requests.length;
    const ends = await Promise.all([deployment.start(fired), deployment.start(fired)]);
    expect(ends.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    const twice = site.requests.length - before;
    const once = await deployment.run({ ...WINDOW, start: addDays(TODAY, -7), end: addDays(TODAY, -1) });
    expect(once.status).toBe('SUCCEEDED');
    expect(twice).toBe(site.requests.length - before - twice);
  });

  const recordOf = (runId: string) => new RunStore(deployment.state).get('racing', runId);

  it('ends a run whose plan fails, and gives its input to a new one', async () => {
    const allow = await deployment.denyWriting('work/');
    const failed = await deployment.run({ ...WINDOW, targets: ['gb'] });
    await allow();
    expect(failed.status).toBe('FAILED');
    expect(await recordOf(failed.runId)).toMatchObject({
      ...{ status: 'failed', execution: failed.executionArn },
      message: expect.stringMatching(/^StorageError: s3:PutObject .*work\//),
    });
    const resumed = await deployment.rescrape('run', '--resume', failed.runId);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain(
      `run ${failed.runId} of racing, ${WINDOW.start} to ${WINDOW.end}, ended`,
    );
    expect(resumed.stdout).toMatch(/racing\/gb\/\S+ │.*unchanged/);
    const unknown = await deployment.rescrape('run', '--resume', uuidv7());
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/^rescrape: no run \S+ is on record;/m);
  });

  it('ends a run whose execution was stopped with the next run of its source', async () => {
    const { runId } = await deployment.stopped(WINDOW);
    expect(await recordOf(runId)).toMatchObject({ status: 'running' });
    const next = await deployment.run(WINDOW);
    expect(next.status).toBe('SUCCEEDED');
    expect(await recordOf(runId)).toMatchObject({
      ...{ status: 'abandoned', message: 'its execution was stopped' },
    });
  });

  it('fails where every partition broke, and so does the command that follows it', async () => {
    const allow = await deployment.denyWriting('tables/');
    site.setFaults({ ...NO_FAULTS, settlesLate: PROVISIONAL });
    const day = ['--start', DAY, '--end', DAY, '--target', 'gb'];
    const run = await deployment.rescrape('run', 'racing', ...day);
    const broken = await deployment.run({ ...WINDOW, start: DAY, end: DAY, targets: ['gb'] });
    await allow();
    site.setFaults(NO_FAULTS);
    expect(broken.status).toBe('FAILED');
    expect(broken.problem).toMatch(/^EveryPartitionBroke: /);
    expect(await recordOf(broken.runId)).toMatchObject({ status: 'failed' });
    expect(run.code, run.stderr).toBe(1);
    expect(run.stderr).toMatch(
      new RegExp(`racing/gb/${DAY} could not be refreshed: StorageError: s3:PutObject`),
    );
    expect(run.stdout).toMatch(new RegExp(`racing/gb/${DAY} │.*failed`));
  });

  it('is run, followed and asked from the command line', async () => {
    site.setFaults(NO_FAULTS);
    const window = ['--start', WINDOW.start, '--end', WINDOW.end];
    const run = await deployment.rescrape('run', 'racing', ...window, '--target', 'gb');
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain(`racing/gb/${DAY} unchanged`);
    expect(run.stdout).toMatch(/racing\/gb\/\S+ │.*unchanged/);
    const asked = await deployment.rescrape('--json', 'completeness', 'racing', ...window);
    expect(asked.code, asked.stderr).toBe(0);
    // Whole, and doubted: the site has fewer races a day than the source expects.
    expect(JSON.parse(asked.stdout).items).toMatchObject([
      { source: 'racing', verdict: 'suspicious', reasons: [{ status: 'suspicious' }] },
    ]);
    const why = await deployment.rescrape('why', `racing/gb/${DAY}`);
    expect(why.stdout).toContain('found nothing changed');
    const history = await deployment.rescrape('--json', 'partitions', 'history', `racing/gb/${DAY}`);
    expect(JSON.parse(history.stdout).items.length).toBeGreaterThan(0);
  });

  it('heals from the command line, and tries again by itself what was put back from the dead letters', async () => {
    site.setFaults({ ...NO_FAULTS, rules: [answers('gb', 0, 500)] });
    const { runId } = await deployment.run({ ...WINDOW, targets: ['gb'] });
    const name = `racing/gb/${DAY}/${site.truth('gb', DAY)[0]!.raceId}`;
    expect(await askedItems('failures', 'list')).toMatchObject([
      { state: 'queued', last_run_id: runId, attempts: 4 },
    ]);

    const failed = await deployment.rescrape('retry', '--run', runId);
    expect(failed.code, failed.stderr).toBe(3);
    expect(failed.stderr).toContain(`${name} failed again: SERVER_ERROR`);

    // The third try of the function, without the cool-down before it.
    const store = new FailureStore(deployment.state);
    const key = keyOf((await Array.fromAsync(store.list('racing'))).find(isUnresolved)!);
    await store.change(key, (before) => ({
      ...before!,
      retry: { ...before!.retry!, tries: MAX_RETRIES - 1, dueAt: 0 },
    }));
    await deployment.sendFailedItem(encodeFailedItem(key));
    await expect
      .poll(() => askedItems('dead-letters', 'list'), { timeout: 120_000 })
      .toMatchObject([{ item: name, error_code: 'SERVER_ERROR', status: 'dead' }]);
    // The alarm is raised once the failure is dead.
    await expect
      .poll(() => askedItems('dead-letters', 'show', name), { timeout: 120_000 })
      .toMatchObject([{ bodies: [expect.any(String)] }]);

    site.setFaults(NO_FAULTS);
    expect(await deployment.asked('dead-letters', 'redrive', '--code', 'SERVER_ERROR')).toMatchObject({
      queue: expect.stringContaining('failed-items'),
      redriven: [{ item: name }],
      left: [],
    });
    await expect.poll(() => askedItems('failures', 'list'), { timeout: 120_000 }).toEqual([]);
    expect(await askedItems('dead-letters', 'list')).toEqual([]);
    const why = await deployment.rescrape('why', name);
    expect(why.stdout).toMatch(/recovered/);
    const here = await runLocally(local, { ...WINDOW, targets: ['gb'] });
    const mirror = { directory: await deployment.mirror(), state: deployment.state };
    const gb = `country=gb/date=${DAY}`;
    expect((await pictureOf(mirror, runId)).partitions[gb]).toEqual(
      (await pictureOf(local, here.runId)).partitions[gb],
    );
  });

  async function askedItems(...words: string[]): Promise<unknown> {
    return (await deployment.asked<{ items: unknown }>(...words)).items;
  }

  it('refuses an input that does not fit under the name of its error, with the path', async () => {
    const end = await deployment.start({ source: 'racing', start: 'yesterday' });
    expect(end.status).toBe('FAILED');
    expect(end.problem).toMatch(/^BadInput: .*start/);
  });

  it('moves a message that is no failed item to the dead letters, through the real event source', async () => {
    await deployment.sendFailedItem('no JSON');
    await expect.poll(() => deployment.queued('FailedItemsDlqUrl'), { timeout: 120_000 }).toBe(1);
  });
});
