import { type Command, InvalidArgumentError } from 'commander';
import { advise } from '../core/advice/advise.ts';
import type { ExtractContext, ExtractRecords, ScanContext } from '../core/extract/extract-context.ts';
import type { ExtractEvent } from '../core/extract/extract-event.ts';
import type { Extraction } from '../core/extract/extraction.ts';
import { LabelledPages } from '../core/extract/labelled-pages.ts';
import { bookFilter, type ScanFilter } from '../core/extract/scan.ts';
import { namesText } from '../core/wording/names.ts';
import type { ExtractionCall, OpenedExtraction } from '../runtime/aws-extraction.ts';
import type { LocalExtractionOptions, Opened } from '../runtime/local-extraction.ts';
import { type CommandPlatform, isStack, settingsHere } from '../runtime/platform-for.ts';
import { thisProcess } from '../runtime/this-process.ts';
import { EXTRACTIONS } from '../sources/extractions.ts';
import { type GlobalOptions, withPlatform } from './context.ts';
import { FailedCommand, UsageError } from './failure.ts';
import { Progress } from './progress.ts';

/** Which extraction a command is about. @default the only one that there is */
export interface ExtractionOption {
  readonly extraction?: string;
}

export function withExtractionOption(command: Command): Command {
  return command.option('--extraction <name>', 'which one (default: the only one that there is)');
}

/** Of that name, or the only one; a usage error lists them. */
function extractionOf(name: string | undefined): Extraction {
  const found = EXTRACTIONS.find((each) => each.name === name);
  const [only, ...others] = EXTRACTIONS;
  if (found) return found;
  if (name === undefined && only && others.length === 0) return only;
  const what =
    name === undefined ? 'there are several extractions' : `there is no extraction ${JSON.stringify(name)}`;
  throw new UsageError(what, `there is: ${namesText(EXTRACTIONS.map((each) => each.name))}`);
}

/** Books that a command is about. What is left out narrows nothing. */
export interface BookFilterOptions {
  readonly states?: readonly string[];
  readonly schools?: readonly string[];
  readonly yearStart?: number;
  readonly yearEnd?: number;
}

/** Adds `--states --schools --year-start --year-end`. */
export function withBookFilter(command: Command): Command {
  return command
    .option('--states <state...>', 'only books of these states, by their true names')
    .option('--schools <school...>', 'only books of these schools')
    .option('--year-start <year>', 'only books of this year and later', yearOf)
    .option('--year-end <year>', 'only books of this year and earlier', yearOf);
}

function yearOf(text: string): number {
  if (!/^\d{3,4}$/.test(text)) throw new InvalidArgumentError('give a year such as 1851');
  return Number(text);
}

/** As the scan takes it, or a usage error for years that are none together. */
export function bookFilterOf({ states, schools, yearStart, yearEnd }: BookFilterOptions): ScanFilter {
  if (yearStart !== undefined && yearEnd !== undefined && yearEnd < yearStart)
    throw new UsageError(`the year ${yearEnd} lies before the year ${yearStart}`, 'swap them');
  return { ...(states && { states }), ...(schools && { schools }), yearStart, yearEnd };
}

/**
 * Throws where books are asked for and no label is of one: a name may be mistyped. Where all are meant
 * nothing is looked at.
 */
export async function refuseUnknownBooks(
  { library }: Pick<ScanContext, 'library'>,
  filter: ScanFilter,
): Promise<void> {
  if (Object.values(filter).every((given) => given === undefined)) return;
  const labelled = await LabelledPages.of(library.labels());
  const books = [...labelled.books()].map(({ book }) => book);
  if (books.length === 0) throw emptyLibrary();
  if (books.some(bookFilter(filter))) return;
  const { states = [], schools = [] } = filter;
  const known = (all: readonly string[], asked: readonly string[]) =>
    asked.length > 0 && !asked.some((name) => all.includes(name));
  const ofStates = [...new Set(books.map(({ state }) => state))];
  const ofSchools = [...new Set(books.map(({ school }) => school))];
  if (known(ofStates, states))
    throw new UsageError(
      `no labelled page is of ${namesText(states.map((name) => JSON.stringify(name)))}`,
      `the states are: ${namesText(ofStates, 20)}`,
    );
  if (known(ofSchools, schools))
    throw new UsageError(
      `no labelled page is of ${namesText(schools.map((name) => JSON.stringify(name)))}`,
      `the schools are: ${namesText(ofSchools, 20)}`,
    );
  throw new UsageError('no labelled page is of these books', advise({ kind: 'no-such-pages' }));
}

/** Nothing that one could ask of it makes sense. */
export function emptyLibrary(): FailedCommand {
  return new FailedCommand(
    'the library has no labelled page',
    'a label is a file labels/state/school/year/4.json in it, and says that page 4 is work',
  );
}

export interface Here {
  readonly platform: CommandPlatform;
  readonly globals: GlobalOptions;
  readonly progress: Progress;
}

/**
 * Hands over what is on record of an extraction: neither a library nor a provider has to be set. Loaded when
 * it is opened: most commands that may be about pages are not.
 */
export const withExtractRecords = opening<ExtractRecords>(
  async (options) => {
    const { openExtractRecords } = await import('../runtime/local-extraction.ts');
    return { context: openExtractRecords(options), close: async () => undefined };
  },
  async (opened, call) => opened.records(call),
);

/** That and the library: no key has to be set. */
export const withExtractScan = opening<ScanContext>(
  async (options) => (await import('../runtime/local-extraction.ts')).openExtractScan(options),
  async (opened, call) => opened.records(call),
);

/** An orchestrator, with its provider. */
export const withExtraction = opening<ExtractContext>(
  async (options) => (await import('../runtime/local-extraction.ts')).openLocalExtraction(options),
  (opened, call) => opened.orchestrator(call),
);

/**
 * Opens what a command about an extraction uses, hands it over, and closes it however that ends. In a stack
 * it has the settings that were deployed, on this machine those of here.
 */
function opening<Context>(
  openHere: (options: LocalExtractionOptions) => Promise<Opened<Context>>,
  openThere: (opened: OpenedExtraction, call: ExtractionCall) => Promise<Context>,
) {
  return async <T>(
    command: Command,
    name: string | undefined,
    use: (context: Context, here: Here) => Promise<T>,
  ): Promise<T> => {
    const extraction = extractionOf(name);
    return withPlatform(command, async (platform, globals) => {
      const progress = new Progress();
      const tell = (event: ExtractEvent) => progress.onExtract(event);
      const open = async (): Promise<Opened<Context>> => {
        const env = await settingsHere(process.env);
        if (isStack(platform)) {
          // The SDK takes a quarter of a second to load, which a command that works locally has no use for.
          const { openStackExtraction } = await import('../runtime/stack-extraction.ts');
          const opened = openStackExtraction(platform, extraction, env);
          const close = () => opened.close();
          const context = await openThere(opened, { tell, process: thisProcess() }).catch(
            async (error: unknown) => {
              await close();
              throw error;
            },
          );
          return { context, close };
        }
        const { state, lake, clock } = platform;
        return openHere({ extraction, state, lake, clock, env, tell });
      };
      const { context, close } = await open();
      try {
        return await use(context, { platform, globals, progress });
      } finally {
        progress.end();
        await close();
      }
    });
  };
}
