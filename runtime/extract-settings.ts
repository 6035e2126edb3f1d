import * as z from 'zod';
import type { Extraction } from '../core/extract/extraction.ts';
import { type ExtractSettings, extractSettingsSchema } from '../core/extract/settings.ts';
import { SettingError } from './setting-error.ts';
import { EXTRACT_SETTINGS, type ExtractSetting, nearest, variableOf } from './setting-names.ts';

/** An extraction as it is set up on this machine. */
export interface ConfiguredExtraction {
  readonly provider: keyof typeof MODELS;
  /** A directory, or `s3://bucket/prefix`; undefined where none is set. */
  readonly library: string | undefined;
  readonly settings: ExtractSettings;
}

/** The model of each provider that is asked where none is set: one that sees, and costs little. */
const MODELS = { gemini: 'gemini-2.5-flash', bedrock: 'amazon.nova-lite-v1:0' } as const;
const PROVIDERS = Object.keys(MODELS) as (keyof typeof MODELS)[];

const { shape } = extractSettingsSchema();
const price = shape.prices.unwrap().shape.input;
const text = (schema: z.ZodType<string>) => ({ schema, isNumber: false });
const number = (schema: z.ZodType<number>) => ({ schema, isNumber: true });

/** What each setting may be, here and in the settings file. */
export const EXTRACT_FIELDS = {
  PROVIDER: text(z.enum(PROVIDERS)),
  MODEL: text(shape.model),
  PROMPT_VERSION: text(shape.promptVersion),
  BATCH_SIZE: number(shape.batchSize.unwrap()),
  MAX_CONCURRENT_BATCHES: number(shape.maxConcurrentBatches.unwrap()),
  POLL_SECONDS: number(shape.pollSeconds.unwrap()),
  MAX_RETRIES: number(shape.maxRetries.unwrap()),
  MAX_WAIT_HOURS: number(shape.maxWaitHours.unwrap()),
  TOO_FEW: text(shape.tooFew.unwrap()),
  UPLOAD_ATTEMPTS: number(shape.uploadAttempts.unwrap()),
  LIBRARY: text(z.string().min(1)),
  INPUT_PRICE: number(price),
  OUTPUT_PRICE: number(price),
} as const satisfies Readonly<Record<ExtractSetting, { schema: z.ZodType; isNumber: boolean }>>;

/**
 * `RESCRAPE_CATALOGS_MODEL` and its like, over the defaults of `core/extract/settings.ts`: `…_LIBRARY` is
 * where the pages are, `…_INPUT_PRICE` and `…_OUTPUT_PRICE` are US dollars per million tokens. Throws a
 * SettingError for the first that cannot be used.
 */
export function extractSettings(
  { name, prompts }: Pick<Extraction, 'name' | 'prompts'>,
  env: Readonly<Record<string, string | undefined>>,
): ConfiguredExtraction {
  const given = Object.fromEntries(
    EXTRACT_SETTINGS.map((setting) => [setting, settingValue(name, setting, env)]),
  ) as { readonly [Setting in ExtractSetting]?: z.infer<(typeof EXTRACT_FIELDS)[Setting]['schema']> };
  const { INPUT_PRICE: input, OUTPUT_PRICE: output } = given;
  if ((input === undefined) !== (output === undefined)) {
    const [is, lacks] = input === undefined ? ['OUTPUT', 'INPUT'] : ['INPUT', 'OUTPUT'];
    throw new SettingError(
      `${variableOf(name, `${is}_PRICE`)} is set and ${variableOf(name, `${lacks}_PRICE`)} is not: give both or none`,
    );
  }
  const known = prompts.map((prompt) => prompt.name);
  const promptVersion = given.PROMPT_VERSION ?? known.at(-1)!;
  if (!known.includes(promptVersion))
    throw new SettingError(
      `${variableOf(name, 'PROMPT_VERSION')} is ${JSON.stringify(promptVersion)}: there is no such prompt; did you mean ${nearest(promptVersion, known)}?`,
    );
  const provider = (given.PROVIDER ?? 'gemini') as keyof typeof MODELS;
  return {
    provider,
    library: given.LIBRARY,
    settings: extractSettingsSchema().parse({
      model: given.MODEL ?? MODELS[provider],
      promptVersion,
      batchSize: given.BATCH_SIZE,
      maxConcurrentBatches: given.MAX_CONCURRENT_BATCHES,
      pollSeconds: given.POLL_SECONDS,
      maxRetries: given.MAX_RETRIES,
      maxWaitHours: given.MAX_WAIT_HOURS,
      tooFew: given.TOO_FEW,
      uploadAttempts: given.UPLOAD_ATTEMPTS,
      prices: input === undefined ? undefined : { input, output },
    }),
  };
}

/** Bucket and prefix of `s3://bucket/prefix`; undefined for any other place. */
export function s3PlaceOf(place: string): { readonly bucket: string; readonly prefix: string } | undefined {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/*$/.exec(place) ?? [];
  return bucket === undefined ? undefined : { bucket, prefix };
}

function settingValue(
  extraction: string,
  setting: ExtractSetting,
  env: Readonly<Record<string, string | undefined>>,
): string | number | undefined {
  const name = variableOf(extraction, setting);
  const given = env[name]?.trim() ?? '';
  if (given === '') return undefined;
  const { schema, isNumber } = EXTRACT_FIELDS[setting];
  const checked = schema.safeParse(isNumber ? Number(given) : given);
  if (checked.success) return checked.data;
  throw new SettingError(`${name} is ${JSON.stringify(given)}: give ${wantedText(schema)}`);
}

/** `a whole number from 1 to 50000`, `gemini or bedrock`. */
function wantedText(schema: z.ZodType): string {
  const { enum: names, type, minimum, maximum } = z.toJSONSchema(schema);
  if (names) return names.join(' or ');
  return `a ${type === 'integer' ? 'whole ' : ''}number from ${minimum} to ${maximum}`;
}

/** What holds, by setting, as `rescrape config` shows it; empty for what is not set. */
export function shownExtractSettings({
  provider,
  library,
  settings,
}: ConfiguredExtraction): Readonly<Record<ExtractSetting, string | number>> {
  return {
    PROVIDER: provider,
    MODEL: settings.model,
    PROMPT_VERSION: settings.promptVersion,
    BATCH_SIZE: settings.batchSize,
    MAX_CONCURRENT_BATCHES: settings.maxConcurrentBatches,
    POLL_SECONDS: settings.pollSeconds,
    MAX_RETRIES: settings.maxRetries,
    MAX_WAIT_HOURS: settings.maxWaitHours,
    TOO_FEW: settings.tooFew,
    UPLOAD_ATTEMPTS: settings.uploadAttempts,
    LIBRARY: library ?? '',
    INPUT_PRICE: settings.prices?.input ?? '',
    OUTPUT_PRICE: settings.prices?.output ?? '',
  };
}
