import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAthenaWarehouse } from '../../../adapters/aws/athena-warehouse.ts';
import { openDuckDbWarehouse } from '../../../adapters/local/duckdb-warehouse.ts';
import type { Clock } from '../../../core/ports/clock.ts';
import { type SqlValue, WarehouseError } from '../../../core/ports/warehouse.ts';
import { warehouseContract, warehouseFixture } from '../../contracts/warehouse.contract.ts';
import { playAthena } from '../../emulator/played-athena.ts';
import { type Answer, type ScriptedService, serveScripted } from './scripted-service.ts';

/** A clock whose hands are turned by sleeping. */
function fastClock(): Clock & { readonly slept: number[] } {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
      await new Promise(setImmediate);
      signal?.throwIfAborted();
    },
  };
}

warehouseContract('the Athena warehouse', async () => {
  const types = { ...warehouseFixture.columns, ...warehouseFixture.partitions };
  const rows = warehouseFixture.rows.map((row) => {
    const cells = Object.entries(types).map(([name, type]) => {
      const value = row[name as keyof typeof row];
      const literal = value === null ? 'NULL' : `'${String(value).replace(/Z$/, '').replaceAll("'", "''")}'`;
      return `CAST(${literal} AS ${type}) AS ${name}`;
    });
    return `SELECT ${cells.join(', ')}`;
  });
  const engine = openDuckDbWarehouse({
    relations: [{ kind: 'view', name: warehouseFixture.table, sql: rows.join(' UNION ALL ') }],
  });
  const athena = await playAthena((sql) => engine.query(sql));
  const warehouse = openAthenaWarehouse({
    database: 'lake',
    workGroup: 'analysts',
    clock: fastClock(),
    connection: athena.connection,
  });
  return {
    query: (sql: string, parameters?: readonly SqlValue[]) => warehouse.query(sql, parameters),
    async close() {
      await warehouse.close();
      await athena[Symbol.asyncDispose]();
      await engine.close();
    },
  };
});

