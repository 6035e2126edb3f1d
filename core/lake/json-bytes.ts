import { Buffer } from 'node:buffer';

/** JSON that is put together of texts, and of bytes that are JSON already. */
export class JsonBytes {
  readonly #pieces: (string | Uint8Array)[] = [];
  #length = 0;

  add(piece: string | Uint8Array): void {
    this.#pieces.push(piece);
    this.#length += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** All of it, each piece copied once, and behind it other bytes. */
  with(after: Uint8Array): Buffer {
    const whole = Buffer.allocUnsafeSlow(this.#length + after.length);
    let at = 0;
    for (const piece of this.#pieces) {
      if (typeof piece === 'string') at += whole.write(piece, at);
      else {
        whole.set(piece, at);
        at += piece.length;
      }
    }
    whole.set(after, at);
    return whole;
  }
}

/** The JSON of an object with properties, up to where a further one of them may stand. */
export function openJson(value: object): string {
  return `${JSON.stringify(value).slice(0, -1)},`;
}
