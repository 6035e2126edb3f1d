import type { CopyAge } from '../fetch/copy-age.ts';
import { type Validators, validatorsOf } from '../fetch/validators.ts';
import type { PartitionJob } from '../job.ts';
import { CorruptLakeError, type CurrentVersion } from '../lake/manifest.ts';
import { PartitionVersions } from '../lake/partition-versions.ts';
import { itemOf, listedAs, rowSchemaOf, type VersionDescriptor, type VersionItem } from '../lake/version.ts';
import { tableSchema } from '../schema/table-shape.ts';
import type { ListedItem, Source } from '../source/source.ts';
import type { Learned } from './checkpoint.ts';

/** What is known of a page before it is asked for. */
export interface KnownPage {
  /** What a 304 confirms; only then is the page asked for conditionally. */
  readonly confirms?: { readonly validators: Validators; readonly learned: Learned };
  /** How old the copy is that the current version was made of. */
  readonly copy?: CopyAge;
}

/**
 * What can be asked for conditionally. Nothing where the version cannot be read: publish will say what is
 * wrong with it.
 */
export async function knownVersion({
  platform,
  source,
  partition,
}: PartitionJob): Promise<CurrentVersion | undefined> {
  const store = new PartitionVersions(platform.lake, source.table, partition);
  try {
    return await store.current();
  } catch (error) {
    if (error instanceof CorruptLakeError) return undefined;
    throw error;
  }
}

/**
 * Asked conditionally only where a 304 confirms the whole list: one page, and items or a sign that there are
 * none.
 */
export function knownIndex(source: Source, current: VersionDescriptor | undefined): KnownPage {
  if (!current) return {};
  const { index, items } = current;
  const { lastModified, asOf, sign } = index;
  const copy = { lastModified, asOf };
  const validators = validatorsFor(source, index, current.schema?.fingerprint);
  const isWhole = index.pages === undefined && (items.length > 0 || sign !== undefined);
  if (!validators || !isWhole) return { copy };
  const learned: Learned =
    items.length === 0
      ? { kind: 'empty', reason: sign! }
      : { kind: 'items', items: items.map((item) => ({ ...itemOf(item), ...statusOf(item) })) };
  return { confirms: { validators, learned }, copy };
}

/** How the index listed it. */
function statusOf(item: VersionItem): Pick<ListedItem, 'status'> {
  const status = listedAs(item);
  return status === undefined ? {} : { status };
}

/** What the current version holds of an item; nothing where it failed. */
export function knownItem(
  source: Source,
  current: VersionDescriptor | undefined,
  before: VersionItem | undefined,
): KnownPage {
  // Who sends something asks for an answer to it, and a 304 says nothing of the pages behind the first.
  if (
    !current ||
    !before ||
    before.state === 'failed' ||
    before.method === 'POST' ||
    before.pages !== undefined
  )
    return {};
  const { lastModified, asOf } = before;
  const validators = validatorsFor(source, before, rowSchemaOf(before, current));
  return {
    ...(validators && { confirms: { validators, learned: { kind: 'unchanged' } } }),
    copy: { lastModified, asOf },
  };
}

/** Only sent where the rows that a 304 would keep were made by today's parser, for today's schema. */
function validatorsFor(
  source: Source,
  page: Parameters<typeof validatorsOf>[0] & { readonly parserVersion: number },
  schema: string | undefined,
): Validators | undefined {
  if (page.parserVersion !== source.parserVersion) return undefined;
  if (schema !== tableSchema(source.table).fingerprint) return undefined;
  const validators = validatorsOf(page);
  return Object.keys(validators).length > 0 ? validators : undefined;
}
