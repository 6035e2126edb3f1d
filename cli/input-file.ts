import { createReadStream } from 'node:fs';
import { FailedCommand } from './failure.ts';
import { FILE_REASONS } from './output-file.ts';

/** Stands for standard input where a command takes a file. */
const STANDARD_INPUT = '-';

/** The bytes of a file. Throws a FailedCommand of one line where it cannot be read, or is UTF-16. */
export async function* fileBytes(path: string): AsyncGenerator<Buffer, void> {
  yield* bytesOf(path, createReadStream(path));
}

/** The same, where `-` stands for standard input. */
export async function* inputBytes(path: string): AsyncGenerator<Buffer, void> {
  if (path === STANDARD_INPUT) yield* bytesOf('standard input', process.stdin);
  else yield* fileBytes(path);
}

async function* bytesOf(name: string, stream: AsyncIterable<unknown>): AsyncGenerator<Buffer, void> {
  let isFirst = true;
  try {
    for await (const chunk of stream) {
      const bytes = chunk as Buffer;
      if (isFirst && isUtf16(bytes)) throw new FailedCommand(`${name} is UTF-16: save it as UTF-8`);
      isFirst = false;
      yield bytes;
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new FailedCommand(`cannot read ${name}: ${READ_REASONS[code] ?? message}`);
  }
}

function isUtf16(bytes: Buffer): boolean {
  const [first, second] = bytes;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

const READ_REASONS: Readonly<Record<string, string>> = { ...FILE_REASONS, ENOENT: 'there is no such file' };
