import type { DuckDBConnection } from '@duckdb/node-api';
import { fileList, type LocalTable, readParquet } from './duckdb-relation.ts';

/**
 * The first file of the tables that cannot be read to its end, or undefined where all can. For errors of
 * decompression and decoding, which do not name their file: reads everything, halving until one file is left.
 */
export async function findDamagedFile(
  connection: DuckDBConnection,
  tables: readonly LocalTable[],
): Promise<string | undefined> {
  for (const table of tables) {
    let files = table.files;
    if (await isReadable(connection, files)) continue;
    while (files.length > 1) {
      const half = files.slice(0, Math.ceil(files.length / 2));
      files = (await isReadable(connection, half)) ? files.slice(half.length) : half;
    }
    return files[0];
  }
  return undefined;
}

async function isReadable(connection: DuckDBConnection, files: readonly string[]): Promise<boolean> {
  if (files.length === 0) return true;
  try {
    // Counting rows would read the footers only; a hash has to decode every value.
    await connection.run(
      `SELECT bit_xor(hash(file)) FROM ${readParquet(fileList(files), 'by-name')} AS file`,
    );
    return true;
  } catch {
    return false;
  }
}
