import { readCaptures } from '../capture/warc.ts';
import type { Capture } from '../capture/warc-writer.ts';
import { captureFiles } from '../lake/layout.ts';
import type { Row } from '../lake/schema.ts';
import type {
  IndexResult,
  ItemContent,
  ItemResult,
  PageEvidence,
  ScrapeResult,
} from '../lake/scrape-result.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Item, Partition, Source } from '../source/source.ts';
import { datesBetween } from '../window/civil-date.ts';
import type { DateRange } from '../window/window.ts';
import { type AttemptContext, pageValidators } from './attempt.ts';
import type { Learned } from './checkpoint.ts';
import type { Platform } from './platform.ts';
import { type PublishResult, publishResult } from './publish.ts';
import { recordPublish } from './publish-record.ts';
import { type Asked, readResponse } from './read-page.ts';

/** How a partition came out of being parsed again. `no-captures`: there is nothing to parse. */
export interface Reparsed {
  readonly partition: Partition;
  readonly result: PublishResult | 'no-captures';
  /** Pages that today's parser reads. */
  readonly pages: number;
  /** Pages that it cannot read either, with why. */
  readonly unreadable: readonly { readonly item: string; readonly outcome: Outcome }[];
}

/**
 * Reads the captures of a range of partitions with today's parser and publishes what comes out; no request is sent.
 * Of each page the newest capture that can be read counts; what was never captured stays as it is.
 */
export async function* reparse(
  platform: Platform,
  source: Source,
  range: DateRange,
  targets: readonly string[] = source.targets.map(({ id }) => id),
): AsyncGenerator<Reparsed> {
  const runId = platform.newId();
  for (const date of datesBetween(range.start, range.end)) {
    for (const target of targets)
      yield reparsePartition({ platform, source, runId, partition: { target, date } });
  }
}

async function reparsePartition(context: AttemptContext): Promise<Reparsed> {
  const { platform, source, runId, partition } = context;
  const captures = await Captures.of(context);
  const index = captures.read(source.discover.url(partition), { kind: 'index', item: INDEX, known: [] });
  if (index.learned?.kind !== 'items') {
    return {
      partition,
      result: 'no-captures',
      pages: 0,
      unreadable: index.outcome ? [{ item: INDEX.id, outcome: index.outcome }] : [],
    };
  }
  const items = index.learned.items.map((item): ItemResult => {
    const read = captures.read(item.url, { kind: 'item', item });
    return { item, attempts: 0, content: contentOf(read) };
  });
  const result: ScrapeResult = {
    runId,
    origin: 'captures',
    source: source.name,
    partition,
    parserVersion: source.parserVersion,
    index: indexOf(context, index),
    items,
    attempts: 0,
    wireBytes: 0,
  };
  const answer = await publishResult(context, result);
  await recordPublish(context, result, answer, 'reparse');
  platform.emit({ kind: 'published', source: source.name, partition, result: answer });
  const unreadable = items.flatMap(({ item, content }) =>
    content.kind === 'failed' ? [{ item: item.id, outcome: content.outcome }] : [],
  );
  const pages = items.filter(({ content }) => content.kind === 'records' || content.kind === 'empty').length;
  return { partition, result: answer, pages, unreadable };
}

const INDEX: Item = { id: 'index', url: '' };

/** What the captures say of one page: the newest that can be read, else why the newest cannot. */
interface Read {
  readonly learned?: Learned;
  readonly found?: Found;
  readonly outcome?: Outcome;
}

interface Found {
  readonly capture: Capture;
  /** `key#offset` */
  readonly place: string;
  readonly runId: string;
}

function contentOf({ learned, found, outcome }: Read): ItemContent {
  if (!learned || !found) return outcome ? { kind: 'failed', outcome } : { kind: 'unseen' };
  const evidence = evidenceOf(found);
  if (learned.kind !== 'records')
    return { kind: 'empty', reason: learned.kind === 'empty' ? learned.reason : '', evidence };
  const lineage = {
    _run_id: found.runId,
    _source_url: found.capture.response.url,
    _scraped_at: new Date(found.capture.fetchedAt).toISOString(),
    _capture: found.place,
  };
  return {
    kind: 'records',
    evidence,
    records: learned.records.map((record): Row => ({ ...record, ...lineage })),
  };
}

function indexOf({ source, partition }: AttemptContext, { found }: Read): IndexResult {
  const url = new URL(source.discover.url(partition), source.baseUrl).href;
  return { kind: 'listed', index: { url, parserVersion: source.parserVersion, ...evidenceOf(found!) } };
}

function evidenceOf({ capture, place }: Found): PageEvidence {
  return { checkedAt: capture.fetchedAt, capture: place, ...pageValidators(capture.response) };
}

/** Every capture of one partition, by the path of its address: the site may have moved to another host since. */
class Captures {
  readonly #context: AttemptContext;
  readonly #byPath = new Map<string, Found[]>();

  private constructor(context: AttemptContext) {
    this.#context = context;
  }

  static async of(context: AttemptContext): Promise<Captures> {
    const { platform, source, partition } = context;
    const captures = new Captures(context);
    for await (const { key, runId } of captureFiles(platform.lake, source.name, partition)) {
      const stored = await platform.lake.get(key);
      if (!stored) continue;
      for await (const { capture, offset } of readCaptures(stored.body)) {
        const path = pathOf(capture.response.url);
        const found = { capture, place: `${key}#${offset}`, runId };
        const known = captures.#byPath.get(path);
        if (known) known.push(found);
        else captures.#byPath.set(path, [found]);
      }
    }
    for (const found of captures.#byPath.values())
      found.sort((a, b) => b.capture.fetchedAt - a.capture.fetchedAt);
    return captures;
  }

  read(url: string, asked: Asked): Read {
    const { source, partition } = this.#context;
    let first: Outcome | undefined;
    for (const found of this.#byPath.get(pathOf(new URL(url, source.baseUrl).href)) ?? []) {
      const { outcome, learned } = readResponse(source, partition, asked, found.capture.response);
      if (learned) return { learned, found };
      first ??= outcome;
    }
    return first ? { outcome: first } : {};
  }
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
