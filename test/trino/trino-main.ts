import { fileURLToPath } from 'node:url';
import { systemClock } from '../../adapters/local/system-clock.ts';
import { Deployment } from '../emulated/deployed/deployment.ts';
import { startEmulator } from '../emulator/emulator.ts';
import { installEmulator } from '../emulator/install.ts';
import { type Compared, compare } from './comparison.ts';
import { type PlayedSource, startDemos } from './demos.ts';
import { startGlueInFront } from './glue-in-front.ts';
import { installTrino } from './install.ts';
import { findJava } from './java.ts';
import { openMirror } from './mirror.ts';
import { everyQuestion } from './questions.ts';
import { startTrino } from './trino-server.ts';

/**
 * `npm run test:trino`: deploys the app on the emulator as `npm run test:emulated` does, scrapes the demos,
 * and asks Trino, of which Athena's engine is one, everything that `rescrape query` can be asked.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SKIPPED = 'the comparison with Trino is skipped';
const began = systemClock.now();
const undo: (() => Promise<void> | void)[] = [];

// What was started ends with this process, also where it is interrupted.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  process.exitCode = await compareAll();
} finally {
  for (const one of undo.reverse()) await one();
}

/** The exit code. */
async function compareAll(): Promise<number> {
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
  const demos = await startDemos(emulator);
  undo.push(() => Promise.all(demos.map((demo) => demo.close())).then(() => {}));
  const starting = startTrino({
    ...{ home: installed.home, java: java.command, glue: `http://127.0.0.1:${glue.port}` },
    ...{ s3: emulator.endpoint, region: emulator.region, credentials: emulator.credentials },
  });
  // Reported where it is awaited, and not as one that nobody handles meanwhile.
  starting.then(
    ({ stop }) => undo.push(stop),
    () => {},
  );
  const settings = Object.assign({}, ...demos.map((demo) => demo.settings)) as Record<string, string>;
  const deployment = await Deployment.start(emulator, settings);
  undo.push(() => deployment.close());
  tell('deployed');
  for (const demo of demos) await play(demo, deployment);
  const trino = await starting;

  const mirror = await openMirror(ROOT, await deployment.mirror());
  undo.push(() => mirror.close());
  const sides = {
    trino: { url: trino.url, database: deployment.outputs.Database! },
    duckdb: mirror.warehouse,
  };
  const answers: Compared[] = [];
  for (const question of everyQuestion(mirror.sources, await mirror.tables())) {
    const answer = await compare(sides, question);
    answers.push(answer);
    console.log(lineOf(answer));
  }
  const agreed = answers.filter(({ difference }) => difference === undefined).length;
  tell(`${agreed} of ${answers.length} agree`);
  return agreed === answers.length ? 0 : 1;
}

async function play(demo: PlayedSource, deployment: Deployment): Promise<void> {
  await demo.play(deployment);
  tell(`${demo.name} is scraped`);
}

function lineOf({ name, rows, difference }: Compared): string {
  const amount = rows === undefined ? '' : ` (${rows} ${rows === 1 ? 'row' : 'rows'})`;
  return difference === undefined ? `agrees   ${name}${amount}` : `DIFFERS  ${name}: ${difference}`;
}

function skip(why: string): number {
  console.log(`${SKIPPED}: ${why}`);
  return 0;
}

function tell(what: string): void {
  console.log(`[${Math.round((systemClock.now() - began) / 1000)} s] ${what}`);
}
