import type { StateStore } from '../../../core/ports/state-store.ts';
import type { Source, Target } from '../../../core/source/source.ts';
import { keyColumn } from '../../../core/targets/raw-target.ts';
import type { ChangedBy } from '../../../core/targets/target-events.ts';
import { type ImportResult, type ImportRow, importTargets } from '../../../core/targets/target-import.ts';

/** Imports targets as a file of them would. Throws a RangeError that says why the first was refused. */
export async function registerTargets(
  state: StateStore,
  source: Source,
  targets: readonly (Required<Target> & { readonly name?: string })[],
  by: ChangedBy,
): Promise<ImportResult> {
  async function* rows(): AsyncGenerator<ImportRow> {
    for (const [n, { id, attributes, ...name }] of targets.entries()) {
      const texts = Object.entries(attributes).map(([key, value]) => [key, String(value)] as const);
      const cells = { [keyColumn(source)]: id, ...Object.fromEntries(texts) };
      yield { kind: 'given', line: n + 1, id, cells, ...name };
    }
  }
  const result = await importTargets(state, source, rows(), by);
  const [refused] = result.problems;
  if (refused) throw new RangeError(refused.reason);
  return result;
}
