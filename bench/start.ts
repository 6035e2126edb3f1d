import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printTable } from '../cli/print.ts';
import { importTimes } from './cold-start.ts';
import { measureCommand } from './command-line.ts';
import { median, type Target, verdict } from './verdict.ts';
import { ASKED_AT, writeYearLake } from './year-lake.ts';

const ROUNDS = 5;

/** Milliseconds of CPU of a command from its start to its exit, or of an import. */
const MOST = { help: 250, read: 500, run: 250, import: 80 } as const;

const DAY = 'racing/gb/2025-06-15';

/** Commands that read, as they are asked of a lake. */
const READ: readonly (readonly string[])[] = [
  ['completeness', 'racing'],
  ['completeness'],
  ['completeness', 'racing', '--lake'],
  ['why', DAY],
  ['partitions', 'list', 'racing'],
  ['partitions', 'show', DAY],
  ['partitions', 'history', DAY],
  ['schema', 'diff', 'racing'],
  ['failures', 'list'],
  ['failures', 'summary'],
  ['failures', 'by-error'],
  ['failures', 'by-target'],
  ['dead-letters', 'list'],
  ['attempts'],
  ['attempts', '--since', '2025-10-25'],
  ['attempts', '--code', 'RATE_LIMITED'],
  ['blocks'],
  ['errors'],
  ['reports', 'daily'],
  ['reports', 'weekly'],
  ['reports', 'success-rate'],
  ['retry-list', 'racing'],
  ['skip', 'list'],
  ['targets', 'list', 'schedules'],
  ['entities', 'count'],
  ['parked', 'list'],
  ['enrich', 'stats'],
  ['batches', 'list'],
  ['health'],
  ['query', 'SELECT count(*) FROM racing_results'],
  ['query', 'SELECT country, date, count(*) AS runners FROM racing_results GROUP BY ALL ORDER BY ALL'],
  ['query', "SELECT * FROM racing_results WHERE date = '2025-06-15'"],
  ['query', 'SHOW TABLES'],
  ['views'],
  ['config'],
];

/** What statements do with the values of all files is theirs, and nobody's to bound: held against nothing. */
const STATEMENTS: readonly (readonly string[])[] = [
  ['query', 'SELECT count(DISTINCT horse_id) FROM racing_results'],
];

/**
 * What it takes to start: the CPU of the help, of each command that reads a year's lake, of a run before its
 * first request, and the import of each function's bundle. False where a target is missed.
 */
async function measureStarts(): Promise<boolean> {
  const root = mkdtempSync(join(tmpdir(), 'rescrape-start-'));
  try {
    const lake = join(root, 'year');
    await writeYearLake(lake);
    const commands = [['--help'], ['run', 'racing', '--dry-run'], ...READ, ...STATEMENTS];
    const measured = await cpuOf(lake, commands);
    const [help, run, ...reads] = measured.slice(0, -STATEMENTS.length);
    const imports = (await importTimes()).filter(({ name }) => name !== 'hello');
    printTable(
      [{ name: 'command' }, { name: 'ms', title: 'CPU ms', alignment: 'right' }],
      measured.map(({ name, ms }) => ({ command: `rescrape ${name}`, ms: ms.toFixed(0) })),
    );
    return verdict('start', [
      within('--help', MOST.help, [help!]),
      within('a run up to its first request', MOST.run, [run!]),
      within("every command that reads a year's lake", MOST.read, reads),
      within("every function's import", MOST.import, imports),
    ]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

interface Measured {
  readonly name: string;
  readonly ms: number;
}

/** In turns, after a round that fills the compile cache. */
async function cpuOf(lake: string, commands: readonly (readonly string[])[]): Promise<Measured[]> {
  const times = commands.map((words) => ({ words, ms: [] as number[] }));
  for (let round = 0; round <= ROUNDS; round++)
    for (const { words, ms } of times) {
      const { usage } = await measureCommand([...words, '--local', lake], { RESCRAPE_NOW: ASKED_AT });
      if (round > 0) ms.push(usage.cpuMs);
    }
  return times.map(({ words, ms }) => ({ name: words.join(' '), ms: median(ms) }));
}

function within(what: string, most: number, measured: readonly Measured[]): Target {
  const slowest = measured.reduce((a, b) => (b.ms > a.ms ? b : a));
  const over = measured.filter(({ ms }) => ms > most).length;
  const others = over > 1 ? `, and ${over - 1} more over it` : '';
  return {
    claim: `${what}: ${most} ms of CPU at most`,
    holds: over === 0,
    measured: `${slowest.ms.toFixed(0)} ms (${slowest.name})${others}`,
  };
}

if (import.meta.main && !(await measureStarts())) process.exitCode = 1;
