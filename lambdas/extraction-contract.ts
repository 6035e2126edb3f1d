import { batchName } from '../core/extract/batch.ts';
import type { Extraction } from '../core/extract/extraction.ts';
import { awsExtractSettings } from '../runtime/aws-extract-settings.ts';
import { GEMINI_KEY_SECRET } from '../runtime/gemini-settings.ts';
import { extractVariablesOf } from '../runtime/setting-names.ts';

export { BEDROCK_FOLDER, LIBRARY_FOLDER } from '../runtime/aws-extract-settings.ts';

/** What a deployment must give the functions of an extraction beyond the variables of their contracts. */
export interface DeployedExtraction {
  readonly name: string;
  /** What the names of its jobs begin with, at the provider. */
  readonly jobPrefix: string;
  /** Of Bedrock; undefined where another provider is asked. */
  readonly bedrockModel: string | undefined;
  /** Pages that are too few for a job may be asked one by one: the function calls the model itself. */
  readonly asksOneByOne: boolean;
  /** Of another bucket than the lake's. */
  readonly libraryPlace: { readonly bucket: string; readonly prefix: string } | undefined;
  /** ARN; undefined where its provider needs none. */
  readonly keySecret: string | undefined;
  /** Those of the variables that it reads: the command line works by the same ones. */
  readonly variables: Readonly<Record<string, string>>;
}

/** `variables`: those that every function gets. Throws a SettingError for the first that cannot be used. */
export function deployedExtractions(
  variables: Readonly<Record<string, string>>,
  extractions: readonly Extraction[],
): readonly DeployedExtraction[] {
  return extractions.map((extraction) => {
    const { provider, settings, libraryPlace } = awsExtractSettings(extraction, variables);
    return {
      name: extraction.name,
      jobPrefix: batchName(extraction.name, ''),
      bedrockModel: provider === 'bedrock' ? settings.model : undefined,
      asksOneByOne: provider === 'bedrock' && settings.tooFew === 'one-by-one',
      libraryPlace,
      variables: Object.fromEntries(
        extractVariablesOf([extraction]).flatMap((each) => {
          const value = variables[each];
          return value === undefined ? [] : [[each, value]];
        }),
      ),
      keySecret: provider === 'gemini' ? variables[GEMINI_KEY_SECRET] : undefined,
    };
  });
}
