import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import * as library from './duckdb-library.ts';
import { quoteText } from './duckdb-quote.ts';
import { literalPath } from './duckdb-relation.ts';

/**
 * A database in memory that can read these files and nothing else. The order matters: once access is off,
 * neither it nor the list of paths can be changed any more, and then nothing at all.
 */
export async function openLockedInstance(files: readonly string[], threads: number): Promise<DuckDBInstance> {
  const instance = await library.DuckDBInstance.create(':memory:', {
    threads: String(threads),
    // Where a big sort spills; the default is `.tmp` in the working directory.
    temp_directory: join(tmpdir(), `rescrape-duckdb-${process.pid}`),
    // With it DuckDB may fail to read a path that was rewritten since it was read.
    enable_external_file_cache: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  try {
    // The date of an instant must not depend on the machine.
    await connection.run("SET GLOBAL TimeZone = 'UTC'");
    const allowed = new Set([...files].flatMap((file) => [file, literalPath(file)]));
    await connection.run(`SET allowed_paths = [${Array.from(allowed, quoteText).join(', ')}]`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
  } finally {
    connection.closeSync();
  }
  return instance;
}
