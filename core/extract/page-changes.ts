import type { PageKey } from '../ports/page-library.ts';
import type { StateDocument, StateStore, StateWrite } from '../ports/state-store.ts';
import { firstOfEachGroup } from '../state/skip-scan.ts';
import { pageKeyText, pageOfKey, partitionOfPage } from './page-key.ts';
import type { PageStore } from './page-store.ts';

/** A page of which something is to be published: written in the transaction that ended a try of it. */
export interface PageChange {
  readonly page: PageKey;
  /** Of the marker: it is removed only where nothing was marked since it was read. */
  readonly revision: number;
}

export type PagePartition = ReturnType<typeof partitionOfPage>;

/** Marks a page as changed since its partition was published. */
export function pageChangeWrite(extraction: string, page: PageKey): StateWrite {
  return { kind: 'put', ...placeOf(extraction, page), value: {} };
}

/**
 * Removes the marker of a page that was published, on condition that neither it nor the record of the page
 * has changed since they were read: the record too, because a marker that was removed and written again
 * begins at revision 1 anew. `record`: its revision, 0 for none.
 */
export function publishedWrites(
  extraction: string,
  pages: PageStore,
  { page, revision }: PageChange,
  record: number,
): StateWrite[] {
  return [
    { kind: 'delete', ...placeOf(extraction, page), expect: revision },
    pages.check(pageKeyText(page), record),
  ];
}

/** The partitions with something to publish, each once: its markers are skipped, not read. */
export async function* changedPagePartitions(
  state: StateStore,
  extraction: string,
): AsyncGenerator<PagePartition> {
  const partitionOf = ({ sort }: StateDocument) => sort.split('#').slice(0, 2).join('#');
  for await (const document of firstOfEachGroup(state, partitionKey(extraction), partitionOf))
    yield partitionOfPage(changeOf(document).page);
}

/** The changed pages of a partition. */
export async function* pageChangesOf(
  state: StateStore,
  extraction: string,
  { value, date }: PagePartition,
): AsyncGenerator<PageChange> {
  const query = state.query(partitionKey(extraction), { prefix: `${value}#${date}#` });
  for await (const document of query) yield changeOf(document);
}

function partitionKey(extraction: string): string {
  return `extract-changes#${extraction}`;
}

function placeOf(extraction: string, page: PageKey) {
  const { value, date } = partitionOfPage(page);
  return { partition: partitionKey(extraction), sort: `${value}#${date}#${pageKeyText(page)}` };
}

function changeOf({ sort, revision }: StateDocument): PageChange {
  return { page: pageOfKey(sort.split('#').slice(2).join('#')), revision };
}
