import type { StateDocument, StateStore } from '../ports/state-store.ts';

/**
 * The first document of each group of a partition of the store, in their order: those are one group whose
 * names begin with the same `<group>#`. A read for each group; its other documents are skipped.
 */
export async function* firstOfEachGroup(
  state: StateStore,
  partition: string,
  groupOf: (document: StateDocument) => string,
): AsyncGenerator<StateDocument> {
  let from: string | undefined;
  for (;;) {
    const next = state.query(partition, { limit: 1, ...(from !== undefined && { from }) });
    const [document] = await Array.fromAsync(next);
    if (!document) return;
    yield document;
    // `$` follows upon `#`.
    from = `${groupOf(document)}$`;
  }
}
