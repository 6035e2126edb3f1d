import { isDeepStrictEqual } from 'node:util';
import { type PartitionProgress, ProgressStore } from '../extract/book-progress.ts';
import type { PublisherContext } from '../extract/extract-context.ts';
import type { ExtractionTable } from '../extract/extraction.ts';
import { changedPagePartitions, pageChangeWrite, publishedWrites } from '../extract/page-changes.ts';
import type { Platform } from '../platform.ts';
import {
  endPublication,
  type Making,
  type Publication,
  type PublicationOptions,
  type PublishedPartition,
  publishPartition,
} from '../publish-derived/publish-partition.ts';
import { tableSchema } from '../schema/table-shape.ts';
import { extractionOf } from '../source/derived.ts';
import type { Source } from '../source/source.ts';
import { writeEach } from '../state/write-each.ts';
import { type LabelledPartition, labelledNow, partitionKey, unlabelled } from './labelled-now.ts';
import { pageResult, type ReadMark, readMarks } from './page-result.ts';
import { logProgress } from './progress-log.ts';

/** A table with the source that it is in the platform. */
interface TableOf {
  readonly table: ExtractionTable;
  readonly source: Source;
}

/**
 * Commits what became of pages into the tables of an extraction, one partition after the other: those with a
 * page that ended a try since, or whose labelled pages stand otherwise than was published. Labels and records
 * of pages are looked at once. Where nothing changed nothing is written. It may die at any point and be begun
 * anew, and any number may be under way: each partition belongs to one of them.
 */
export async function publishExtraction(
  platform: Platform,
  context: PublisherContext,
  { isAlone = false, mustStop = () => false }: PublicationOptions = {},
): Promise<Publication> {
  const { name, tables } = context.extraction;
  const runId = platform.newId();
  const found = tables.flatMap((table): TableOf[] => {
    const source = platform.sources.find(
      (each) => extractionOf(each) === name && each.table.name === table.table,
    );
    // Where its table is not valid the commands say so.
    return source ? [{ table, source }] : [];
  });
  const publishing = new Publishing(platform, context, found, { runId, isAlone });
  const labelled = await publishing.look();
  if (labelled.length > 0 && labelled.every(({ pages }) => pages.length === 0)) {
    const message = `the library of ${name} has no labelled page; its tables stay as they are`;
    platform.emit({ kind: 'warning', message });
    return { runId, partitions: [], isStopped: false };
  }
  const partitions: PublishedPartition[] = [];
  let isStopped = false;
  for (const each of labelled) {
    isStopped ||= mustStop();
    if (isStopped) break;
    partitions.push(...(await publishing.partition(each)));
  }
  await logProgress(platform, new ProgressStore(platform.state, name), name, labelled, runId);
  await endPublication(platform, 'extraction', { runId, isAlone }, partitions);
  return { runId, partitions, isStopped };
}

class Publishing {
  readonly #platform: Platform;
  readonly #context: PublisherContext;
  readonly #tables: readonly TableOf[];
  readonly #publication: { readonly runId: string; readonly isAlone: boolean };
  readonly #store: ProgressStore;
  readonly #before = new Map<string, PartitionProgress>();
  readonly #marked = new Set<string>();
  #seenAt = 0;

  constructor(
    platform: Platform,
    context: PublisherContext,
    tables: readonly TableOf[],
    publication: { readonly runId: string; readonly isAlone: boolean },
  ) {
    this.#platform = platform;
    this.#context = context;
    this.#tables = tables;
    this.#publication = publication;
    this.#store = new ProgressStore(platform.state, context.extraction.name);
  }

  /** Every partition that there is something to say of, in the order of their names. */
  async look(): Promise<LabelledPartition[]> {
    const { state } = this.#platform;
    const { extraction } = this.#context;
    this.#seenAt = this.#platform.clock.now();
    const found = await labelledNow(this.#context);
    const add = (partition: LabelledPartition['partition']) => {
      const key = partitionKey(partition);
      if (!found.has(key)) found.set(key, unlabelled(partition));
      return key;
    };
    for await (const { partition, progress } of this.#store.list())
      this.#before.set(add(partition), progress);
    for await (const partition of changedPagePartitions(state, extraction.name))
      this.#marked.add(add(partition));
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, labelled]) => labelled);
  }

  /** Nothing where it is as it was published. */
  async partition(labelled: LabelledPartition): Promise<PublishedPartition[]> {
    const { state } = this.#platform;
    const { partition, books } = labelled;
    const fingerprint = this.#publishedAs(labelled);
    const key = partitionKey(partition);
    const before = this.#before.get(key);
    const isPublished = before?.published === fingerprint && before.unreadable === 0;
    const seen = { books, unreadable: before?.unreadable ?? 0, seenAt: this.#seenAt };
    if (isPublished && !this.#marked.has(key)) {
      if (!isDeepStrictEqual(before.books, books))
        await this.#put(partition, { ...seen, published: fingerprint });
      return [];
    }
    // Whoever asks until it is published is told that it is not.
    if (before?.published !== fingerprint) await this.#put(partition, { ...seen, published: null });
    if (this.#tables.length === 0) return [];
    let marks: readonly ReadMark[] = [];
    let unreadable = 0;
    const { name } = this.#context.extraction;
    const making: Making = {
      resultOf: async (job, beforeIt) => {
        const { table, source } = this.#tables.find((each) => each.source.name === job.source.name)!;
        // Those of the first table: what is marked later is read again by the next publication.
        if (source === this.#tables[0]!.source) marks = await readMarks(this.#context, partition);
        const made = await pageResult(this.#context, table, job, labelled, marks, beforeIt, this.#seenAt);
        ({ unreadable } = made);
        return made.result;
      },
      published: async () => {
        await this.#put(partition, { ...seen, unreadable, published: fingerprint });
        const removals = marks.map(({ change, record }) =>
          publishedWrites(name, this.#context.pages, change, record),
        );
        await writeEach(state, removals);
      },
      markAgain: async () => {
        await this.#put(partition, { ...seen, unreadable, published: null });
        for (const { change } of marks) await state.write([pageChangeWrite(name, change.page)]);
      },
    };
    const sources = this.#tables.map(({ source }) => source);
    const place = { from: 'extraction', owner: name, partition } as const;
    return publishPartition(this.#platform, sources, place, this.#publication, making);
  }

  /** What was published: the labelled pages as they were, in tables of these schemas. */
  #publishedAs({ fingerprint }: LabelledPartition): string {
    const schemas = this.#tables.map(({ source }) => tableSchema(source.table).fingerprint);
    return [fingerprint, ...schemas].join('-');
  }

  async #put(partition: LabelledPartition['partition'], progress: PartitionProgress): Promise<void> {
    await this.#platform.state.write([this.#store.write(partition, progress)]);
  }
}
