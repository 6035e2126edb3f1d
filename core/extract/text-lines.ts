const NEW_LINE = 0x0a;

/** A line without its end; of one that is longer than allowed, the beginning. */
export interface TextLine {
  readonly text: string;
  readonly isWhole: boolean;
}

/**
 * The lines of a UTF-8 text that comes in pieces of bytes: split at `\n` and nowhere else, because JSON may
 * hold U+2028 and U+0085 as they are. Lines of white space are left out. `maxBytes`: of one line.
 */
export async function* textLines(
  pieces: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<TextLine, void> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const line = (): TextLine => {
    const text = Buffer.concat(parts).toString('utf8');
    const isWhole = bytes <= maxBytes;
    parts = [];
    bytes = 0;
    return { text: text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text, isWhole };
  };
  const take = (part: Uint8Array) => {
    const room = maxBytes - bytes;
    bytes += part.length;
    if (room > 0) parts.push(part.subarray(0, room));
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf(NEW_LINE); end >= 0; end = piece.indexOf(NEW_LINE, from)) {
      take(piece.subarray(from, end));
      from = end + 1;
      const complete = line();
      if (complete.text.trim() !== '') yield complete;
    }
    take(piece.subarray(from));
  }
  const last = line();
  if (last.text.trim() !== '') yield last;
}

const BYTE_ORDER_MARK = 0xfeff;
