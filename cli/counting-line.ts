/** Milliseconds between two drawings. */
const REDRAW_MS = 100;

/** A line on standard error that counts while something long goes on; on a terminal only. */
export class CountingLine {
  #drawnAt = 0;
  #hasLine = false;

  at(text: string): void {
    if (process.stderr.isTTY !== true) return;
    // Only about drawing: a terminal is watched in the machine's own time, whatever clock a command works by.
    const now = performance.now();
    if (now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#hasLine = true;
    process.stderr.write(`\r\u001b[K${text}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#hasLine) process.stderr.write('\r\u001b[K');
    this.#hasLine = false;
  }
}
