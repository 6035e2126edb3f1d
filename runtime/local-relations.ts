import type { LocalRelation, LocalTable } from '../adapters/local/duckdb-relation.ts';
import { viewsOf } from '../core/completeness/views.ts';
import { manifestPrefix, partitionOfManifest } from '../core/lake/layout.ts';
import { logFiles } from '../core/lake/log-files.ts';
import { ATTEMPT_SCHEMA, COMMIT_SCHEMA, RUN_SCHEMA } from '../core/lake/log-tables.ts';
import { CorruptLakeError, manifestFiles } from '../core/lake/manifest.ts';
import { damageBehind } from '../core/lake/whole-version.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { ObjectStore, StoredObject } from '../core/ports/object-store.ts';
import type { VerifiedFiles } from '../core/ports/verified-files.ts';
import { type Column, columnsOf, duckDbType, tableColumns } from '../core/schema/columns.ts';
import type { Partition, Source, Table } from '../core/source/source.ts';

/**
 * The lake as the local warehouse sees it: a table for each table of a source, made of the files that its manifests name
 * at this moment; the append-only tables; the views. Throws a CorruptLakeError of one line for a manifest that is none.
 */
export async function localRelations(platform: {
  readonly lake: ObjectStore;
  readonly sources: readonly Source[];
  readonly clock: Pick<Clock, 'now'>;
  /** With it, files are held against their hashes before a statement reads them. */
  readonly verified?: VerifiedFiles;
}): Promise<LocalRelation[]> {
  const { lake, sources, clock, verified } = platform;
  const relations: LocalRelation[] = [];
  for (const { table } of sources) relations.push(await sourceTable(lake, table, verified));
  for (const { table, files, jsonFiles } of await logFiles(lake)) {
    relations.push({
      kind: 'table',
      name: table,
      files: files.map((key) => lake.uri(key)),
      jsonFiles: jsonFiles.map((key) => lake.uri(key)),
      columns: duckdbColumns(columnsOf(LOG_TABLES[table])),
      partitionTypes: { run_date: 'DATE' },
      earlierFolders: { run_date: 'date' },
    });
  }
  for (const { name, sql } of viewsOf(sources, instantInSql(clock.now())))
    relations.push({ kind: 'view', name, sql });
  return relations;
}

/** The views look back from the platform's clock, which need not be that of the engine. */
function instantInSql(ms: number): string {
  return `TIMESTAMP '${new Date(ms).toISOString().slice(0, -1)}'`;
}

const LOG_TABLES = { attempts: ATTEMPT_SCHEMA, commits: COMMIT_SCHEMA, runs: RUN_SCHEMA } as const;

async function sourceTable(
  lake: ObjectStore,
  table: Table,
  verified: VerifiedFiles | undefined,
): Promise<LocalRelation> {
  const files: string[] = [];
  const unknown: { readonly partition: Partition; readonly manifest: StoredObject }[] = [];
  for await (const { key } of lake.list(manifestPrefix(table))) {
    const partition = partitionOfManifest(table, key);
    if (!partition) {
      throw new CorruptLakeError(
        `${lake.uri(key)} is no manifest of ${table.name}: query engines read every file there, so move it away`,
      );
    }
    const manifest = await lake.get(key);
    // Undefined: removed since it was listed.
    if (!manifest) continue;
    const keys = manifestFiles(manifest, table, partition, key);
    for (const file of keys) files.push(lake.uri(file));
    if (verified && !keys.every((file) => verified.isKnown(file))) unknown.push({ partition, manifest });
  }
  return {
    kind: 'table',
    name: table.name,
    files,
    ...(verified && {
      check: async () => {
        for (const { partition, manifest } of unknown) {
          const damage = await damageBehind(lake, verified, table, partition, manifest);
          if (damage) throw damage;
        }
      },
    }),
    columns: duckdbColumns(tableColumns(table.schema)),
    partitionTypes: { [table.partitionBy[0]]: 'VARCHAR', date: 'DATE' },
  };
}

function duckdbColumns(columns: readonly Column[]): LocalTable['columns'] {
  return columns.map((column) => ({
    name: column.name,
    duckdbType: duckDbType(column),
    ...(column.comment !== undefined && { comment: column.comment }),
  }));
}
