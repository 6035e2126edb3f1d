import { join } from 'node:path';
import { addDays, type CivilDate } from '../../core/calendar/civil-date.ts';
import { schemaChanges } from '../../core/schema/schema-changes.ts';
import { tableSchema } from '../../core/schema/table-shape.ts';
import type { Deployment } from '../emulated/deployed/deployment.ts';
import { checkoutWith } from './checkout.ts';
import { type Compared, compare, type Sides } from './comparison.ts';
import { type LedgerVersionName, ledgerOf } from './ledger.ts';
import type { LedgerSite } from './ledger-site.ts';
import { openMirror } from './mirror.ts';
import { type Question, questionsOfTable } from './questions.ts';

export interface SchemaChangesOptions {
  readonly deployment: Deployment;
  readonly site: LedgerSite;
  /** Of the deployment: the next ones keep them. */
  readonly settings: Readonly<Record<string, string>>;
  readonly trino: Sides['trino'];
  /** A folder for the checkouts of later versions. */
  readonly place: string;
  readonly today: CivilDate;
}

/** Versions that replace each other. */
const STEPS = [
  ['first', 'later'],
  ['later', 'latest'],
] as const satisfies readonly (readonly [LedgerVersionName, LedgerVersionName])[];

/**
 * Deploys versions of the program with other schemas of the ledger over a lake that earlier ones wrote, and
 * asks for its table after each step: nothing read again, one day of which an entry fails, and all days.
 */
export async function* compareSchemaChanges(options: SchemaChangesOptions): AsyncGenerator<Compared> {
  const { deployment, site, settings, place, today } = options;
  for (const [before, version] of STEPS) {
    const root = checkoutWith(version, join(place, version));
    await deployment.redeploy(settings, root);
    const { code, stderr } = await deployment.rescrape('partitions', 'align', 'ledger');
    if (code !== 0) throw new Error(`partitions align: ${stderr}`);
    const refused = refusedColumns(before, version);
    yield* compareLedger(options, root, version, refused);
    site.failing = ['e2'];
    await scrapeLedger(deployment, today, 0);
    yield* compareLedger(options, root, `${version}, an entry of the last day carried over`, refused);
    site.failing = [];
    await scrapeLedger(deployment, today, 2);
    yield* compareLedger(options, root, `${version}, all read again`, []);
  }
}

/** One run over the last days; `days`: those before today. */
export async function scrapeLedger(deployment: Deployment, today: CivilDate, days: number): Promise<void> {
  const window = { start: addDays(today, -days), end: today };
  const { status, problem } = await deployment.run({ source: 'ledger', ...window, force: false });
  if (status !== 'SUCCEEDED') throw new Error(`ledger: ${status} ${problem}`);
}

const NUMBER = /^(?:int32|int64|double|decimal\(.*\))$/;

/** Columns of which Trino reads no file of before: of another type, other than numbers that got wider. */
function refusedColumns(before: LedgerVersionName, today: LedgerVersionName): string[] {
  const [from, to] = [before, today].map((name) => tableSchema(ledgerOf(name).table).shape);
  return schemaChanges(from!, to!).flatMap((change) => {
    if (change.kind !== 'retyped') return [];
    const isWider = change.values === 'all' && NUMBER.test(change.from) && NUMBER.test(change.to);
    return isWider ? [] : [change.column];
  });
}

/**
 * What the program of a checkout answers to itself, and what Trino does. `refused`: columns that Trino may
 * not read, but must not read as something else.
 */
async function* compareLedger(
  { deployment, trino }: SchemaChangesOptions,
  root: string,
  when: string,
  refused: readonly string[],
): AsyncGenerator<Compared> {
  const mirror = await openMirror(root, await deployment.mirror());
  try {
    const table = (await mirror.tables()).find(({ name }) => name === 'ledger_lines')!;
    const columns = table.columns.filter(({ name }) => !refused.includes(name));
    const questions: Question[] = [
      ...questionsOfTable({ ...table, columns }),
      ...refused.map((name): Question => {
        const sql = `SELECT ${name} FROM ${table.name}`;
        return { name: `table ${table.name}: column ${name}, files of before`, sql, mayRefuse: true };
      }),
    ];
    for (const question of questions) {
      const answer = await compare({ trino, duckdb: mirror.warehouse }, question);
      yield { ...answer, name: `after version ${when}: ${question.name}` };
    }
  } finally {
    await mirror.close();
  }
}
