import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../adapters/local/system-clock.ts';
import { Deployment } from '../emulated/deployed/deployment.ts';
import { startEmulator } from '../emulator/emulator.ts';
import { installEmulator } from '../emulator/install.ts';
import { checkoutWith } from './checkout.ts';
import { type Compared, compare } from './comparison.ts';
import { DEMO_NAMES, type DemoName, type PlayedSource, startDemos, todayOf } from './demos.ts';
import { startGlueInFront } from './glue-in-front.ts';
import { installTrino } from './install.ts';
import { findJava } from './java.ts';
import { startLedgerSite } from './ledger-site.ts';
import { openMirror } from './mirror.ts';
import { everyQuestion } from './questions.ts';
import { compareSchemaChanges, scrapeLedger } from './schema-changes.ts';
import { startTrino } from './trino-server.ts';

/**
 * `npm run test:trino`: deploys the app on the emulator as `npm run test:emulated` does, scrapes the demos,
 * and asks Trino, of which Athena's engine is one, everything that `rescrape query` can be asked. Arguments
 * are names of demos, where not all are to be scraped.
 */

const SKIPPED = 'the comparison with Trino is skipped';
const began = systemClock.now();
const undo: (() => Promise<void> | void)[] = [];

let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    isInterrupted = true;
    cleanUp().finally(() => process.exit(130));
  });
try {
  process.exitCode = await compareAll();
} catch (error) {
  // What is under way then fails because it is taken down.
  if (!isInterrupted) throw error;
} finally {
  await cleanUp();
}

/** Ends everything that was started, the last first. */
async function cleanUp(): Promise<void> {
  for (const one of undo.splice(0).reverse()) await one();
}

/** The exit code. */
async function compareAll(): Promise<number> {
  const names = process.argv.slice(2).filter(isDemo);
  if (names.length < process.argv.length - 2) return refuse();
  const java = await findJava();
  if (java.kind === 'missing') return skip(java.why);
  const emulated = await installEmulator();
  if (emulated.kind === 'missing') return skip(emulated.why);
  const installed = await installTrino();
  if (installed.kind === 'missing') return skip(installed.why);

  const emulator = (await startEmulator({ env: { AUTH: 'true' } }))!;
  undo.push(() => emulator.stop());
  const glue = await startGlueInFront(emulator.endpoint);
  undo.push(() => glue.close());
  const place = mkdtempSync(join(tmpdir(), 'rescrape-checkouts-'));
  undo.push(() => rmSync(place, { recursive: true, force: true }));
  const ledger = await startLedgerSite();
  undo.push(() => ledger.close());
  const demos = await startDemos(emulator, names.length > 0 ? names : DEMO_NAMES);
  undo.push(() => Promise.all(demos.map((demo) => demo.close())).then(() => {}));
  const settings: Record<string, string> = { RESCRAPE_LEDGER_URL: ledger.url };
  for (const demo of demos) Object.assign(settings, demo.settings);

  const root = checkoutWith('first', join(place, 'first'));
  const startServer = async () => {
    const server = await startTrino({
      ...{ home: installed.home, java: java.command, glue: `http://127.0.0.1:${glue.port}` },
      ...{ s3: emulator.endpoint, region: emulator.region, credentials: emulator.credentials },
    });
    undo.push(server.stop);
    return server;
  };
  const deploy = async () => {
    const deployed = await Deployment.start(emulator, settings, root);
    undo.push(() => deployed.close());
    return deployed;
  };
  const [server, deployment] = await Promise.all([startServer(), deploy()]);
  tell('deployed');
  for (const demo of demos) await play(demo, deployment);
  const today = todayOf({ timeZone: 'UTC' });
  await scrapeLedger(deployment, today, 2);
  const trino = { url: server.url, database: deployment.outputs.Database! };

  const answers: Compared[] = [];
  const keep = (answer: Compared) => {
    answers.push(answer);
    console.log(lineOf(answer));
  };
  const mirror = await openMirror(root, await deployment.mirror());
  undo.push(() => mirror.close());
  for (const question of everyQuestion(mirror.sources, await mirror.tables()))
    keep(await compare({ trino, duckdb: mirror.warehouse }, question));
  const changes = { deployment, site: ledger, settings, trino, place, today };
  for await (const answer of compareSchemaChanges(changes)) keep(answer);
  const differ = answers.filter(({ difference }) => difference !== undefined).length;
  const refused = answers.filter(({ refusal }) => refusal !== undefined).length;
  const asked = answers.length - refused;
  tell(`${asked - differ} of ${asked} agree; ${refused} more are refused, as docs/schema-changes.md says`);
  return differ === 0 ? 0 : 1;
}

async function play(demo: PlayedSource, deployment: Deployment): Promise<void> {
  await demo.play(deployment);
  tell(`${demo.name} is scraped`);
}

function lineOf({ name, rows, refusal, difference }: Compared): string {
  if (refusal !== undefined) return `refused  ${name}: ${refusal}`;
  const amount = rows === undefined ? '' : ` (${rows} ${rows === 1 ? 'row' : 'rows'})`;
  return difference === undefined ? `agrees   ${name}${amount}` : `DIFFERS  ${name}: ${difference}`;
}

function isDemo(name: string): name is DemoName {
  return DEMO_NAMES.some((known) => known === name);
}

function refuse(): number {
  console.error(`arguments are names of demos: ${DEMO_NAMES.join(', ')}`);
  return 2;
}

function skip(why: string): number {
  console.log(`${SKIPPED}: ${why}`);
  return 0;
}

function tell(what: string): void {
  console.log(`[${Math.round((systemClock.now() - began) / 1000)} s] ${what}`);
}
