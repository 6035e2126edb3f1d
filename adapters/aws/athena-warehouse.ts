import { randomUUID } from 'node:crypto';
import {
  AthenaClient,
  type ColumnInfo,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type GetQueryResultsCommandOutput,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import type { Clock } from '../../core/ports/clock.ts';
import {
  type QueryResult,
  type SqlValue,
  type Warehouse,
  WarehouseError,
} from '../../core/ports/warehouse.ts';
import { assertReadable } from './athena-statement.ts';
import { parameterOf, plainValue, typeOf } from './athena-value.ts';
import { awsTrouble, told } from './aws-failure.ts';
import { type AwsConnection, clientSettings, PATIENT_ATTEMPTS } from './client-settings.ts';

export interface AthenaWarehouseOptions {
  readonly database: string;
  /** Decides where results go and how much one query may scan. */
  readonly workGroup: string;
  readonly clock: Clock;
  /** @default what the SDK finds */
  readonly connection?: AwsConnection;
  /** Aborting it stops every query of this warehouse, also at Athena. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds after which a query is stopped.
   * @default 10 minutes
   */
  readonly timeoutMs?: number;
}

/**
 * Milliseconds: a query over the lake takes one to three seconds, and every look at it is a call that Athena
 * counts.
 */
const FIRST_LOOK_MS = 250;
const SLOWEST_LOOK_MS = 3_000;
const TEN_MINUTES_MS = 600_000;
/** The most that Athena gives at a time. */
const ROWS_A_PAGE = 1_000;

/**
 * The lake as Athena sees it. A statement can read and nothing else, as in the local warehouse. Values are
 * bound by Athena itself (execution parameters). A query that is not waited for to its end (abort, time-out,
 * `close`, a failure on the way) is stopped, for it would go on scanning and be paid for.
 *
 * Needs athena:StartQueryExecution, GetQueryExecution, GetQueryResults and StopQueryExecution on the
 * workgroup, beside what Athena reads with the caller's rights: the tables in Glue, the lake, the bucket of
 * the results.
 */
export function openAthenaWarehouse(options: AthenaWarehouseOptions): Warehouse {
  return new AthenaWarehouse(options);
}

class AthenaWarehouse implements Warehouse {
  readonly #options: AthenaWarehouseOptions;
  readonly #client: AthenaClient;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: AthenaWarehouseOptions) {
    this.#options = options;
    this.#client = new AthenaClient(clientSettings(options.connection ?? {}, PATIENT_ATTEMPTS));
    const signals = [this.#closing.signal, ...(options.signal ? [options.signal] : [])];
    this.#signal = AbortSignal.any(signals);
  }

  async query(sql: string, parameters: readonly SqlValue[] = []): Promise<QueryResult> {
    assertReadable(sql);
    this.#signal.throwIfAborted();
    const running = this.#run(sql, parameters.map(parameterOf));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new WarehouseError('the warehouse was closed before the query ended'));
    await Promise.allSettled(this.#running);
    this.#client.destroy();
  }

  async #run(sql: string, parameters: readonly string[]): Promise<QueryResult> {
    const id = await this.#start(sql, parameters);
    try {
      const execution = await this.#finished(id);
      return await this.#results(id, execution);
    } catch (error) {
      // Stopping what has ended already is harmless.
      if (!(error instanceof EndedQueryError)) await this.#stop(id);
      throw error;
    }
  }

  async #start(sql: string, parameters: readonly string[]): Promise<string> {
    const command = new StartQueryExecutionCommand({
      QueryString: sql,
      WorkGroup: this.#options.workGroup,
      QueryExecutionContext: { Database: this.#options.database },
      // The list may not be empty.
      ...(parameters.length > 0 && { ExecutionParameters: [...parameters] }),
      // A request that is sent twice starts one query.
      ClientRequestToken: randomUUID(),
    });
    const { QueryExecutionId } = await this.#call('athena:StartQueryExecution', () =>
      this.#client.send(command),
    );
    if (!QueryExecutionId) throw new WarehouseError('Athena started no query; run it again');
    return QueryExecutionId;
  }

  async #finished(id: string): Promise<QueryExecution> {
    const { clock, timeoutMs = TEN_MINUTES_MS } = this.#options;
    const deadline = clock.now() + timeoutMs;
    const command = new GetQueryExecutionCommand({ QueryExecutionId: id });
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(SLOWEST_LOOK_MS, pause * 1.5)) {
      await clock.sleep(pause, this.#signal);
      const { QueryExecution: execution = {} } = await this.#call('athena:GetQueryExecution', () =>
        this.#client.send(command, { abortSignal: this.#signal }),
      );
      const state = execution.Status?.State;
      if (state === 'SUCCEEDED') return execution;
      if (state === 'FAILED' || state === 'CANCELLED') throw endedBadly(execution);
      if (clock.now() >= deadline) {
        throw new WarehouseError(
          `the query was not done within ${Math.round(timeoutMs / 1000)} seconds and was stopped; narrow it by its partition columns`,
        );
      }
    }
  }

  async #results(id: string, execution: QueryExecution): Promise<QueryResult> {
    const rows: Readonly<Record<string, unknown>>[] = [];
    let columns: readonly (ColumnInfo & { readonly name: string })[] | undefined;
    let token: string | undefined;
    do {
      const page: GetQueryResultsCommandOutput = await this.#call('athena:GetQueryResults', () =>
        this.#client.send(
          new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: ROWS_A_PAGE, NextToken: token }),
          { abortSignal: this.#signal },
        ),
      );
      const cells = (page.ResultSet?.Rows ?? []).map(({ Data }) =>
        (Data ?? []).map((cell) => cell.VarCharValue),
      );
      // Only what selects comes with its column names as a first row; SHOW and DESCRIBE do not.
      if (columns === undefined && execution.StatementType === 'DML') cells.shift();
      columns ??= named(page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []);
      for (const row of cells) {
        rows.push(
          Object.fromEntries(columns.map((column, at) => [column.name, plainValue(row[at], column)])),
        );
      }
      token = page.NextToken;
    } while (token);
    return { columns: (columns ?? []).map((column) => ({ name: column.name, type: typeOf(column) })), rows };
  }

  /** The query is lost in any case: what hinders its end must not hide why. */
  async #stop(id: string): Promise<void> {
    try {
      await this.#client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    } catch {
      // Athena itself ends it at the limits of the workgroup.
    }
  }

  async #call<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#signal.throwIfAborted();
      const trouble = awsTrouble(error);
      if (trouble === undefined) throw error;
      // The mistakes of whoever wrote the SQL come as this, and then Athena's message says all there is to
      // say.
      if (trouble.name === 'InvalidRequestException')
        throw new WarehouseError(trouble.message, { cause: error });
      throw new WarehouseError(`${action} ${this.#options.workGroup}: ${told(trouble)}`, { cause: error });
    }
  }
}

/** Athena has ended the query itself. To the caller it is a `WarehouseError` like any other. */
class EndedQueryError extends WarehouseError {}

function endedBadly({ Status: status }: QueryExecution): EndedQueryError {
  const reason = (status?.StateChangeReason ?? '').replace(/\s+/g, ' ').trim();
  if (status?.State === 'CANCELLED') {
    const why = reason === '' ? 'somebody stopped it' : reason;
    const advice = /scan/i.test(reason) ? '; narrow it by its partition columns' : '';
    return new EndedQueryError(`the query was cancelled: ${why}${advice}`);
  }
  return new EndedQueryError(reason === '' ? 'the query failed, and Athena does not say why' : reason);
}

/** Columns of one name would overwrite each other in a row: `n`, `n:1`, as the local warehouse names them. */
function named(columns: readonly ColumnInfo[]): (ColumnInfo & { readonly name: string })[] {
  const seen = new Map<string, number>();
  return columns.map((column) => {
    const name = column.Name ?? '';
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return { ...column, name: before === 0 ? name : `${name}:${before}` };
  });
}
