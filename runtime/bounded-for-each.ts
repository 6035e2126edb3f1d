/**
 * Does `work` for each line, at most `limit` at once, reading a line only when there is room for it.
 * Resolves, or rejects with the reader's error, after the last started work has ended.
 */
export async function boundedForEach<Line>(
  lines: AsyncIterable<Line>,
  limit: number,
  work: (line: Line) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  let running = 0;
  let wake = () => {};
  let bug: { readonly error: unknown } | undefined;
  const oneEnds = () => new Promise<void>((resolve) => (wake = resolve));
  const ended = () => {
    running--;
    wake();
  };
  try {
    for await (const line of lines) {
      if (isOver() || bug) break;
      running++;
      work(line)
        .catch((error: unknown) => (bug ??= { error }))
        .finally(ended);
      if (running >= limit) await oneEnds();
    }
  } finally {
    while (running > 0) await oneEnds();
  }
  if (bug) throw bug.error;
}
