import type { Command } from 'commander';
import { civilDate } from '../core/calendar/civil-date.ts';
import type { Enricher } from '../core/enrich/enricher.ts';
import { DEFAULT_FEED, encodeMessage } from '../core/enrich/message.ts';
import { messageBytes } from '../core/ports/queue-message.ts';
import type { OutgoingMessage } from '../core/ports/work-queue.ts';
import { partitionValueProblem } from '../core/source/identifier.ts';
import { type CommandPlatform, isStack } from '../runtime/platform-for.ts';
import { examples, newCommand } from './command.ts';
import { withPlatform } from './context.ts';
import { CountingLine } from './counting-line.ts';
import { enricherOf, withRecordsFile } from './enricher.ts';
import { FailedCommand, UsageError } from './failure.ts';
import { inputBytes } from './input-file.ts';
import { printObject } from './json.ts';
import { type JsonLine, jsonLines } from './json-lines-input.ts';
import { counted } from './list.ts';
import { cellText } from './print.ts';

/** Who sent it, as its messages say. */
const SOURCE = 'push';
/** Messages that are sent together, and bytes of them at most. */
const TOGETHER = 500;
const BYTES_TOGETHER = 5_000_000;
/** Problems that `--json` tells; standard error tells all. */
const PROBLEMS_TOLD = 1000;

interface PushOptions {
  readonly kind?: string;
  readonly feed: string;
}

interface Pushed {
  readonly kind: string;
  readonly feed: string;
  readonly pushed: number;
  readonly refused: number;
  readonly problems: readonly Problem[];
}

interface Problem {
  readonly line: number;
  readonly problem: string;
}

export function enrichPushCommand(): Command {
  return withRecordsFile(newCommand('push'))
    .description('put the records of a file into the queue of their kind, for a worker to store')
    .option('--feed <feed>', 'feed that they belong to, in the tables', DEFAULT_FEED)
    .addHelpText(
      'after',
      examples(
        'enrich push --kind tutor tutors.jsonl',
        'enrich push --kind session --feed north - < sessions.jsonl',
        '--stack rescrape-dev-pipeline enrich push --kind tutor tutors.jsonl',
      ),
    )
    .action(pushFile);
}

async function pushFile(file: string, { feed }: PushOptions, command: Command): Promise<void> {
  // The group has an option of that name as well, and takes it wherever it stands.
  const { kind } = command.optsWithGlobals<PushOptions>();
  const enricher = enricherOf(kind);
  const problem = partitionValueProblem(feed);
  if (problem !== undefined) throw new UsageError(`--feed ${JSON.stringify(feed)}: ${problem}`);
  await withPlatform(command, async (platform, { json = false }) => {
    const pushed = await push(platform, enricher, feed, jsonLines(inputBytes(file)));
    if (json) printObject(pushed);
    else console.log(receiptText(pushed, isStack(platform)));
    if (pushed.refused > 0)
      throw new FailedCommand(
        `${pushed.refused} of ${pushed.pushed + pushed.refused} lines were not pushed`,
        'mend these lines, and push them alone',
      );
  });
}

/** Sends as it reads: what is wrong with a line is told, and the others go. */
async function push(
  platform: CommandPlatform,
  enricher: Enricher,
  feed: string,
  lines: AsyncIterable<JsonLine>,
): Promise<Pushed> {
  const queue = platform.enrichmentQueue(enricher.kind);
  const progress = new CountingLine();
  const problems: Problem[] = [];
  let [pushed, refused, bytes] = [0, 0, 0];
  let group: OutgoingMessage[] = [];
  const flush = async (): Promise<void> => {
    await queue.send(group);
    pushed += group.length;
    progress.at(`${pushed} records pushed`);
    group = [];
    bytes = 0;
  };
  try {
    for await (const line of lines) {
      const read = messageOf(platform, enricher, feed, line);
      if ('problem' in read) {
        progress.end();
        console.error(`line ${line.line}: ${cellText(read.problem)}`);
        if (++refused <= PROBLEMS_TOLD) problems.push({ line: line.line, problem: read.problem });
        continue;
      }
      group.push(read.message);
      bytes += read.bytes;
      if (group.length === TOGETHER || bytes >= BYTES_TOGETHER) await flush();
    }
    await flush();
  } finally {
    progress.end();
  }
  return { kind: enricher.kind, feed, pushed, refused, problems };
}

/** Whether a record is valid is for the worker to say: it keeps the ones that are not, with their errors. */
function messageOf(
  { clock, newId }: Pick<CommandPlatform, 'clock' | 'newId'>,
  { kind }: Enricher,
  feed: string,
  line: JsonLine,
): { readonly message: OutgoingMessage; readonly bytes: number } | { readonly problem: string } {
  if (line.kind === 'broken') return { problem: line.problem };
  const { value: record } = line;
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    return { problem: 'not a JSON object' };
  const sentAt = clock.now();
  const date = civilDate(new Date(sentAt).toISOString().slice(0, 10));
  const said = { id: newId(), kind, source: SOURCE, feed, date, sentAt, origin: null, parked: false };
  try {
    const message = { body: encodeMessage({ ...said, record }), delayMs: 0 };
    return { message, bytes: messageBytes(message) };
  } catch (error) {
    // Too large for the queue, or nested too deeply to be written.
    if (error instanceof RangeError) return { problem: error.message };
    throw error;
  }
}

function receiptText({ kind, feed, pushed, refused }: Pushed, isDeployed: boolean): string {
  const where = `into the queue of ${kind} (feed ${feed})`;
  const next = isDeployed ? 'the function enrich-records stores them' : 'a worker stores them';
  return `${counted(pushed, 'record')} pushed ${where}, ${refused} refused; ${next}`;
}
