import type { Batch, Tokens } from './batch.ts';

/** What the answers of one model to one prompt used. */
export interface Usage {
  readonly model: string;
  readonly promptVersion: string;
  readonly batches: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly tokens: Tokens;
  /** US dollars, of the batches whose cost is known. */
  readonly costUsd: number;
}

/** Sums what batches used, by model and prompt; those whose results were not read add nothing. */
export async function usageOf(batches: AsyncIterable<Batch> | Iterable<Batch>): Promise<Usage[]> {
  const sums = new Map<string, Usage>();
  for await (const { model, promptVersion, counts, tokens, costUsd } of batches) {
    if (!counts) continue;
    const name = `${model} ${promptVersion}`;
    const before = sums.get(name);
    sums.set(name, {
      model,
      promptVersion,
      batches: (before?.batches ?? 0) + 1,
      succeeded: (before?.succeeded ?? 0) + counts.succeeded,
      failed: (before?.failed ?? 0) + counts.failed,
      tokens: {
        input: (before?.tokens.input ?? 0) + (tokens?.input ?? 0),
        output: (before?.tokens.output ?? 0) + (tokens?.output ?? 0),
      },
      costUsd: (before?.costUsd ?? 0) + (costUsd ?? 0),
    });
  }
  return [...sums.values()];
}