describe('the Athena warehouse', () => {
  type Script = Partial<Record<string, (input: Readonly<Record<string, unknown>>) => Answer>>;
  let service: ScriptedService;
  let script: Script;
  let clock: ReturnType<typeof fastClock>;
  beforeEach(async () => {
    script = {};
    clock = fastClock();
    service = await serveScripted(
      (operation, input) => script[operation]?.(input) ?? DEFAULTS[operation] ?? { output: {} },
    );
  });
  afterEach(() => service[Symbol.asyncDispose]());

  const ended = (State: string, StateChangeReason?: string, StatementType = 'DML'): Answer => ({
    output: { QueryExecution: { StatementType, Status: { State, StateChangeReason } } },
  });
  const DEFAULTS: Readonly<Record<string, Answer>> = {
    StartQueryExecution: { output: { QueryExecutionId: 'q-1' } },
    GetQueryExecution: ended('SUCCEEDED'),
    GetQueryResults: { output: { ResultSet: { Rows: [], ResultSetMetadata: { ColumnInfo: [] } } } },
  };
  const open = (more: { signal?: AbortSignal; timeoutMs?: number } = {}) =>
    openAthenaWarehouse({
      database: 'lake',
      workGroup: 'analysts',
      clock,
      connection: service.connection,
      ...more,
    });
  const operations = () => service.calls.map(({ operation }) => operation);
  const rowsOf = (...rows: (string | undefined)[][]) =>
    rows.map((cells) => ({ Data: cells.map((cell) => (cell === undefined ? {} : { VarCharValue: cell })) }));

  it('runs a query in its workgroup and database, with its values beside the text', async () => {
    await open().query('SELECT ?', ["x' OR '1'='1"]);
    expect(service.calls[0]?.input).toMatchObject({
      QueryString: 'SELECT ?',
      WorkGroup: 'analysts',
      QueryExecutionContext: { Database: 'lake' },
      ExecutionParameters: ["'x'' OR ''1''=''1'"],
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 'x'.repeat(1023)])(
    'refuses a value that Athena cannot take, before anything is sent',
    async (value) => {
      await expect(open().query('SELECT ?', [value])).rejects.toThrow(WarehouseError);
      expect(service.calls).toEqual([]);
    },
  );

  it.each([
    'DROP TABLE results',
    '  -- harmless\n /* really */ insert into results values (1)',
    "UNLOAD (SELECT 1) TO 's3://x/'",
    'EXPLAIN ANALYZE SELECT 1',
    'CREATE VIEW v AS SELECT 1',
  ])('refuses to write: %j', async (sql) => {
    await expect(open().query(sql)).rejects.toThrow(/^the lake can only be read: .* does not$/);
    expect(service.calls).toEqual([]);
  });

  it.each(['(SELECT 1)', 'with x as (select 1) select * from x', '-- a note\nSELECT 1', 'SHOW TABLES'])(
    'reads: %j',
    async (sql) => {
      await open().query(sql);
      expect(service.calls[0]?.input.QueryString).toBe(sql);
    },
  );

  it('looks less and less often while a query runs', async () => {
    let looks = 0;
    script.GetQueryExecution = () => ended(looks++ < 12 ? 'RUNNING' : 'SUCCEEDED');
    await open().query('SELECT 1');
    expect(clock.slept.slice(0, 3)).toEqual([250, 375, 562.5]);
    expect(clock.slept.at(-1)).toBe(3_000);
    expect(operations().at(-1)).toBe('GetQueryResults');
  });

  it('puts all pages together and drops the column names of the first one only', async () => {
    const columns = [
      { Name: 'n', Type: 'bigint' },
      { Name: 'n', Type: 'varchar' },
    ];
    script.GetQueryResults = ({ NextToken }) => ({
      output: {
        ResultSet: {
          ResultSetMetadata: { ColumnInfo: columns },
          Rows: NextToken ? rowsOf(['n', 'n']) : rowsOf(['n', 'n'], ['1', undefined]),
        },
        ...(!NextToken && { NextToken: 'next' }),
      },
    });
    // The second page begins with a row that looks like the names, and is none.
    expect(await open().query('SELECT 1')).toEqual({
      columns: [
        { name: 'n', type: 'BIGINT' },
        { name: 'n:1', type: 'VARCHAR' },
      ],
      rows: [
        { n: 1, 'n:1': null },
        { n: 'n', 'n:1': 'n' },
      ],
    });
  });

  it('keeps the first row of what is no SELECT', async () => {
    script.GetQueryExecution = () => ended('SUCCEEDED', undefined, 'UTILITY');
    script.GetQueryResults = () => ({
      output: {
        ResultSet: {
          ResultSetMetadata: { ColumnInfo: [{ Name: 'tab_name', Type: 'string' }] },
          Rows: rowsOf(['attempts']),
        },
      },
    });
    expect((await open().query('SHOW TABLES')).rows).toEqual([{ tab_name: 'attempts' }]);
  });

  describe('tells why a query did not end well', () => {
    it.each([
      [
        'FAILED',
        "COLUMN_NOT_FOUND: line 1:8: Column 'x'\n cannot be resolved",
        "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved",
      ],
      ['FAILED', undefined, 'the query failed, and Athena does not say why'],
      ['CANCELLED', undefined, 'the query was cancelled: somebody stopped it'],
      [
        'CANCELLED',
        'Bytes scanned limit was exceeded',
        'the query was cancelled: Bytes scanned limit was exceeded; narrow it by its partition columns',
      ],
    ])('%s with %j', async (state, reason, message) => {
      script.GetQueryExecution = () => ended(state, reason);
      await expect(open().query('SELECT 1')).rejects.toThrow(new WarehouseError(message));
      expect(operations()).not.toContain('StopQueryExecution');
    });

    it('refused at the start', async () => {
      script.StartQueryExecution = () => ({
        error: 'InvalidRequestException',
        message: 'line 1:8: mismatched\ninput',
      });
      await expect(open().query('SELECT')).rejects.toThrow(new WarehouseError('line 1:8: mismatched input'));
    });

    it('access denied', async () => {
      script.StartQueryExecution = () => ({
        error: 'AccessDeniedException',
        message: 'You are not authorized',
      });
      await expect(open().query('SELECT 1')).rejects.toThrow(
        /^athena:StartQueryExecution analysts: access denied; allow this action to the role \(AccessDeniedException/,
      );
    });
  });

  it('waits out throttling, and starts one query only when an answer gets lost', async () => {
    const first: Answer[] = ['drop', { error: 'TooManyRequestsException' }];
    script.StartQueryExecution = () => first.shift() ?? DEFAULTS.StartQueryExecution!;
    await open().query('SELECT 1');
    const tokens = service.calls.slice(0, 3).map(({ input }) => input.ClientRequestToken);
    expect(tokens).toEqual([tokens[0], tokens[0], tokens[0]]);
  });

  describe('stops a query that is not waited for to its end', () => {
    const stopped = () => service.calls.filter(({ operation }) => operation === 'StopQueryExecution');
    beforeEach(() => {
      script.GetQueryExecution = () => ended('RUNNING');
    });

    it('because the time is up', async () => {
      await expect(open({ timeoutMs: 60_000 }).query('SELECT 1')).rejects.toThrow(
        'the query was not done within 60 seconds and was stopped; narrow it by its partition columns',
      );
      expect(stopped().map(({ input }) => input.QueryExecutionId)).toEqual(['q-1']);
    });

    it('because it was aborted', async () => {
      const controller = new AbortController();
      const reason = new Error('interrupted');
      script.GetQueryExecution = () => {
        controller.abort(reason);
        return ended('RUNNING');
      };
      await expect(open({ signal: controller.signal }).query('SELECT 1')).rejects.toBe(reason);
      expect(stopped()).toHaveLength(1);
      await expect(open({ signal: controller.signal }).query('SELECT 1')).rejects.toBe(reason);
      expect(operations().filter((operation) => operation === 'StartQueryExecution')).toHaveLength(1);
    });

    it('because the warehouse is closed', async () => {
      const warehouse = open();
      const looked = new Promise<void>((resolve) => {
        script.GetQueryExecution = () => {
          resolve();
          return ended('RUNNING');
        };
      });
      const query = warehouse.query('SELECT 1').catch((error: unknown) => error);
      await looked;
      await warehouse.close();
      expect(await query).toEqual(new WarehouseError('the warehouse was closed before the query ended'));
      expect(stopped()).toHaveLength(1);
    });

    it('because its state cannot be read, whose reason stays the one that is told', async () => {
      script.GetQueryExecution = () => ({ error: 'AccessDeniedException' });
      script.StopQueryExecution = () => ({ error: 'AccessDeniedException' });
      await expect(open().query('SELECT 1')).rejects.toThrow(
        /^athena:GetQueryExecution analysts: access denied/,
      );
      expect(stopped()).toHaveLength(1);
    });
  });
});
