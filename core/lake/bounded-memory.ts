/** Values by key that take so many bytes together at most: what comes when it is full is not kept. */
export class BoundedMemory<Value> {
  readonly #kept = new Map<string, { readonly value: Value; readonly bytes: number }>();
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** In place of what was kept under the key. */
  keep(key: string, value: Value, bytes: number): void {
    this.take(key);
    if (bytes > this.#left) return;
    this.#left -= bytes;
    this.#kept.set(key, { value, bytes });
  }

  get(key: string): Value | undefined {
    return this.#kept.get(key)?.value;
  }

  /** Gives its room free as well. */
  take(key: string): Value | undefined {
    const kept = this.#kept.get(key);
    this.#left += kept?.bytes ?? 0;
    this.#kept.delete(key);
    return kept?.value;
  }
}
