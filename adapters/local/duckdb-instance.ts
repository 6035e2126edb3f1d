import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { listNamed, setFiles } from './duckdb-files.ts';
import * as library from './duckdb-library.ts';
import { literalPath } from './duckdb-relation.ts';

export interface LockedDatabase {
  readonly connection: DuckDBConnection;
  close(): void;
}

/** The list of what may be read. */
const ALLOWED = 'allowed files';

/**
 * A database in memory that can read these files and nothing else. The order matters: once access is off,
 * neither it nor the list of paths can be changed any more, and then nothing at all.
 */
export async function openLockedDatabase(files: readonly string[], threads: number): Promise<LockedDatabase> {
  const instance = await library.DuckDBInstance.create(':memory:', {
    threads: String(threads),
    // Where a big sort spills; the default is `.tmp` in the working directory.
    temp_directory: join(tmpdir(), `rescrape-duckdb-${process.pid}`),
    // With it DuckDB may fail to read a path that was rewritten since it was read.
    enable_external_file_cache: 'false',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  try {
    return await locked(instance, files);
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

async function locked(instance: DuckDBInstance, files: readonly string[]): Promise<LockedDatabase> {
  const connection = await instance.connect();
  // The date of an instant must not depend on the machine.
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  const allowed = [...new Set(files.flatMap((file) => [file, literalPath(file)]))];
  if (allowed.length > 0) {
    await setFiles(connection, ALLOWED, allowed);
    await connection.run(`SET allowed_paths = ${listNamed(ALLOWED)}`);
  }
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  return { connection, close };
}
