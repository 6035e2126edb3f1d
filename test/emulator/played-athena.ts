import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { QueryResult } from '../../core/ports/warehouse.ts';

export interface PlayedAthena {
  readonly endpoint: string;
  readonly connection: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** Every query that was started. */
  readonly queries: readonly PlayedQuery[];
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PlayedQuery {
  readonly sql: string;
  readonly parameters: readonly string[];
  readonly database: string | undefined;
  readonly workGroup: string | undefined;
  state: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
}

interface Running extends PlayedQuery {
  reason?: string;
  result?: QueryResult;
}

/**
 * Athena's API over HTTP, with another engine behind it (DuckDB): MiniStack has no symlink tables and no
 * execution parameters. Played as AWS documents it: values come as SQL literals, cells go out as text, a
 * SELECT's first row is its column names, results come in pages, mistakes of grammar are refused at the start
 * and others end the query as FAILED.
 */
export async function playAthena(engine: (sql: string) => Promise<QueryResult>): Promise<PlayedAthena> {
  const queries = new Map<string, Running>();

  const operations: Readonly<Record<string, (input: Input) => Promise<unknown>>> = {
    async StartQueryExecution({
      QueryString = '',
      ExecutionParameters = [],
      QueryExecutionContext,
      WorkGroup,
    }) {
      const id = randomUUID();
      const query: Running = {
        sql: QueryString,
        parameters: ExecutionParameters,
        database: QueryExecutionContext?.Database,
        workGroup: WorkGroup,
        state: 'RUNNING',
      };
      queries.set(id, query);
      try {
        query.result = await engine(bind(QueryString, ExecutionParameters));
        query.state = 'SUCCEEDED';
      } catch (error) {
        query.state = 'FAILED';
        query.reason = (error as Error).message;
        if (/Parser Error|one statement at a time/.test(query.reason)) throw new Refusal(query.reason);
      }
      return { QueryExecutionId: id };
    },
    async GetQueryExecution({ QueryExecutionId = '' }) {
      const { sql, state, reason } = known(QueryExecutionId);
      return {
        QueryExecution: {
          QueryExecutionId,
          StatementType: statementType(sql),
          Status: { State: state, ...(reason !== undefined && { StateChangeReason: reason }) },
        },
      };
    },
    async GetQueryResults({ QueryExecutionId = '', NextToken, MaxResults = 1000 }) {
      const { sql, result } = known(QueryExecutionId);
      if (!result) throw new Refusal('Query has not yet finished');
      const columns = result.columns.map(({ name, type }) => ({ Name: name, ...athenaType(type) }));
      const header = columns.map(({ Name }) => Name);
      const rows = result.rows.map((row) =>
        result.columns.map((column) => cellText(row[column.name], column.type)),
      );
      const all = statementType(sql) === 'DML' ? [header, ...rows] : rows;
      const start = Number(NextToken ?? 0);
      const end = start + MaxResults;
      return {
        ResultSet: {
          ResultSetMetadata: { ColumnInfo: columns },
          Rows: all.slice(start, end).map((cells) => ({
            // A NULL is a cell without a value.
            Data: cells.map((cell) => (cell === undefined ? {} : { VarCharValue: cell })),
          })),
        },
        ...(end < all.length && { NextToken: String(end) }),
      };
    },
    async StopQueryExecution({ QueryExecutionId = '' }) {
      const query = known(QueryExecutionId);
      if (query.state === 'RUNNING') query.state = 'CANCELLED';
      return {};
    },
  };

  function known(id: string): Running {
    const query = queries.get(id);
    if (!query) throw new Refusal(`QueryExecution ${id} was not found`);
    return query;
  }

  const server = createServer(async (request, response) => {
    const operation = operations[String(request.headers['x-amz-target']).split('.').at(-1) ?? ''];
    response.setHeader('Content-Type', 'application/x-amz-json-1.1');
    try {
      if (!operation) throw new Refusal('not played');
      response.end(JSON.stringify(await operation(JSON.parse(await text(request)))));
    } catch (error) {
      response.statusCode = error instanceof Refusal ? 400 : 500;
      const type = error instanceof Refusal ? 'InvalidRequestException' : 'InternalServerException';
      response.end(JSON.stringify({ __type: type, message: (error as Error).message }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return {
    endpoint,
    connection: { endpoint, region: 'eu-west-1', credentials },
    get queries() {
      return [...queries.values()];
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Input {
  readonly QueryString?: string;
  readonly ExecutionParameters?: readonly string[];
  readonly QueryExecutionContext?: { readonly Database?: string };
  readonly WorkGroup?: string;
  readonly QueryExecutionId?: string;
  readonly NextToken?: string;
  readonly MaxResults?: number;
}

class Refusal extends Error {}

/** One literal, whole: Athena would parse anything else as an expression or refuse it. */
const LITERAL = /^(?:NULL|true|false|-?\d+(?:\.\d+)?(?:E[+-]?\d+)?|'(?:[^']|'')*')$/;
/** Texts, names in quotes and comments, in which a `?` is no placeholder; and the placeholders. */
const PLACES = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\?/g;

function bind(sql: string, parameters: readonly string[]): string {
  for (const parameter of parameters) {
    if (!LITERAL.test(parameter)) throw new Refusal(`not a literal: ${parameter}`);
    if (parameter.length > 1024) throw new Refusal('Member must have length less than or equal to 1024');
  }
  let used = 0;
  const bound = sql.replace(PLACES, (place) => (place === '?' ? (parameters[used++] ?? '?') : place));
  if (used !== parameters.length) {
    throw new Refusal(`Incorrect number of parameters: expected ${used} but found ${parameters.length}`);
  }
  return bound;
}

function statementType(sql: string): 'DML' | 'UTILITY' {
  return /^\s*(?:SHOW|DESCRIBE|EXPLAIN)\b/i.test(sql) ? 'UTILITY' : 'DML';
}

function athenaType(type: string): { Type: string; Precision?: number; Scale?: number } {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  if (decimal) return { Type: 'decimal', Precision: Number(decimal[1]), Scale: Number(decimal[2]) };
  // A sum of BIGINT stays one in Athena.
  const same = type === 'HUGEINT' ? 'BIGINT' : type.replace('WITH TIME ZONE', 'with time zone');
  return { Type: same.toLowerCase() };
}

/** Athena's writing of a value that DuckDB's adapter gave as the `Warehouse` port promises it. */
function cellText(value: unknown, type: string): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (type.startsWith('TIMESTAMP')) {
    const local = String(value).replace('T', ' ').replace('Z', '');
    return type === 'TIMESTAMP' ? local : `${local} UTC`;
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
