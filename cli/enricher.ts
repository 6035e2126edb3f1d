import type { Command } from 'commander';
import type { Enricher } from '../core/enrich/enricher.ts';
import { ENRICHERS } from '../sources/enrichers.ts';
import { UsageError } from './failure.ts';

/** `tutor, student, session, feedback`: every kind that there is. */
export const KNOWN_KINDS = ENRICHERS.map(({ kind }) => kind).join(', ');

/** Adds the file of records that a command reads, and `--kind`. */
export function withRecordsFile(command: Command): Command {
  return command
    .argument('<file>', 'records as JSON, one a line; - for standard input')
    .option('--kind <kind>', `what the records are: ${KNOWN_KINDS}`);
}

/** The enricher of the kind that `--kind` names, or a usage error that lists what there is. */
export function enricherOf(kind: string | undefined): Enricher {
  const enricher = ENRICHERS.find((candidate) => candidate.kind === kind);
  if (enricher) return enricher;
  const known = `there is: ${KNOWN_KINDS}`;
  if (kind === undefined) throw new UsageError('--kind is missing', known);
  throw new UsageError(`there is no kind ${JSON.stringify(kind)}`, known);
}
