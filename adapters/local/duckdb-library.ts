import { createRequire } from 'node:module';

type Library = typeof import('@duckdb/node-api');

const require = createRequire(import.meta.url);

/**
 * What is used of DuckDB's binding, from its modules by their own names, and not by an import: that would
 * load more of them, and look for what each exports before it runs any. 20 ms of CPU.
 */
export const { DuckDBInstance } = moduleOf('DuckDBInstance');
export const { listValue } = moduleOf('values/index');
export const { BIGINT, LIST, VARCHAR } = moduleOf('DuckDBType');
export const { StatementType } = moduleOf('enums');
export const { JsonDuckDBValueConverter } = moduleOf('JsonDuckDBValueConverter');
export const {
  DuckDBDecimalValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
} = moduleOf('values/index');

function moduleOf(name: string): Library {
  return require(`@duckdb/node-api/lib/${name}.js`) as Library;
}
