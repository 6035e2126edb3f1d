import { ownSettingNames } from '../core/source/own-settings.ts';
import type { Source } from '../core/source/source.ts';
import { SettingError } from './setting-error.ts';

/** What may be set of each source: `RESCRAPE_<SOURCE>_<NAME>`, or `<name>` in the settings file. */
export const SOURCE_SETTINGS = [
  'URL',
  'ALLOW_PRIVATE',
  'PRIVATE_NETWORK',
  'MIN_DELAY_MS',
  'CONCURRENCY',
  'REQUESTS_AT_ONCE',
  'TIMEOUT_MS',
  'COOL_DOWN_MINUTES',
  'PROXIES',
  'PROXIES_SECRET',
] as const;
export type SourceSetting = (typeof SOURCE_SETTINGS)[number];

/** What may be set of each extraction, in the same two ways; see `runtime/extract-settings.ts`. */
export const EXTRACT_SETTINGS = [
  'PROVIDER',
  'MODEL',
  'PROMPT_VERSION',
  'BATCH_SIZE',
  'MAX_CONCURRENT_BATCHES',
  'POLL_SECONDS',
  'MAX_RETRIES',
  'MAX_WAIT_HOURS',
  'TOO_FEW',
  'UPLOAD_ATTEMPTS',
  'LIBRARY',
  'INPUT_PRICE',
  'OUTPUT_PRICE',
] as const;
export type ExtractSetting = (typeof EXTRACT_SETTINGS)[number];

/** Where the Gemini API is, and in a stack the secret that holds its key. */
const GEMINI = ['RESCRAPE_GEMINI_URL', 'RESCRAPE_GEMINI_KEY_SECRET'];

/**
 * Variables of no source: the clock, the launcher's sign, where Bedrock reads and writes for this machine,
 * and what a stack gives to its functions.
 */
const OTHERS = [
  'RESCRAPE_NOW',
  'RESCRAPE_LAUNCHED',
  // Where a checkout is: for scripts around the command line, which does not read it.
  'RESCRAPE_HOME',
  ...[
    'STAGE',
    'BUCKET',
    'TABLE',
    'DATABASE',
    'TOPIC_ARN',
    'FAILED_ITEMS_QUEUE_URL',
    'FAILED_ITEMS_DLQ_URL',
    'ENRICHMENT_QUEUES',
    'BEDROCK_ROLE_ARN',
    'BEDROCK_BUCKET',
  ].map((name) => `RESCRAPE_${name}`),
];

/** `RESCRAPE_RACING_URL`: the variable of a setting of a source or an extraction, in any letter case. */
export function variableOf(source: string, setting: SourceSetting | ExtractSetting | (string & {})): string {
  return `RESCRAPE_${source.toUpperCase().replaceAll('-', '_')}_${setting.toUpperCase()}`;
}

/** What is read of a source: its name, and which settings it has of its own, where it could be loaded. */
export type NamedSource = { readonly name: string; readonly problem?: string } & Pick<Source, 'settings'>;

/** An extraction, as far as its settings go. */
export interface NamedExtraction {
  readonly name: string;
}

/** Every variable that is read for these sources. */
export function variablesOf(sources: readonly NamedSource[]): string[] {
  return sources.flatMap((source) =>
    [...SOURCE_SETTINGS, ...ownSettingNames(source)].map((setting) => variableOf(source.name, setting)),
  );
}

/** Every variable that is read for these extractions in a stack, that of the secret with the key included. */
export function extractVariablesOf(extractions: readonly NamedExtraction[]): string[] {
  const own = extractions.flatMap(({ name }) => EXTRACT_SETTINGS.map((setting) => variableOf(name, setting)));
  return [...own, ...GEMINI];
}

/**
 * Throws a SettingError for a variable `RESCRAPE_…` that nobody reads: a mistyped one would do nothing,
 * unseen.
 */
export function refuseUnknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  sources: readonly NamedSource[],
  extractions: readonly NamedExtraction[] = [],
): void {
  const known = variablesFor(sources, extractions);
  const unknown = unknownVariable(env, known, sources);
  if (unknown !== undefined)
    throw new SettingError(`there is no setting ${unknown}: did you mean ${nearest(unknown, known)}?`);
}

/** True where these lists say of every variable `RESCRAPE_…` who reads it. */
export function knowAllVariables(
  env: Readonly<Record<string, string | undefined>>,
  sources: readonly NamedSource[],
): boolean {
  return unknownVariable(env, variablesFor(sources, []), sources) === undefined;
}

function variablesFor(sources: readonly NamedSource[], extractions: readonly NamedExtraction[]): string[] {
  return [...variablesOf(sources), ...extractVariablesOf(extractions), ...OTHERS];
}

function unknownVariable(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
  sources: readonly NamedSource[],
): string | undefined {
  const isKnown = (variable: string) =>
    known.includes(variable) || sources.some((source) => mayBeOwn(source, variable));
  return Object.keys(env).find((name) => name.startsWith('RESCRAPE_') && !isKnown(name));
}

/** Of a source that cannot be loaded nobody knows its own settings: they stop no other source. */
function mayBeOwn({ name, problem }: NamedSource, variable: string): boolean {
  return problem !== undefined && variable.startsWith(variableOf(name, ''));
}

/** The one of the names that takes the fewest changes of a letter. */
export function nearest(name: string, known: readonly string[]): string {
  const distances = known.map((candidate) => distance(name, candidate));
  return known[distances.indexOf(Math.min(...distances))] ?? name;
}

/** Letters to put in, take out or replace (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = row[j]! + (letter === to[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
