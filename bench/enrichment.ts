import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { printTable } from '../cli/print.ts';
import { measureCommand } from './command-line.ts';
import { fileOf, KINDS, type Kind, writeRecords } from './enrichment-records.ts';
import { pythonOf } from './python.ts';
import type { Usage } from './usage.ts';
import { median, type Target, verdict } from './verdict.ts';

const FEW = 10_000;
const MANY = 100_000;
const ROUNDS = 3;
/** Records of a kind in which both have to agree. */
const COMPARED = 1000;
const NOW = '2026-01-15T12:00:00Z';

const MIN_PER_SECOND = 5000;
const MAX_GROWTH = 1.2;

interface Stored {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
}

/**
 * Mixed records from JSON Lines to stored entities, by the command line: `enrich push` for each kind, then
 * `worker --once`. Beside it the straightforward worker in Python (`enrichment-peer.py`). False where a
 * target is missed.
 */
export async function measureEnrichment(): Promise<boolean> {
  const root = mkdtempSync(join(tmpdir(), 'rescrape-bench-'));
  try {
    console.log(`enrichment: ${FEW} and ${MANY} mixed records, ${ROUNDS} rounds`);
    for (const records of [FEW, MANY]) {
      mkdirSync(join(root, String(records)));
      await writeRecords(join(root, String(records)), records);
    }
    const python = pythonOf();
    if (python === undefined) console.log('skipped: the worker in Python, because Python 3 is not there');
    else await agree(python, root);
    const [few, many, peer]: [Stored[], Stored[], Stored[]] = [[], [], []];
    for (let round = 1; round <= ROUNDS; round++) {
      few.push(await store(root, FEW, join(root, `few-${round}`)));
      many.push(await store(root, MANY, join(root, `many-${round}`)));
      if (python !== undefined) peer.push(storeWith(python, root, join(root, `peer-${round}.sqlite`)));
    }
    printTable(
      [{ name: 'contender' }, ...FIGURES.map((name) => ({ name, alignment: 'right' as const }))],
      [
        { contender: `Rescrape, ${FEW} records`, ...figures(few, FEW) },
        { contender: `Rescrape, ${MANY} records`, ...figures(many, MANY) },
        ...(peer.length > 0 ? [{ contender: `Python, ${MANY} records`, ...figures(peer, MANY) }] : []),
      ],
    );
    return verdict('enrichment', targetsOf(few, many, peer));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const FIGURES = ['a second', 'a CPU-second', 'peak MB'] as const;

const medianOf = (rounds: readonly Stored[], figure: keyof Stored) =>
  median(rounds.map((round) => round[figure]));
const perSecond = (rounds: readonly Stored[], records: number) =>
  (records * 1000) / medianOf(rounds, 'wallMs');

function figures(rounds: readonly Stored[], records: number) {
  return {
    'a second': perSecond(rounds, records).toFixed(0),
    'a CPU-second': ((records * 1000) / medianOf(rounds, 'cpuMs')).toFixed(0),
    'peak MB': (medianOf(rounds, 'peakBytes') / 1e6).toFixed(0),
  };
}

function targetsOf(few: readonly Stored[], many: readonly Stored[], peer: readonly Stored[]): Target[] {
  const rate = perSecond(many, MANY);
  const growth = medianOf(many, 'peakBytes') / medianOf(few, 'peakBytes');
  const beside =
    peer.length === 0 ? '' : `, ${(rate / perSecond(peer, MANY)).toFixed(2)} times as fast as Python`;
  return [
    {
      claim: `at least ${MIN_PER_SECOND} records a second from JSON Lines to stored entities`,
      holds: rate >= MIN_PER_SECOND,
      measured: `${rate.toFixed(0)}${beside}`,
    },
    {
      claim: `${MANY} records within ${Math.round((MAX_GROWTH - 1) * 100)} % of the memory of ${FEW}`,
      holds: growth <= MAX_GROWTH,
      measured: `${((growth - 1) * 100).toFixed(0)} %`,
    },
  ];
}

/** Pushes all files and works the queues, in processes of their own. Throws unless every record is stored. */
async function store(root: string, records: number, directory: string): Promise<Stored> {
  const place = ['--local', directory];
  const commands = [
    ...KINDS.map((kind) => ['enrich', 'push', '--kind', kind, fileOf(join(root, String(records)), kind)]),
    ['worker', '--once', '--only', 'enrichment'],
  ];
  const usages: (Usage & { readonly wallMs: number })[] = [];
  for (const command of commands) {
    const { usage, wallMs } = await measureCommand([...command, ...place]);
    usages.push({ ...usage, wallMs });
  }
  const { stdout } = await measureCommand(['enrich', 'stats', '--json', ...place]);
  const { persister } = JSON.parse(stdout) as {
    readonly persister: { readonly by_type: Readonly<Record<Kind, { readonly inserted: number }>> };
  };
  const inserted = KINDS.reduce((sum, kind) => sum + persister.by_type[kind].inserted, 0);
  if (inserted !== records) throw new Error(`${inserted} of ${records} records were stored`);
  return {
    wallMs: usages.reduce((sum, usage) => sum + usage.wallMs, 0),
    cpuMs: usages.reduce((sum, usage) => sum + usage.cpuMs, 0),
    peakBytes: Math.max(...usages.map(({ peakBytes }) => peakBytes)),
  };
}

const PEER = fileURLToPath(new URL('enrichment-peer.py', import.meta.url));

function storeWith(python: string, root: string, database: string): Stored {
  const startedAt = performance.now();
  const answer = JSON.parse(printedByPython(python, ['store', join(root, String(MANY)), database]));
  const { stored, ...usage } = answer as Stored & { readonly stored: number };
  if (stored !== MANY) throw new Error(`the worker in Python stored ${stored} of ${MANY} records`);
  return { ...usage, wallMs: performance.now() - startedAt };
}

/** Throws where the two derive different fields: they would not do the same work. */
async function agree(python: string, root: string): Promise<void> {
  const folder = join(root, 'compared');
  mkdirSync(folder);
  for (const kind of KINDS) {
    const lines = readFileSync(fileOf(join(root, String(FEW)), kind), 'utf8')
      .trim()
      .split('\n', COMPARED);
    const path = fileOf(folder, kind);
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    const { stdout } = await measureCommand(['enrich', '--kind', kind, '--now', NOW, path]);
    const ours = linesOf(stdout) as { readonly derived_fields: unknown }[];
    const theirs = linesOf(printedByPython(python, ['derive', kind, NOW, path]));
    if (ours.length !== theirs.length) throw new Error(`${kind}: ${ours.length} lines and ${theirs.length}`);
    for (const [at, { derived_fields: fields }] of ours.entries())
      if (!isDeepStrictEqual(fields, theirs[at]))
        throw new Error(
          `${kind}, line ${at + 1}: ${JSON.stringify(fields)}, in Python ${JSON.stringify(theirs[at])}`,
        );
  }
}

function linesOf(text: string): unknown[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

function printedByPython(python: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, [PEER, ...args], {
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  if (status !== 0) throw new Error(`the worker in Python ended with ${status}\n${stderr}`);
  return stdout;
}

if (import.meta.main && !(await measureEnrichment())) process.exitCode = 1;
