import type { RemovalPolicy } from 'aws-cdk-lib';
import {
  type Database,
  DataFormat,
  type Column as GlueColumn,
  InputFormat,
  OutputFormat,
  PartitionProjectionConfiguration,
  S3Table,
  S3TableStorage,
  Schema,
  SerializationLibrary,
  type Type,
} from 'aws-cdk-lib/aws-glue';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import {
  attemptSchema,
  commitSchema,
  enrichmentSchema,
  extractionBookSchema,
  runSchema,
} from '../../core/lake/log-tables.ts';
import { targetTableColumns } from '../../core/lake/target-table.ts';
import { type Column, type ColumnType, columnsOf, tableColumns } from '../../core/schema/columns.ts';
import { isScraped, type Source } from '../../core/source/source.ts';

/** Where tables stand and where their objects are. */
export interface TablePlace {
  readonly database: Database;
  readonly bucket: IBucket;
  readonly removalPolicy: RemovalPolicy;
}

const GLUE_TYPES: Readonly<Record<Exclude<ColumnType, 'decimal'>, Type>> = {
  string: Schema.STRING,
  json: Schema.STRING,
  int32: Schema.INTEGER,
  int64: Schema.BIG_INT,
  double: Schema.DOUBLE,
  boolean: Schema.BOOLEAN,
  date: Schema.DATE,
  timestamp: Schema.TIMESTAMP,
};

/**
 * A manifest is a Hive symlink file: each line is the address of a Parquet file. Athena and Trino read it as
 * it is.
 */
const SYMLINKED_PARQUET = new DataFormat({
  inputFormat: new InputFormat('org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat'),
  outputFormat: OutputFormat.HIVE_IGNORE_KEY_TEXT,
  serializationLibrary: SerializationLibrary.PARQUET,
});

/**
 * The table of a source: the object that an engine reads under `tables/` is the one that a commit replaces.
 */
export class SourceTable extends S3Table {
  constructor(
    scope: Construct,
    id: string,
    { database, bucket, removalPolicy, source }: TablePlace & { readonly source: Source },
  ) {
    const { table } = source;
    super(scope, id, {
      database,
      tableName: table.name,
      description: `Records of ${source.name}, a partition per ${table.partitionBy[0]} and date`,
      columns: glueColumns(lineageFirst(table.schema)),
      partitionKeys: [
        { name: table.partitionBy[0], type: Schema.STRING, comment: partitionComment(source) },
        { name: 'date', type: Schema.DATE, comment: `Date in ${source.timeZone}` },
      ],
      dataFormat: SYMLINKED_PARQUET,
      storage: S3TableStorage.fromBucket(bucket),
      s3Prefix: `tables/${table.name}/`,
      parameters: { classification: 'parquet' },
      hasEncryptedData: false,
    });
    this.applyRemovalPolicy(removalPolicy);
  }
}

/**
 * No run of Rescrape is older. Every projected date costs a query without a filter one listing, so it is not
 * 1970.
 */
const FIRST_RUN_DATE = '2026-01-01';

const LOG_TABLES = {
  attempts: { schema: attemptSchema, description: 'Every try at fetching a page, successful or not' },
  commits: { schema: commitSchema, description: 'What each run did with each partition' },
  runs: { schema: runSchema, description: 'Runs that have ended, in numbers' },
  enrichments: { schema: enrichmentSchema, description: 'What was enriched of each kind on each day' },
  extraction_books: {
    schema: extractionBookSchema,
    description: 'How far each book was that a model reads, whenever that changed',
  },
} as const;

/**
 * The append-only tables. Their dates are projected, so that nothing has to be registered for a new day; so
 * is the name of the folder, because versions before wrote to `date=` instead of `run_date=` and their logs
 * are still to be read.
 */
export function addLogTables(scope: Construct, { database, bucket, removalPolicy }: TablePlace): void {
  for (const [name, { schema, description }] of Object.entries(LOG_TABLES)) {
    const table = new S3Table(scope, name, {
      database,
      tableName: name,
      description,
      columns: glueColumns(columnsOf(schema())),
      partitionKeys: [
        { name: 'run_date', type: Schema.DATE, comment: 'UTC date on which the run began' },
        {
          name: 'folder',
          type: Schema.STRING,
          comment: 'run_date; date for logs of before it was called so',
        },
      ],
      partitionProjection: {
        // NOW is the instant of the query in UTC, and so is the date of a run.
        run_date: PartitionProjectionConfiguration.date({
          min: FIRST_RUN_DATE,
          max: 'NOW',
          format: 'yyyy-MM-dd',
        }),
        folder: PartitionProjectionConfiguration.enum({ values: ['run_date', 'date'] }),
      },
      parameters: {
        'storage.location.template': `s3://${bucket.bucketName}/${name}/\${folder}=\${run_date}/`,
      },
      dataFormat: DataFormat.PARQUET,
      storage: S3TableStorage.fromBucket(bucket),
      s3Prefix: `${name}/`,
      hasEncryptedData: false,
    });
    table.applyRemovalPolicy(removalPolicy);
  }
}

/**
 * The table `targets`: an object a source and day, which is replaced as a whole. Nothing is registered for a
 * new day; a day of a source ahead of UTC begins before that of the query.
 */
export function addTargetTable(
  scope: Construct,
  { database, bucket, removalPolicy }: TablePlace,
  sources: readonly Source[],
): void {
  const table = new S3Table(scope, 'targets', {
    database,
    tableName: 'targets',
    description: 'The record of each target as it stood at the end of each day',
    columns: glueColumns(targetTableColumns()),
    partitionKeys: [
      { name: 'source', type: Schema.STRING, comment: 'Source' },
      { name: 'date', type: Schema.DATE, comment: 'Date in the time zone of the source' },
    ],
    partitionProjection: {
      source: PartitionProjectionConfiguration.enum({
        values: sources.filter(isScraped).map(({ name }) => name),
      }),
      date: PartitionProjectionConfiguration.date({
        min: FIRST_RUN_DATE,
        max: 'NOW+1DAYS',
        format: 'yyyy-MM-dd',
      }),
    },
    parameters: {
      'storage.location.template': `s3://${bucket.bucketName}/targets/source=\${source}/date=\${date}/`,
    },
    dataFormat: DataFormat.PARQUET,
    storage: S3TableStorage.fromBucket(bucket),
    s3Prefix: 'targets/',
    hasEncryptedData: false,
  });
  table.applyRemovalPolicy(removalPolicy);
}

/**
 * Trino matches the columns of a partition behind a symlink file by position, whatever it is told about
 * Parquet: a column that is new at the end of a schema leaves all others where they were.
 */
function lineageFirst(schema: Source['table']['schema']): readonly Column[] {
  const columns = tableColumns(schema);
  const own = columnsOf(schema).length;
  return [...columns.slice(own), ...columns.slice(0, own)];
}

/** The first partition column is an attribute of the targets, or their id under another name. */
function partitionComment({ name, table, targets, register }: Source): string {
  const [column] = table.partitionBy;
  const isAttribute = register
    ? column in register.attributes.shape
    : targets[0]?.attributes?.[column] !== undefined;
  return isAttribute ? `Attribute ${column} of the targets of ${name}` : `Target of ${name}`;
}

function glueColumns(columns: readonly Column[]): GlueColumn[] {
  return columns.map(({ name, type, comment, precision = 0, scale = 0 }) => ({
    name,
    type: type === 'decimal' ? Schema.decimal(precision, scale) : GLUE_TYPES[type],
    ...(comment !== undefined && { comment }),
  }));
}
