import { readFileSync } from 'node:fs';
import type { DocumentName } from '../../core/ports/state-store.ts';

/** Where the keys of the state are written down, in tables. */
const DOCUMENTED = ['adapters/aws/state-table.ts', 'core/targets/keys.ts'];

/** The kinds of keys that a state has: what stands before the first `#` of a partition. */
export async function keyKinds(documents: AsyncIterable<DocumentName>): Promise<Set<string>> {
  const kinds = new Set<string>();
  for await (const { partition } of documents) kinds.add(partition.split('#')[0]!);
  return kinds;
}

/** Those of them that no table names. */
export function undocumented(kinds: Iterable<string>): string[] {
  const tables = DOCUMENTED.map((file) => readFileSync(file, 'utf8')).join('\n');
  return [...kinds].filter((kind) => !new RegExp(`\\| \`${kind}[\`#]`).test(tables));
}
