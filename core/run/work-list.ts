import { parseStored } from '../lake/stored-json.ts';
import type { PartitionWork, Platform } from '../platform.ts';

/** A line for each partition, in JSON. */
export async function writeWorkList(
  { lake }: Pick<Platform, 'lake'>,
  key: string,
  work: readonly PartitionWork[],
): Promise<void> {
  const lines = work.map((partition) => `${JSON.stringify(partition)}\n`);
  await lake.put(key, new TextEncoder().encode(lines.join('')));
}

/**
 * The lines of a work list, in order. Throws where the list is not there, and a CorruptLakeError where a line
 * is none.
 */
export async function* readWorkList(
  { lake }: Pick<Platform, 'lake'>,
  key: string,
): AsyncGenerator<PartitionWork> {
  const stored = await lake.get(key);
  if (!stored) throw new Error(`there is no work list at ${key}`);
  for (const line of new TextDecoder().decode(stored.body).split('\n')) {
    if (line !== '') yield workOfLine(key, line);
  }
}

/** A list of before partitions had values of their own names their targets. */
function workOfLine(key: string, line: string): PartitionWork {
  const work = parseStored<PartitionWork & { readonly target?: string }>(key, line);
  return { ...work, value: work.value ?? work.target };
}
