import { hashOf } from './object-etag.ts';
import { readBytes } from './object-file.ts';

/**
 * The file of packed objects: a line that names it, then frames. A frame is a line of JSON and, as long as
 * the line says, the body.
 */

/** The file that holds the small objects of its directory; no key has a part of this name. */
export const PACKED = '.packed';

const FORMAT = 'rescrape packed objects 1 ';
const ID_BYTES = 36;
export const HEAD_BYTES = FORMAT.length + ID_BYTES + 1;
/** More than the line of a frame has: a name, a number and a hash. */
const LINE_BYTES = 2048;
const NEWLINE = 0x0a;

export interface PackedObject {
  /** Where the body begins; bytes. */
  readonly at: number;
  readonly bytes: number;
  readonly hash: string;
}

/** What the line of a frame says; `bytes` is null where the object was removed. */
type Line =
  | { readonly name: string; readonly bytes: null }
  | { readonly name: string; readonly bytes: number; readonly hash: string };

interface Frame {
  readonly name: string;
  /** Undefined where the object was removed. */
  readonly object: PackedObject | undefined;
}

/** `id`: a UUID. */
export function headLine(id: string): Buffer {
  return Buffer.from(`${FORMAT}${id}\n`);
}

export function isHead(text: string): boolean {
  return text.length === HEAD_BYTES && text.startsWith(FORMAT) && text.endsWith('\n');
}

export function frameLine(line: Line): Buffer {
  return Buffer.from(`${JSON.stringify(line)}\n`);
}

/** The whole frames from `at` on, each with the place behind it, up to the first that is none. */
export function* readFrames(
  file: number,
  at: number,
  size: number,
): Generator<{ readonly frame: Frame; readonly end: number }> {
  for (let start = at; start < size; ) {
    const read = readFrame(file, start, size);
    if (!read) return;
    yield read;
    start = read.end;
  }
}

function readFrame(
  file: number,
  start: number,
  size: number,
): { readonly frame: Frame; readonly end: number } | undefined {
  const text = readBytes(file, start, Math.min(LINE_BYTES, size - start));
  const line = text.indexOf(NEWLINE) + 1;
  const said = line > 0 ? lineOf(text.toString('utf8', 0, line)) : undefined;
  if (!said) return undefined;
  const at = start + line;
  if (said.bytes === null) return { frame: { name: said.name, object: undefined }, end: at };
  const { name, bytes, hash } = said;
  const end = at + bytes;
  if (end > size) return undefined;
  if (hashOf(readBytes(file, at, bytes)) !== hash) return undefined;
  return { frame: { name, object: { at, bytes, hash } }, end };
}

/** Undefined for what no writer of ours has written whole. */
function lineOf(text: string): Line | undefined {
  try {
    const said = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    return isLine(said) ? said : undefined;
  } catch {
    return undefined;
  }
}

function isLine(said: Readonly<Record<string, unknown>> | null): said is Line {
  const { name, bytes, hash } = said ?? {};
  if (typeof name !== 'string') return false;
  return (
    bytes === null || (Number.isSafeInteger(bytes) && (bytes as number) >= 0 && typeof hash === 'string')
  );
}
