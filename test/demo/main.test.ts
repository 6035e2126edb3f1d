import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';

const MAIN = new URL('../../demo/main.ts', import.meta.url).pathname;
let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

function start(...args: string[]): ChildProcess {
  return startAt(undefined, ...args);
}

/** `now`: what the clock is set to. */
function startAt(now: string | undefined, ...args: string[]): ChildProcess {
  child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, RESCRAPE_NOW: now },
  });
  return child;
}

describe('node demo/main.ts', () => {
  it('prints its address, serves, logs, and ends in order when it is told to', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'demo-'));
    const log = join(folder, 'requests.jsonl');
    const process = start('--json', '--no-faults', '--today', '2026-11-22', '--log', log);
    const [line] = (await once(process.stdout!, 'data')) as [Buffer];
    const { url, today } = JSON.parse(line.toString()) as { url: string; today: string };
    expect(today).toBe('2026-11-22');
    expect((await fetch(`${url}/results/2026-11-22`)).status).toBe(200);
    process.kill('SIGTERM');
    expect((await once(process, 'exit'))[0]).toBe(0);
    expect(JSON.parse(await readFile(log, 'utf8'))).toMatchObject({
      path: '/results/2026-11-22',
      status: 200,
    });
    await rm(folder, { recursive: true });
  });

  it.each([
    ['2026-03-28T23:30:00Z', '2026-03-28'],
    ['2026-03-29T23:30:00Z', '2026-03-30'],
  ])('has the date of London where its clock is set to %s, and dates its log so', async (now, today) => {
    const folder = await mkdtemp(join(tmpdir(), 'demo-'));
    const log = join(folder, 'requests.jsonl');
    const process = startAt(now, '--json', '--no-faults', '--log', log);
    const [line] = (await once(process.stdout!, 'data')) as [Buffer];
    const site = JSON.parse(line.toString()) as { url: string; today: string };
    expect(site.today).toBe(today);
    await fetch(`${site.url}/robots.txt`);
    process.kill('SIGTERM');
    await once(process, 'exit');
    const { at } = JSON.parse(await readFile(log, 'utf8')) as { at: number };
    expect(new Date(at).toISOString().slice(0, 13)).toBe(now.slice(0, 13));
    await rm(folder, { recursive: true });
  });

  it('refuses a clock that is set to no time', async () => {
    const process = startAt('now');
    const complaint = text(process.stderr!);
    expect((await once(process, 'exit'))[0]).toBe(2);
    expect(await complaint).toMatch(/^RESCRAPE_NOW is "now": give an instant [^\n]*\n$/);
  });

  it.each([
    [['--today', '2026-02-30'], '--today wants a date'],
    [['--port', 'many'], '--port wants a whole number from 0 to 65535'],
    [['--field-size', '1e9'], '--field-size wants a whole number from 1 to 100, not "1e9"'],
    [['--page-bytes', '1e12'], '--page-bytes wants a whole number from 0 to 100000000'],
    [['--index-bytes', 'Infinity'], '--index-bytes wants a whole number'],
    [['--races-per-day', '1000'], '--races-per-day wants a number from 0 to 10'],
    [['--latency-ms', '1e7'], '--latency-ms wants a whole number from 0 to 3600000'],
    [['--seed', '0.5'], '--seed wants a whole number'],
    [['--markup', 'modern'], '--markup wants classic, next, mix'],
    [['--sead', '1'], "Unknown option '--sead'"],
  ])('refuses %j with one line and exit code 2', async (args, message) => {
    const process = start(...args);
    const complaint = text(process.stderr!);
    expect((await once(process, 'exit'))[0]).toBe(2);
    expect((await complaint).split('\n')[0]).toContain(message);
  });
});
