import { Buffer } from 'node:buffer';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { civilDate } from '../../core/calendar/civil-date.ts';
import { viewsOf } from '../../core/completeness/views.ts';
import { withEntityTables } from '../../core/enrich/entity-source.ts';
import { withExtractionTables } from '../../core/extract/extraction-source.ts';
import {
  earlierLogPrefix,
  type LogTable,
  manifestPrefix,
  runLogKey,
  targetTableKey,
} from '../../core/lake/layout.ts';
import { targetTableColumns } from '../../core/lake/target-table.ts';
import type { Warehouse } from '../../core/ports/warehouse.ts';
import { tableColumns } from '../../core/schema/columns.ts';
import { sourcesTogether } from '../../core/source/sources-together.ts';
import { VIEW_COLUMNS } from '../../lib/constructs/view-columns.ts';
import { namedQueriesOf } from '../../lib/named-queries.ts';
import { type LocalPlatform, openLocalPlatform } from '../../runtime/local.ts';
import { openLocalWarehouse } from '../../runtime/local-warehouse.ts';
import { ENRICHERS } from '../../sources/enrichers.ts';
import { EXTRACTIONS } from '../../sources/extractions.ts';
import { listedSources, sources } from '../../sources/index.ts';
import { Synthesized } from './synthesized.ts';

