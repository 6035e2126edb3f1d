import { join } from 'node:path';
import { addDays, type CivilDate } from '../../core/calendar/civil-date.ts';
import type { Deployment } from '../emulated/deployed/deployment.ts';
import { checkoutWith } from './checkout.ts';
import { type Compared, compare, type Sides } from './comparison.ts';
import type { LedgerVersionName } from './ledger.ts';
import type { LedgerSite } from './ledger-site.ts';
import { openMirror } from './mirror.ts';
import { everyQuestion } from './questions.ts';

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

const CHANGED: readonly LedgerVersionName[] = ['later', 'latest'];

/**
 * Deploys versions of the program with other schemas of the ledger over a lake that earlier ones wrote, and
 * asks for its table after each step: nothing read again, one day of which an entry fails, and all days.
 */
export async function* compareSchemaChanges(options: SchemaChangesOptions): AsyncGenerator<Compared> {
  const { deployment, site, settings, place, today } = options;
  for (const version of CHANGED) {
    const root = checkoutWith(version, join(place, version));
    await deployment.redeploy(settings, root);
    yield* compareLedger(options, root, `ledger, ${version}`);
    site.failing = ['e2'];
    await scrapeLedger(deployment, today, 0);
    yield* compareLedger(options, root, `ledger, ${version}, an entry of the last day carried over`);
    site.failing = [];
    await scrapeLedger(deployment, today, 2);
    yield* compareLedger(options, root, `ledger, ${version}, all read again`);
  }
}

/** One run over the last days; `days`: those before today. */
export async function scrapeLedger(deployment: Deployment, today: CivilDate, days: number): Promise<void> {
  const window = { start: addDays(today, -days), end: today };
  const { status, problem } = await deployment.run({ source: 'ledger', ...window, force: false });
  if (status !== 'SUCCEEDED') throw new Error(`ledger: ${status} ${problem}`);
}

/** What the program of a checkout answers to itself, and what Trino does. */
async function* compareLedger(
  { deployment, trino }: SchemaChangesOptions,
  root: string,
  when: string,
): AsyncGenerator<Compared> {
  const mirror = await openMirror(root, await deployment.mirror());
  try {
    const questions = everyQuestion(mirror.sources, await mirror.tables());
    for (const question of questions.filter(({ name }) => name.includes('ledger'))) {
      const answer = await compare({ trino, duckdb: mirror.warehouse }, question);
      yield { ...answer, name: `${when}: ${question.name}` };
    }
  } finally {
    await mirror.close();
  }
}
