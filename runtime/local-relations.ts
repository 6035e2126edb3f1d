import type { LocalRelation, LocalTable } from '../adapters/local/duckdb-relation.ts';
import { viewsOf } from '../core/audit/views.ts';
import { manifestPrefix, partitionOfManifest } from '../core/lake/layout.ts';
import { ATTEMPT_SCHEMA, COMMIT_SCHEMA, RUN_SCHEMA } from '../core/lake/log-tables.ts';
import { CorruptLakeError, manifestFiles } from '../core/lake/manifest.ts';
import { type Column, columnsOf, DUCKDB_TYPES, tableColumns } from '../core/lake/schema.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { ObjectStore } from '../core/ports/object-store.ts';
import type { Source, Table } from '../core/source/source.ts';

/**
 * The lake as the local warehouse sees it: a table for each table of a source, made of the files that its manifests name
 * at this moment; the append-only tables; the views. Throws a CorruptLakeError of one line for a manifest that is none.
 */
export async function localRelations(platform: {
  readonly lake: ObjectStore;
  readonly sources: readonly Source[];
  readonly clock: Pick<Clock, 'now'>;
}): Promise<LocalRelation[]> {
  const { lake, sources, clock } = platform;
  const relations: LocalRelation[] = [];
  for (const { table } of sources) relations.push(await sourceTable(lake, table));
  for (const [name, schema] of Object.entries(LOG_TABLES)) {
    relations.push({
      kind: 'table',
      name,
      files: await parquetFiles(lake, `${name}/`),
      columns: duckdbColumns(columnsOf(schema)),
      partitionTypes: { date: 'DATE' },
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

async function sourceTable(lake: ObjectStore, table: Table): Promise<LocalRelation> {
  const files: string[] = [];
  for await (const { key } of lake.list(manifestPrefix(table))) {
    const partition = partitionOfManifest(table, key);
    if (!partition) {
      throw new CorruptLakeError(
        `${lake.uri(key)} is no manifest of ${table.name}: query engines read every file there, so move it away`,
      );
    }
    const manifest = await lake.get(key);
    // Undefined: removed since it was listed.
    if (manifest)
      for (const file of manifestFiles(manifest, table, partition, key)) files.push(lake.uri(file));
  }
  return {
    kind: 'table',
    name: table.name,
    files,
    columns: duckdbColumns(tableColumns(table.schema)),
    partitionTypes: { [table.partitionBy[0]]: 'VARCHAR', date: 'DATE' },
  };
}

async function parquetFiles(lake: ObjectStore, prefix: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { key } of lake.list(prefix)) if (key.endsWith('.parquet')) files.push(lake.uri(key));
  return files;
}

function duckdbColumns(columns: readonly Column[]): LocalTable['columns'] {
  return columns.map(({ name, type, comment }) => ({
    name,
    duckdbType: DUCKDB_TYPES[type],
    ...(comment !== undefined && { comment }),
  }));
}