const prod = new Synthesized({ stage: 'prod' });
const tables = prod.all('AWS::Glue::Table').map(({ Properties }) => Properties.TableInput);
const tableNamed = (name: string) => tables.find(({ Name }) => Name === name);
const locationOf = (name: string): string =>
  tableNamed(name).StorageDescriptor.Location['Fn::Join'][1].at(-1).replace(/^\//, '');

/** With the tables of entities. */
const everySource = sourcesTogether(
  withExtractionTables(withEntityTables(listedSources, ENRICHERS), EXTRACTIONS),
).sources;

describe.each(everySource)('the table of $name', ({ table }) => {
  const made = tableNamed(table.name);

  it('lies over the manifests, which name the files of the current versions', () => {
    expect(locationOf(table.name)).toBe(manifestPrefix(table));
    expect(made.StorageDescriptor.InputFormat).toBe('org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat');
    expect(made.StorageDescriptor.SerdeInfo.SerializationLibrary).toBe(
      'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
    );
  });

  it('has the lineage, then the columns of the schema in their order, each with its comment', () => {
    const columns = made.StorageDescriptor.Columns as readonly { Name: string; Comment?: string }[];
    const isLineage = (name: string) => name.startsWith('_');
    const stored = tableColumns(table.schema);
    expect(columns.map(({ Name, Comment }) => [Name, Comment])).toEqual(
      [...stored.filter(({ name }) => isLineage(name)), ...stored.filter(({ name }) => !isLineage(name))].map(
        ({ name, comment }) => [name, comment],
      ),
    );
    expect(columns.findIndex(({ Name }) => !isLineage(Name))).toBe(5);
  });

  it('is partitioned by target and date', () => {
    const keys = made.PartitionKeys as readonly { Name: string; Type: string }[];
    expect(keys.map(({ Name, Type }) => [Name, Type])).toEqual([
      [table.partitionBy[0], 'string'],
      ['date', 'date'],
    ]);
  });
});

describe('the append-only tables', () => {
  const day = civilDate('2026-11-22');
  const tables: readonly LogTable[] = ['attempts', 'commits', 'runs'];

  it.each(tables)('%s lies where its files are and were, its dates and folders projected', (name) => {
    const key = runLogKey(name, day, 'run');
    expect(key.startsWith(`${locationOf(name)}run_date=2026-11-22/`)).toBe(true);
    expect(earlierLogPrefix(name)).toBe(`${locationOf(name)}date=`);
    expect(tableNamed(name).PartitionKeys).toMatchObject([
      { Name: 'run_date', Type: 'date' },
      { Name: 'folder', Type: 'string' },
    ]);
    const template = JSON.stringify(tableNamed(name).Parameters['storage.location.template']);
    expect(template).toContain(`/${name}/\${folder}=\${run_date}/"`);
    expect(tableNamed(name).Parameters).toMatchObject({
      'projection.enabled': 'true',
      'projection.run_date.type': 'date',
      'projection.folder.type': 'enum',
      'projection.folder.values': 'run_date,date',
      'projection.run_date.format': 'yyyy-MM-dd',
      'projection.run_date.range': '2026-01-01,NOW',
    });
  });
});

describe('the table of targets', () => {
  it('lies where its days are, its sources and dates projected', () => {
    const key = targetTableKey('racing', civilDate('2026-11-22'));
    expect(key).toBe(`${locationOf('targets')}source=racing/date=2026-11-22/targets.parquet`);
    const { PartitionKeys, Parameters, StorageDescriptor } = tableNamed('targets');
    expect(PartitionKeys).toMatchObject([
      { Name: 'source', Type: 'string' },
      { Name: 'date', Type: 'date' },
    ]);
    expect(StorageDescriptor.Columns.map(({ Name }: { Name: string }) => Name)).toEqual(
      targetTableColumns().map(({ name }) => name),
    );
    expect(JSON.stringify(Parameters['storage.location.template'])).toContain(
      `/targets/source=\${source}/date=\${date}/"`,
    );
    expect(Parameters).toMatchObject({
      'projection.enabled': 'true',
      'projection.source.type': 'enum',
      'projection.source.values': sources.map(({ name }) => name).join(','),
      'projection.date.format': 'yyyy-MM-dd',
      // A source ahead of UTC is a day further.
      'projection.date.range': '2026-01-01,NOW+1DAYS',
    });
  });
});

describe('views and saved queries', () => {
  let directory: string;
  let platform: LocalPlatform;
  let warehouse: Warehouse;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'rescrape-catalog-'));
    platform = openLocalPlatform({ directory, env: {} });
    warehouse = await openLocalWarehouse(platform);
  });
  afterAll(async () => {
    await warehouse.close();
    await platform.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Widened as `view-columns.ts` says. */
  const DECLARED: Readonly<Record<string, string>> = {
    VARCHAR: 'string',
    INTEGER: 'bigint',
    BIGINT: 'bigint',
    DOUBLE: 'double',
    BOOLEAN: 'boolean',
    DATE: 'date',
    TIMESTAMP: 'timestamp',
  };

  it.each(viewsOf(everySource))(
    '$name is declared with the columns that the engine gives it',
    async ({ name }) => {
      const { columns } = await warehouse.query(`SELECT * FROM ${name} LIMIT 0`);
      const given = columns.map((column) => [column.name, DECLARED[column.type] ?? column.type]);
      expect(Object.entries(VIEW_COLUMNS[name] ?? {})).toEqual(given);
    },
  );

  it.each(viewsOf(everySource))(
    '$name is in the catalog as Athena would have written it, and Trino can read it',
    ({ name, sql }) => {
      const made = tableNamed(name);
      expect(made).toMatchObject({
        TableType: 'VIRTUAL_VIEW',
        Parameters: { presto_view: 'true', comment: 'Presto View' },
      });
      // Trino takes it for the comment by which it knows a view.
      expect(made).not.toHaveProperty('Description');
      const encoded = /^\/\* Presto View: (\S+) \*\/$/.exec(made.ViewOriginalText)?.[1] ?? '';
      const definition = JSON.parse(Buffer.from(encoded, 'base64').toString());
      expect(definition).toMatchObject({
        originalSql: sql.trim(),
        catalog: 'awsdatacatalog',
        schema: 'rescrape_prod',
        owner: 'rescrape',
        runAsInvoker: false,
        path: [],
      });
      expect(definition).not.toHaveProperty('comment');
      const names = (columns: readonly { name?: string; Name?: string }[]) =>
        columns.map((c) => c.name ?? c.Name);
      expect(names(definition.columns)).toEqual(names(made.StorageDescriptor.Columns));
    },
  );

  it('declare no view that is gone', () => {
    expect(Object.keys(VIEW_COLUMNS).sort()).toEqual(
      viewsOf(everySource)
        .map(({ name }) => name)
        .sort(),
    );
  });

  it.each(namedQueriesOf(everySource))('$name runs', async ({ sql }) => {
    await expect(warehouse.query(sql)).resolves.toMatchObject({ rows: [] });
  });

  it('are saved in the workgroup, which limits what a query may read', () => {
    const saved = prod.all('AWS::Athena::NamedQuery').map(({ Properties }) => Properties.Name);
    expect(saved.sort()).toEqual(
      namedQueriesOf(everySource)
        .map(({ name }) => name)
        .sort(),
    );
    const [workGroup] = prod.all('AWS::Athena::WorkGroup');
    expect(workGroup!.Properties.WorkGroupConfiguration).toMatchObject({
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: 10 * 1024 ** 3,
      ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } },
    });
  });
});

describe('docs/sql.md', () => {
  const text = readFileSync(new URL('../../docs/sql.md', import.meta.url), 'utf8');
  const columnsNamed = (name: string): readonly string[] =>
    Object.keys(VIEW_COLUMNS[name] ?? {}).concat(
      (tableNamed(name)?.StorageDescriptor.Columns ?? []).map(({ Name }: { Name: string }) => Name),
    );

  it('names every view, and no view or column that there is not', () => {
    for (const { name } of viewsOf(everySource)) expect(text).toContain(`\`${name}\``);
    const here = text
      .split('## Names elsewhere')[1]!
      .split('\n')
      .map((line) => line.split('|')[2] ?? '');
    const columns = here.flatMap((cell) => [...cell.matchAll(/`(v_\w+|attempts|targets)\.(\w+)`/g)]);
    expect(columns.length).toBeGreaterThan(20);
    for (const [, relation = '', column] of columns) expect(columnsNamed(relation)).toContain(column);
  });
});
