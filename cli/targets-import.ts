import type { Command } from 'commander';
import type { Platform } from '../core/platform.ts';
import type { Source } from '../core/source/source.ts';
import { type ImportResult, type ImportRow, importTargets } from '../core/targets/target-import.ts';
import { sourceOf, withScrapedSources } from './context.ts';
import { FailedCommand, IncompleteCommand, UsageError } from './failure.ts';
import { printObject } from './json.ts';
import { operator } from './operator.ts';
import { cellText } from './print.ts';
import { attributeColumns } from './target-columns.ts';
import { type ColumnMap, openTargetFile, type TargetFile, type TargetRow } from './target-file.ts';

interface ImportOptions {
  readonly map?: readonly string[];
  readonly dryRun?: boolean;
}

/** Refusals that a person is shown. */
const SHOWN_PROBLEMS = 20;

export async function importTargetsOf(
  name: string,
  path: string,
  { map = [], dryRun = false }: ImportOptions,
  command: Command,
): Promise<void> {
  await withScrapedSources(command, async (platform, { json }) => {
    const source = sourceOf(platform, name);
    const { ignored, ...done } = await importFile(platform, source, path, { map: mapOf(map), dryRun });
    if (json) printObject({ source: source.name, file: path, dryRun, ...done });
    else tell(source, done, ignored, dryRun);
    refuse(done, path);
  });
}

/** Registers the targets of a CSV file. `ignored`: its columns that say nothing here. */
export async function importFile(
  { state, clock }: Pick<Platform, 'state' | 'clock'>,
  source: Source,
  path: string,
  { map = new Map(), dryRun = false }: { readonly map?: ColumnMap; readonly dryRun?: boolean } = {},
): Promise<ImportResult & { readonly ignored: readonly string[] }> {
  if (!source.register)
    throw new UsageError(`the targets of ${source.name} are in its code`, 'there is nothing to import');
  const columns = [...new Set([...attributeColumns(source), 'name'])];
  const file = await openTargetFile(source, path, columns, map);
  const by = { actor: operator(), at: clock.now() };
  const done = await importTargets(state, source, rowsOf(source, file), dryRun ? undefined : by);
  return { ...done, ignored: file.ignored };
}

async function* rowsOf(source: Source, { key, rows }: TargetFile): AsyncGenerator<ImportRow> {
  for await (const row of rows) yield rowRead(source, key, row);
}

function rowRead(source: Source, key: string, row: TargetRow): ImportRow {
  const { line } = row;
  if (row.kind === 'broken') return { ...row, id: null };
  // An empty cell says nothing: what is on record of the target stays.
  const cells = Object.fromEntries(Object.entries(row.cells).filter(([, text]) => text !== ''));
  const { [key]: id, name } = cells;
  if (id === undefined) return { kind: 'broken', line, id: null, problem: `it has no ${key}` };
  const isNamed = name !== undefined && !attributeColumns(source).includes('name');
  return { kind: 'given', line, id, cells, ...(isNamed && { name }) };
}

function mapOf(texts: readonly string[]): ColumnMap {
  // A name of theirs may hold a comma: the next pair begins where one of ours follows it.
  const pairs = texts.flatMap((text) => text.split(/,(?=\s*\w+=)/));
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      const [ours, theirs] = [pair.slice(0, Math.max(at, 0)).trim(), pair.slice(at + 1).trim()];
      if (ours === '' || theirs === '')
        throw new UsageError(
          `--map ${JSON.stringify(pair)} maps nothing`,
          'write ours=theirs, as in name=title',
        );
      return [ours, theirs] as const;
    }),
  );
}

function tell(source: Source, done: ImportResult, ignored: readonly string[], isDry: boolean): void {
  const { created, updated, unchanged, refused, problems } = done;
  for (const { line, target, reason } of problems.slice(0, SHOWN_PROBLEMS))
    console.log(
      `line ${line}${target === null ? '' : ` (${cellText(target)})`} refused: ${cellText(reason)}`,
    );
  const more = refused - Math.min(problems.length, SHOWN_PROBLEMS);
  if (more > 0) console.log(`${more} more refused; --json tells the first ${problems.length}`);
  if (ignored.length > 0) console.log(`columns that say nothing here: ${ignored.map(cellText).join(', ')}`);
  console.log(
    `${source.name}: ${created} created, ${updated} updated, ${unchanged} unchanged, ${refused} refused` +
      `${isDry ? '; nothing was written (--dry-run)' : ''}`,
  );
}

function refuse({ refused, created, updated, unchanged }: ImportResult, path: string): void {
  if (refused === 0) return;
  const taken = created + updated + unchanged;
  const message = `${refused} of ${refused + taken} rows of ${path} were refused`;
  if (taken === 0) throw new FailedCommand(message);
  throw new IncompleteCommand(message, 'mend these lines and import the file again');
}
