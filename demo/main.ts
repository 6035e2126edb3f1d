import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { type CivilDate, parseCivilDate } from '../core/calendar/civil-date.ts';
import { civilDateAt } from '../core/calendar/window.ts';
import { clockOf } from '../runtime/clock.ts';
import { SettingError } from '../runtime/setting-error.ts';
import { demoFaults, NO_FAULTS } from './faults.ts';
import { MARKUP_CHOICES, type MarkupChoice } from './render/markup.ts';
import { type ContentEncoding, ENCODINGS } from './server/encoding.ts';
import { startDemoSite } from './site.ts';

const USAGE = `node demo/main.ts [options]: serves the demo racing site until it is interrupted

  --port N          0 for any free port (default)
  --seed N          1 by default; the same seed gives the same site
  --today D         YYYY-MM-DD, the date in London by default
  --no-faults       an honest site
  --no-specials     every race run in the ordinary way, all facts on every page
  --markup M        classic, next or mix (default): which of the site's markups the pages are in
  --page-bytes N    size of a page with 12 runners (182272)
  --index-bytes N   size of an index (9.5 times that of a page)
  --field-size N    runners in every race (8 to 14, drawn)
  --races-per-day N times the usual 20-odd races of a day (1)
  --encodings LIST  content codings that it offers, the preferred one first (zstd,br,gzip)
  --latency-ms N    wait before every answer (0)
  --log FILE        one JSON line a request
  --json            print the address as JSON`;

const options = {
  port: { type: 'string', default: '0' },
  seed: { type: 'string', default: '1' },
  today: { type: 'string' },
  'no-faults': { type: 'boolean', default: false },
  'no-specials': { type: 'boolean', default: false },
  markup: { type: 'string', default: 'mix' },
  'page-bytes': { type: 'string' },
  'index-bytes': { type: 'string' },
  'field-size': { type: 'string' },
  'races-per-day': { type: 'string' },
  'latency-ms': { type: 'string' },
  encodings: { type: 'string' },
  log: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly isFraction?: true;
}

/** From the least to the most that makes sense, whole numbers unless it says otherwise. */
const NUMBERS = {
  port: { least: 0, most: 65_535 },
  seed: { least: 0, most: Number.MAX_SAFE_INTEGER },
  'page-bytes': { least: 0, most: 100_000_000 },
  'index-bytes': { least: 0, most: 100_000_000 },
  'field-size': { least: 1, most: 100 },
  'races-per-day': { least: 0, most: 10, isFraction: true },
  'latency-ms': { least: 0, most: 3_600_000 },
} as const satisfies Record<string, Bounds>;

/** The message of a wrong command line; everything else that is thrown is a bug. */
class UsageError extends Error {}

function number(name: keyof typeof NUMBERS, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const { least, most, isFraction }: Bounds = NUMBERS[name];
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most && (isFraction || Number.isInteger(value)))
    return value;
  const kind = isFraction ? 'a number' : 'a whole number';
  throw new UsageError(`--${name} wants ${kind} from ${least} to ${most}, not ${JSON.stringify(text)}`);
}

function wrongLog(problem: string): never {
  throw new UsageError(`--log names no file that can be written: ${problem}`);
}

function date(text: string): CivilDate {
  const parsed = parseCivilDate(text);
  if (parsed === undefined)
    throw new UsageError(`--today wants a date YYYY-MM-DD, not ${JSON.stringify(text)}`);
  return parsed;
}

function markup(text: string): MarkupChoice {
  const choice = MARKUP_CHOICES.find((one) => one === text);
  if (choice === undefined)
    throw new UsageError(`--markup wants ${MARKUP_CHOICES.join(', ')}, not ${JSON.stringify(text)}`);
  return choice;
}

function encodings(text: string): ContentEncoding[] {
  return text.split(',').map((name) => {
    const encoding = ENCODINGS.find((one) => one === name.trim());
    if (encoding === undefined)
      throw new UsageError(`--encodings wants some of ${ENCODINGS.join(',')}, not ${JSON.stringify(text)}`);
    return encoding;
  });
}

function parse() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function main(): Promise<void> {
  const args = parse();
  if (args.help) {
    console.log(USAGE);
    return;
  }
  const clock = clockOf(process.env);
  const today = args.today === undefined ? civilDateAt(clock.now(), 'Europe/London') : date(args.today);
  const log = args.log === undefined ? undefined : createWriteStream(args.log, { flags: 'a' });
  if (log) await once(log, 'open').catch((error: Error) => wrongLog(error.message));
  const site = await startDemoSite({
    seed: number('seed', args.seed) ?? 1,
    today,
    now: clock.now,
    port: number('port', args.port),
    markup: markup(args.markup),
    pageBytes: number('page-bytes', args['page-bytes']),
    indexBytes: number('index-bytes', args['index-bytes']),
    fieldSize: number('field-size', args['field-size']),
    racesPerDay: number('races-per-day', args['races-per-day']),
    latencyMs: number('latency-ms', args['latency-ms']),
    encodings: args.encodings === undefined ? undefined : encodings(args.encodings),
    specials: !args['no-specials'],
    faults: args['no-faults'] ? NO_FAULTS : demoFaults(today),
    onRequest: log && ((entry) => log.write(`${JSON.stringify(entry)}\n`)),
  });
  console.log(
    args.json ? JSON.stringify({ url: site.url, today }) : `demo racing site at ${site.url}, today ${today}`,
  );

  const stop = async () => {
    await site.close();
    log?.end();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

main().catch((error: unknown) => {
  if (error instanceof SettingError) console.error(error.message);
  else if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else throw error;
  process.exitCode = 2;
});
