import { App } from 'aws-cdk-lib';
import { type Deployment, STAGES, type Stage } from '../lib/deployment.ts';
import { addStacks, InvalidSourcesError } from '../lib/rescrape-app.ts';
import { extractVariablesOf, variablesOf } from '../runtime/setting-names.ts';
import { EXTRACTIONS } from '../sources/extractions.ts';
import { sources } from '../sources/index.ts';

/**
 * The CDK app: `npx cdk deploy --all -c stage=prod`. Without a stage it is dev. The only place at synth time
 * that reads context.
 */

/**
 * Variables of a source or an extraction (runtime/settings.ts, extract-settings.ts) that may be given as
 * context: `-c RESCRAPE_RACING_URL=https://…`.
 */
const OVERRIDES = new Set([...variablesOf(sources), ...extractVariablesOf(EXTRACTIONS)]);

const app = new App();
try {
  const { pipeline } = addStacks(app, deploymentOf(app.node.getAllContext()));
  for (const note of pipeline.notes) console.error(note);
} catch (error) {
  if (!(error instanceof InvalidSourcesError)) throw error;
  console.error(error.message);
  process.exit(1);
}

function deploymentOf(context: Readonly<Record<string, unknown>>): Deployment {
  const { stage = 'dev', alertEmail, schedules } = context;
  if (!isStage(stage)) {
    console.error(
      `there is no stage ${JSON.stringify(stage)}: give -c stage=${STAGES.join(' or -c stage=')}`,
    );
    process.exit(1);
  }
  if (schedules !== undefined && schedules !== 'on' && schedules !== 'off') {
    console.error(`schedules is ${JSON.stringify(schedules)}: give -c schedules=on or -c schedules=off`);
    process.exit(1);
  }
  const sourceOverrides = Object.fromEntries(
    Object.entries(context).flatMap(([name, value]) => (OVERRIDES.has(name) ? [[name, String(value)]] : [])),
  );
  return {
    stage,
    ...(typeof alertEmail === 'string' && { alertEmail }),
    ...(schedules !== undefined && { schedules: schedules === 'on' }),
    sourceOverrides,
  };
}

function isStage(value: unknown): value is Stage {
  return STAGES.some((stage) => stage === value);
}
