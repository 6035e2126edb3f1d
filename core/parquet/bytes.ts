const encoder = new TextEncoder();

/** Bytes that are appended to, little-endian. What is longer than it has room for makes it twice as large. */
export class Bytes {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(room: number) {
    this.#bytes = new Uint8Array(room);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** Without a copy: what is appended or cleared later may be seen in it. */
  subarray(start = 0, end = this.#length): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setInt32(at, value, true);
  }

  /** An integer of less than 64 bits; those of more than 53 as the number has them. */
  int64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setUint32(at, value >>> 0, true);
    this.#view.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  double(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value, true);
  }

  /** LEB128 of a whole number that is not negative. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  append(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** UTF-8 behind its length in four bytes. */
  text(text: string): void {
    // A unit of UTF-16 takes three bytes at most.
    const at = this.#reserve(4 + 3 * text.length);
    const end = this.#ascii(text, at + 4) ?? this.#utf8(text, at + 4);
    this.#view.setUint32(at, end - at - 4, true);
    this.#length = end;
  }

  /** UTF-8 behind its length in LEB128. */
  varintText(text: string): void {
    const at = this.#reserve(1 + text.length);
    const end = text.length < 0x80 ? this.#ascii(text, at + 1) : undefined;
    this.#length = at;
    if (end === undefined) {
      const bytes = encoder.encode(text);
      this.varint(bytes.length);
      this.append(bytes);
    } else {
      this.#bytes[at] = text.length;
      this.#length = end;
    }
  }

  /** Where the text ends; undefined where not all of it is ASCII. Of short texts a call out costs more. */
  #ascii(text: string, start: number): number | undefined {
    const bytes = this.#bytes;
    let end = start;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit >= 0x80) return undefined;
      bytes[end++] = unit;
    }
    return end;
  }

  #utf8(text: string, start: number): number {
    return start + encoder.encodeInto(text, this.#bytes.subarray(start)).written;
  }

  /** Where they begin. The bytes and their view may be others afterwards. */
  #reserve(count: number): number {
    const at = this.#length;
    if (at + count > this.#bytes.length) this.#grow(count);
    this.#length = at + count;
    return at;
  }

  #grow(count: number): void {
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
