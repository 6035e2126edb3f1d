import { Buffer } from 'node:buffer';
import { createHash, type Hash, hash } from 'node:crypto';
import type { Cell, Column, Row } from '../schema/columns.ts';

/** Lines on their way into a hash, one behind the other: a call into it costs as much as hashing a row. */
const room = Buffer.allocUnsafeSlow(64 * 1024);
/** UTF-8 takes no more for each character of a string. */
const MOST_BYTES = 3;
const NEWLINE = 0x0a;

/**
 * SHA-256 over the rows in row-key order, lineage left out: equal hashes mean that nothing a reader cares
 * about changed.
 */
export function contentHash(columns: readonly Column[], rows: readonly Row[]): string {
  const own = columns.filter((column) => !column.name.startsWith('_')).map((column) => column.name);
  const cells: Cell[] = own.map(() => null);
  let before: Hash | undefined;
  let at = 0;
  for (const row of rows) {
    fillCells(cells, own, row);
    const line = JSON.stringify(cells);
    const most = MOST_BYTES * line.length + 1;
    if (at + most > room.length) {
      before = (before ?? createHash('sha256')).update(room.subarray(0, at));
      at = 0;
    }
    if (most > room.length) before!.update(`${line}\n`);
    else {
      at += room.write(line, at);
      room[at++] = NEWLINE;
    }
  }
  const rest = room.subarray(0, at);
  return before ? before.update(rest).digest('hex') : hash('sha256', rest, 'hex');
}

/** A function of its own, for V8 compiles a loop within a loop anew for each shape that comes by outside. */
function fillCells(cells: Cell[], names: readonly string[], row: Row): void {
  for (let at = 0; at < names.length; at++) cells[at] = row[names[at]!] ?? null;
}
