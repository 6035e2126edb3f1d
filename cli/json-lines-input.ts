/** A line of a JSON Lines file that is not blank. `line`: from 1. */
export type JsonLine =
  | { readonly kind: 'json'; readonly line: number; readonly value: unknown; readonly text: string }
  | { readonly kind: 'broken'; readonly line: number; readonly problem: string };

/** Bytes of a line that are kept in memory: what has more is passed over, and told. */
const MOST_LINE_BYTES = 2_000_000;

const LINE_FEED = 0x0a;

/**
 * The lines of a JSON Lines file, one at a time, however many and however long they are: UTF-8 with or
 * without byte order marks, lines that end with LF or CRLF. Blank ones are left out.
 */
export async function* jsonLines(bytes: AsyncIterable<Buffer>): AsyncGenerator<JsonLine, void> {
  const line = new Line();
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      line.add(chunk.subarray(from, end));
      from = end + 1;
      const read = line.end();
      if (read) yield read;
    }
    line.add(chunk.subarray(from));
  }
  const last = line.end();
  if (last) yield last;
}

/** The line that is being read. */
class Line {
  #number = 1;
  #parts: Buffer[] = [];
  #size = 0;
  // Without `fatal` two texts that are no UTF-8 would become the same text.
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });

  add(part: Buffer): void {
    if (part.length === 0) return;
    this.#size += part.length;
    if (this.#size > MOST_LINE_BYTES) this.#parts = [];
    else this.#parts.push(part);
  }

  /** What stands in it, and on to the next; undefined where it is blank. */
  end(): JsonLine | undefined {
    const [line, size, bytes] = [this.#number++, this.#size, Buffer.concat(this.#parts)];
    this.#parts = [];
    this.#size = 0;
    if (size > MOST_LINE_BYTES)
      return { kind: 'broken', line, problem: `more than ${MOST_LINE_BYTES} bytes in one line` };
    let text: string;
    try {
      text = this.#decoder.decode(bytes).trim();
    } catch {
      return { kind: 'broken', line, problem: 'not UTF-8' };
    }
    if (text === '') return undefined;
    try {
      return { kind: 'json', line, value: JSON.parse(text), text };
    } catch {
      return { kind: 'broken', line, problem: 'not JSON' };
    }
  }
}
