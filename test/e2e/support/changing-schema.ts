import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import * as z from 'zod';
import { civilDate } from '../../../core/calendar/civil-date.ts';
import { descriptorKey, schemaHistoryKey } from '../../../core/lake/layout.ts';
import { PartitionVersions } from '../../../core/lake/partition-versions.ts';
import { encodeDescriptor, type VersionDescriptor } from '../../../core/lake/version.ts';
import type { PipelineEvent } from '../../../core/platform.ts';
import { daily, defineSource } from '../../../core/source/define-source.ts';
import type { Partition, Source } from '../../../core/source/source.ts';
import { type LocalPlatform, openLocalPlatform } from '../../../runtime/local.ts';
import { runLocally } from '../../../runtime/local-run.ts';
import { type LoopbackSite, serveHttp } from '../../contracts/loopback-site.ts';
import { ImpatientClock } from './impatient-clock.ts';

export const DATE = civilDate('2026-03-10');
export const SHELF: Partition = { value: 'a', date: DATE };

/** What a page of the site says of a lot; a program makes its columns of it. */
export interface Lot {
  readonly line: number;
  readonly price: number;
  readonly code: string;
}

/** One version of the program: its schema, and how it reads a lot. */
export interface Program {
  readonly columns: z.ZodRawShape;
  readonly record: (lot: Lot, item: string) => Record<string, unknown>;
  readonly itemKey?: string;
  readonly rowKey?: readonly string[];
  readonly table?: string;
  readonly shelf?: string;
  readonly parserVersion?: number;
}

export const FIRST: Program = {
  columns: { item: z.string(), line: z.int32(), price: z.number().nullable(), code: z.string() },
  record: ({ line, price, code }, item) => ({ item, line, price, code }),
};

export function lotsSource(program: Program): Source {
  const { columns, record, itemKey = 'item', rowKey = [itemKey, 'line'], parserVersion = 1 } = program;
  return defineSource({
    name: 'lots',
    baseUrl: 'https://lots.example/',
    timeZone: 'UTC',
    cadence: daily({ at: '01:00', windowDays: 3 }),
    targets: [{ id: 'a' }],
    table: {
      name: program.table ?? 'lots',
      partitionBy: [program.shelf ?? 'shelf', 'date'],
      itemKey,
      rowKey: [...rowKey],
      schema: z.object(columns),
      csv: false,
    },
    retry: { attempts: 1, intervalSeconds: 1, backoffRate: 1 },
    expect: { minItems: 1, maxShrink: 0.9 },
    discover: {
      url: ({ date }) => `/list/${date}`,
      parse: ({ text }) => ({
        kind: 'items',
        items: (JSON.parse(text) as string[]).map((id) => ({ id, url: `/item/${id}` })),
      }),
    },
    parse: ({ text }, { id }) => ({
      kind: 'records',
      records: (JSON.parse(text) as Lot[]).map((lot) => record(lot, id)),
    }),
    parserVersion,
  });
}

/** A site of lots on loopback that answers 304, and one lake that programs of several versions write. */
export class ChangingSchema {
  readonly directory = mkdtempSync(join(tmpdir(), 'rescrape-schema-'));
  readonly clock = new ImpatientClock();
  readonly lots = new Map<string, readonly Lot[]>([
    ['x', [{ line: 1, price: 1675.25, code: '007' }]],
    ['y', [{ line: 1, price: 2, code: '8' }]],
  ]);
  /** Items whose pages answer 500. */
  readonly broken = new Set<string>();
  /** Path and status of every answer. */
  readonly answers: string[] = [];
  readonly warnings: string[] = [];
  readonly #site: LoopbackSite;
  readonly #opened: LocalPlatform[] = [];

  private constructor(site: LoopbackSite) {
    this.#site = site;
  }

  static async start(): Promise<ChangingSchema> {
    const here: { world?: ChangingSchema } = {};
    const site = await serveHttp((request, response) => {
      const { lots, broken, answers } = here.world!;
      const [, folder, id = ''] = (request.url ?? '').split('/');
      const body = JSON.stringify(folder === 'list' ? [...lots.keys()] : (lots.get(id) ?? null));
      const etag = `"${Buffer.from(body).toString('base64url')}"`;
      const isKnown = request.headers['if-none-match'] === etag;
      const isThere = folder === 'list' || lots.has(id);
      const status = !isThere ? 404 : broken.has(id) ? 500 : isKnown ? 304 : 200;
      if (folder !== 'robots.txt') answers.push(`${id} ${status}`);
      response.writeHead(status, { 'content-type': 'application/json', etag });
      response.end(status === 200 ? body : '');
    });
    const world = new ChangingSchema(site);
    here.world = world;
    return world;
  }

  /** A process of this program. */
  open(program: Program): LocalPlatform {
    const platform = openLocalPlatform({
      directory: this.directory,
      env: { RESCRAPE_LOTS_URL: this.#site.origin, RESCRAPE_LOTS_MIN_DELAY_MS: '0' },
      clock: this.clock,
      onEvent: (event: PipelineEvent) => {
        if (event.kind === 'warning') this.warnings.push(event.message);
      },
      sources: [lotsSource(program)],
    });
    this.#opened.push(platform);
    return platform;
  }

  /** One run of the partition by a new process of this program; what became of it. */
  async run(program: Program, { force = false } = {}) {
    const platform = this.open(program);
    this.answers.length = 0;
    const window = { source: 'lots', start: DATE, end: DATE };
    const end = await runLocally(platform, { ...window, force });
    if (end.kind !== 'finished') throw new Error(`the run ended ${end.kind}`);
    const { result } = end.summary.partitions[0]!;
    if (result === 'broken') throw new Error('publish broke');
    return { ...result, run: end.summary.run.status };
  }

  async current(program: Program): Promise<VersionDescriptor> {
    const platform = this.open(program);
    const { table } = lotsSource(program);
    return (await new PartitionVersions(platform.lake, table, SHELF).current())!.descriptor;
  }

  /** As DuckDB reads the files that the manifest names, without the lineage. */
  async rows({ table = 'lots', shelf = 'shelf' }: Program): Promise<Record<string, unknown>[]> {
    const manifest = join(this.directory, `lake/tables/${table}/${shelf}=a/date=${DATE}/manifest`);
    const files = readFileSync(manifest, 'utf8').trimEnd().split('\n');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ');
    const reader = await connection.runAndReadAll(
      `SELECT COLUMNS(c -> c NOT LIKE '\\_%' ESCAPE '\\') FROM read_parquet([${list}], hive_partitioning = false) ORDER BY ALL`,
    );
    const rows = reader.getRowObjectsJson();
    connection.closeSync();
    instance.closeSync();
    return rows;
  }

  /** The current version as a program of before schemas were kept would have written it. */
  async forgetSchema(program: Program): Promise<void> {
    const { lake } = this.open(program);
    const { schema: _, ...descriptor } = await this.current(program);
    const { table } = lotsSource(program);
    await lake.put(descriptorKey(table, SHELF, descriptor.version), encodeDescriptor(descriptor));
    await lake.delete(schemaHistoryKey(table.name));
  }

  async close(): Promise<void> {
    for (const platform of this.#opened) await platform.close();
    await this.#site[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
