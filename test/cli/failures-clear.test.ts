import { describe, expect, it } from 'vitest';
import { operator } from '../../cli/operator.ts';
import { testClock } from '../e2e/support/test-time.ts';
import { FailuresDirectory } from './support/failures.ts';

describe('failures clear', () => {
  const directory = FailuresDirectory.forEachTest();
  const states = async () =>
    Object.fromEntries((await directory.all()).map(({ item, state }) => [item, state]));

  it('changes nothing with --dry-run, and gives the command that does it', async () => {
    await directory.add({ item: '1', state: 'queued' }, { item: '2', state: 'recovered' });
    const { stdout, code } = await directory.say(
      ...['clear', '--code', 'timeout', '--state', 'all', '--dry-run'],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/\/1 .* 4 TIMEOUT .* dismissed \|?/);
    expect(stdout).toMatch(/\/2 .* forgotten/);
    expect(stdout).toContain(
      'would dismiss 1 failure and forget 1 failure; their counts (4 tries) would go.',
    );
    const command = stdout.trimEnd().split('\n').at(-1)!.trim();
    expect(command).toBe(
      `this does it: rescrape failures clear --code timeout --state all --confirm --local ${directory.path}`,
    );
    expect(await states()).toEqual({ 1: 'queued', 2: 'recovered' });
  });

  it('dismisses with --confirm under the name of who typed it, and a second time finds nothing', async () => {
    await directory.add({ item: '1', state: 'queued' }, { item: '2', state: 'dead' });
    await directory.add({ item: '3', state: 'recovered' }, { item: '4', target: 'fr' });
    const { stdout } = await directory.say('clear', '--target', 'gb', '--confirm');
    expect(stdout).toContain('dismissed 2 failures; their counts (8 tries) are gone');
    expect(stdout).toContain('1 dead letter of them stays and does nothing any more');
    expect(await directory.all()).toMatchObject([
      { item: '4', state: 'open' },
      { item: '1', state: 'dismissed', closedBy: operator(), attempts: 0 },
      { item: '2', state: 'dismissed', closedBy: operator() },
      { item: '3', state: 'recovered' },
    ]);
    expect(await directory.say('clear', '--target', 'gb', '--confirm')).toEqual({
      code: 0,
      stdout: 'no unresolved failures that match: there is nothing to clear\n',
      stderr: '',
    });
  });

  it('forgets closed ones where their state is named', async () => {
    await directory.add({ item: '1' }, { item: '2', state: 'recovered' }, { item: '3', state: 'dismissed' });
    expect(await directory.json('clear', '--state', 'dismissed', '--confirm')).toMatchObject({
      ...{ dry_run: false, dismissed: [], forgotten: [{ item_id: '3' }], busy: [], changed: [] },
    });
    expect(await states()).toEqual({ 1: 'open', 2: 'recovered' });
    await directory.say('clear', '--state', 'all', '--confirm');
    expect(await states()).toEqual({ 1: 'dismissed' });
    await directory.say('clear', '--state', 'all', '--confirm');
    expect(await states()).toEqual({});
  });

  it('leaves out what is being tried, and says so', async () => {
    await directory.add(
      { item: '1', state: 'queued', claimedUntil: testClock.now() + 600_000 },
      { item: '2' },
    );
    const { stdout } = await directory.say('clear', '--confirm');
    expect(stdout).toMatch(/left out: racing\/gb\/2026-11-20\/1 is being tried until \S+Z\n/);
    expect(await states()).toEqual({ 1: 'queued', 2: 'dismissed' });
    expect(await directory.json('clear')).toMatchObject({
      dry_run: true,
      dismissed: [],
      busy: [{ item_id: '1' }],
    });
  });

  it('lets an item that fails again begin anew, its counts at zero', async () => {
    await directory.add({ item: '1', state: 'queued' });
    await directory.say('clear', '--confirm');
    await directory.add({
      item: '1',
      runId: 'run-9',
      code: 'SERVER_ERROR',
      failedAt: testClock.now() + 1000,
    });
    expect(await directory.items('list')).toMatchObject([
      { state: 'open', runs: 1, attempts: 4, counts: { SERVER_ERROR: 4 }, first_run_id: 'run-9' },
    ]);
  });
});
