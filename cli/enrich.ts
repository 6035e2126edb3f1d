import { type Command, InvalidArgumentError } from 'commander';
import { readWrittenTime } from '../core/calendar/written-time.ts';
import { enrichRecord } from '../core/enrich/engine.ts';
import type { Enricher } from '../core/enrich/enricher.ts';
import { clockOf } from '../runtime/clock.ts';
import { examples, newCommand, refuseOptionsOfGroup } from './command.ts';
import { globalOptions } from './context.ts';
import { enrichPublishCommand } from './enrich-publish.ts';
import { enrichPushCommand } from './enrich-push.ts';
import { enrichStatsCommand } from './enrich-stats.ts';
import { enricherOf, withRecordsFile } from './enricher.ts';
import { FailedCommand } from './failure.ts';
import { inputBytes } from './input-file.ts';
import { type JsonLine, jsonLines } from './json-lines-input.ts';
import { printText } from './stream-output.ts';

interface EnrichOptions {
  readonly kind?: string;
  readonly now?: number;
}

export function enrichCommand(): Command {
  // Its subcommands have a --kind of their own: without this, that of the group would take it.
  return withRecordsFile(newCommand('enrich').enablePositionalOptions())
    .option('--now <time>', 'enrich as if it were then, ISO 8601', timeOf)
    .addHelpText(
      'after',
      examples(
        'enrich --kind tutor tutors.jsonl',
        'enrich --kind session --now 2026-11-22T12:00:00Z - < sessions.jsonl',
      ),
    )
    .action(enrichFile)
    .hook('preSubcommand', refuseOptionsOfGroup)
    .addCommand(enrichPublishCommand())
    .addCommand(enrichPushCommand())
    .addCommand(enrichStatsCommand());
}

function timeOf(text: string): number {
  const time = readWrittenTime(text);
  if (!time) throw new InvalidArgumentError('give a time such as 2026-11-22T12:00:00Z');
  return time.ms;
}

/** Prints a line for each record, in their order. Nothing is stored, and no record changes another. */
async function enrichFile(file: string, options: EnrichOptions, command: Command): Promise<void> {
  globalOptions(command);
  const enricher = enricherOf(options.kind);
  const clock = clockOf(process.env);
  let [records, failed] = [0, 0];
  for await (const line of jsonLines(inputBytes(file))) {
    const { text, success } = enrichLine(enricher, line, options.now ?? clock.now());
    records++;
    if (!success) failed++;
    await printText(`${text}\n`);
  }
  if (failed > 0)
    throw new FailedCommand(
      `${failed} of ${records} records could not be enriched`,
      'see the errors in their lines',
    );
}

/** As JSON of one line. What is no valid record is printed as it came. */
function enrichLine(
  enricher: Enricher,
  line: JsonLine,
  now: number,
): { readonly text: string; readonly success: boolean } {
  const metadata = { enriched_at: new Date(now).toISOString(), enricher: enricher.kind };
  const failure = (data: string, errors: readonly string[]) => ({
    success: false,
    text: `{"success":false,"data":${data},${JSON.stringify({ derived_fields: {}, errors, metadata }).slice(1)}`,
  });
  if (line.kind === 'broken') return failure('null', [`line ${line.line}: ${line.problem}`]);
  const enriched = enrichRecord(enricher, line.value, now, {});
  // Its text rather than its value: what is nested too deeply, or too large for a number, comes out as it is.
  if (enriched.kind === 'invalid') return failure(line.text, enriched.errors);
  const { record, derived } = enriched;
  const data = { ...record, ...derived };
  const text = JSON.stringify({ success: true, data, derived_fields: derived, errors: [], metadata });
  return { text, success: true };
}
