import type { CaptureError } from '../capture/capture-error.ts';
import { readCaptures } from '../capture/warc.ts';
import { type Capture, requestMark } from '../capture/warc-writer.ts';
import { copyAge, olderThan } from '../fetch/copy-age.ts';
import { validatorsIn } from '../fetch/validators.ts';
import type { PartitionJob } from '../job.ts';
import { captureFiles } from '../lake/layout.ts';
import { INDEX_ID } from '../lake/log-tables.ts';
import type { PageEvidence } from '../lake/scrape-result.ts';
import type { VersionDescriptor, VersionIndex, VersionItem } from '../lake/version.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Asked } from '../scrape/asked.ts';
import type { Learned } from '../scrape/checkpoint.ts';
import { walkIndex } from '../scrape/index-walk.ts';
import { walkItem } from '../scrape/item-walk.ts';
import { knownVersion } from '../scrape/known-page.ts';
import { type Reading, readResponse } from '../scrape/read-page.ts';
import { type Item, type ListedItem, type PageRequest, rowKeyOf } from '../source/source.ts';

/** What the captures say of one item: the newest that can be read, else why the newest cannot. */
export interface CapturedItem {
  /**
   * What its first request gave, then those that answers asked for. Nothing where it could not be read as a
   * whole.
   */
  readonly pages?: readonly ReadPage[];
  readonly outcome?: Outcome;
}

export interface ReadPage {
  readonly learned: Learned;
  /** The first page's where it is absent. */
  readonly found: FoundCapture;
  /** Its address, where the item was found whole without it and no answer was kept. */
  readonly absent?: string;
}

export interface FoundCapture {
  readonly capture: Capture;
  /** `key#offset` */
  readonly place: string;
  readonly runId: string;
}

export interface CapturedIndex {
  readonly index: VersionIndex;
  readonly items: readonly ListedItem[];
}

/** A stretch of a capture file that cannot be read. */
export interface DamagedCapture {
  /** `key#offset` */
  readonly place: string;
  readonly problem: string;
}

/**
 * Every capture of one partition, by the path of its address: the site may have moved to another host since.
 * By host and path where each item names its own host.
 */
export class CapturedPages {
  readonly #context: PartitionJob;
  readonly #byPath = new Map<string, FoundCapture[]>();
  readonly #known: ReadonlyMap<string, VersionItem>;
  readonly damaged: DamagedCapture[] = [];

  private constructor(context: PartitionJob, current: VersionDescriptor | undefined) {
    this.#context = context;
    this.#known = new Map(current?.items.map((item) => [item.id, item]));
  }

  static async of(context: PartitionJob): Promise<CapturedPages> {
    const { platform, source, partition } = context;
    const pages = new CapturedPages(context, (await knownVersion(context))?.descriptor);
    for await (const { key, runId } of captureFiles(platform.lake, source.name, partition)) {
      const stored = await platform.lake.get(key);
      if (!stored) continue;
      const onDamage = (offset: number, { message }: CaptureError) =>
        pages.damaged.push({ place: `${key}#${offset}`, problem: message });
      for await (const { capture, offset } of readCaptures(stored.body, onDamage)) {
        const { response, asked = response.url, request } = capture;
        const found = { capture, place: `${key}#${offset}`, runId };
        // Asked for at one address, it may be an item of the other by now.
        for (const path of new Set([asked, response.url].map((url) => pages.#keyOf(url, request)))) {
          const known = pages.#byPath.get(path);
          if (known) known.push(found);
          else pages.#byPath.set(path, [found]);
        }
      }
    }
    for (const found of pages.#byPath.values()) found.sort((a, b) => b.capture.lookedAt - a.capture.lookedAt);
    return pages;
  }

  /** True where there is a capture of the first request of the item. */
  has(item: Item): boolean {
    return this.#at(item).length > 0;
  }

  item(item: Item): CapturedItem {
    return newestReadable(this.#at(item), (found) => this.#itemFrom(item, found));
  }

  /** An item as it came after this first page. All its pages are of one run: a list moves on. */
  #itemFrom(item: Item, first: FoundCapture): { readonly pages: readonly ReadPage[] } | Unreadable {
    const pages: ReadPage[] = [];
    const rowKeys = new Set<string>();
    const known = this.#known.get(item.id);
    const absent = new Set(known?.capture === first.place ? known.absent : []);
    for (;;) {
      const walk = walkItem(item, (page) => pages[page]?.learned);
      if (walk.kind === 'whole') return { pages };
      const { item: asked, page, requests } = walk;
      if (asked.optional && absent.has(asked.url)) {
        const reason = `${asked.url}: it was not there`;
        pages.push({ learned: { kind: 'empty', reason }, found: first, absent: asked.url });
        continue;
      }
      const read = this.#pageOfRun(first, asked, page, () => {
        return { kind: 'item', item: asked, page, requests, rowKeys, isLastTry: true };
      });
      if ('outcome' in read) return read;
      pages.push(read);
      const { learned } = read;
      for (const record of learned.kind === 'records' ? learned.records : [])
        rowKeys.add(rowKeyOf(this.#context.source, record));
    }
  }

  /**
   * The newest index that can be read as a whole, else why the newest cannot. All its pages are of one run: a
   * list moves on.
   */
  index(): CapturedIndex | { readonly outcome?: Outcome } {
    const { source, partition } = this.#context;
    if (!source.discover) return {};
    const path = source.discover.url(partition);
    return newestReadable(this.#at({ url: path }), (found) => this.#indexFrom(path, found));
  }

  #indexFrom(path: string, first: FoundCapture): CapturedIndex | Unreadable {
    const { source } = this.#context;
    // As it was asked for then: the site may have moved to another host since.
    const address = new URL(pathOf(new URL(path, source.baseUrl).href), first.capture.response.url).href;
    const pages: Learned[] = [];
    for (;;) {
      const walk = walkIndex(address, (page) => pages[page]);
      if (walk.kind === 'read') {
        const { checkedAt, capture, asOf, ...validators } = evidenceOf(first);
        const index: VersionIndex = {
          url: new URL(path, source.baseUrl).href,
          parserVersion: source.parserVersion,
          checkedAt,
          capture,
          ...(walk.pages === 1 ? { asOf, ...validators } : { asOf, pages: walk.pages }),
          ...(walk.sign !== undefined && { sign: walk.sign }),
        };
        return { index, items: walk.items };
      }
      const { step } = walk;
      const item = { id: INDEX_ID, url: step.url };
      const read = this.#pageOfRun(first, item, step.page, (found) => {
        return { kind: 'index', item, step, attempt: this.#tryOf(found) };
      });
      if ('outcome' in read) return read;
      pages.push(read.learned);
    }
  }

  /**
   * A page of what begins with `first`, from the newest capture of that run that can be read; else why the
   * oldest cannot.
   */
  #pageOfRun(
    first: FoundCapture,
    request: PageRequest,
    page: number,
    askedOf: (found: FoundCapture) => Asked,
  ): ReadPage | Unreadable {
    const candidates = page === 0 ? [first] : this.#at(request).filter(({ runId }) => runId === first.runId);
    let outcome: Outcome = { code: 'UNKNOWN_ERROR', message: `there is no capture of ${request.url}` };
    for (const found of candidates) {
      const read = this.#read(found, askedOf(found));
      if (read.learned) return { learned: read.learned, found };
      outcome = read.outcome;
    }
    return { outcome };
  }

  /** Newest first. */
  #at(request: PageRequest): readonly FoundCapture[] {
    const { href } = new URL(request.url, this.#context.source.baseUrl);
    return this.#byPath.get(this.#keyOf(href, requestMark(request))) ?? [];
  }

  #keyOf(url: string, request?: string): string {
    const host = this.#context.source.baseUrl === undefined ? new URL(url).host : '';
    const path = host + pathOf(url);
    return request === undefined ? path : `${path} ${request}`;
  }

  #read({ capture }: FoundCapture, asked: Asked): Reading {
    const { source, partition } = this.#context;
    return readResponse(source, partition, asked, capture.response, capture.fetchedAt);
  }

  /** Which try at its page in its run it was, as far as tries left captures. */
  #tryOf({ capture, runId }: FoundCapture): number {
    const same = this.#at({ url: capture.response.url }).filter((other) => other.runId === runId);
    return same.filter((other) => other.capture.lookedAt <= capture.lookedAt).length;
  }
}

export function evidenceOf({ capture, place }: FoundCapture): PageEvidence & { readonly asOf: number } {
  const { response, fetchedAt, lookedAt } = capture;
  const { asOf } = copyAge(response, fetchedAt);
  return { checkedAt: lookedAt, capture: place, asOf, ...validatorsIn(response) };
}

/** Why a capture cannot be read. */
interface Unreadable {
  readonly outcome: Outcome;
}

/**
 * The newest of these captures that can be read, passing over one that is an older copy of the page than
 * another of them; where none can be read why the newest cannot.
 */
function newestReadable<T extends object>(
  captures: readonly FoundCapture[],
  read: (found: FoundCapture) => T | Unreadable,
): T | Partial<Unreadable> {
  let first: Outcome | undefined;
  for (const [at, found] of captures.entries()) {
    const answer = read(found);
    if ('outcome' in answer) {
      first ??= answer.outcome;
      continue;
    }
    const earlier = captures.slice(at + 1);
    if (!earlier.some((other) => isOlderCopy(found, other) && !('outcome' in read(other)))) return answer;
  }
  return first ? { outcome: first } : {};
}

function isOlderCopy(one: FoundCapture, other: FoundCapture): boolean {
  const [answer, held] = [one, other].map(({ capture }) => copyAge(capture.response, capture.fetchedAt));
  return olderThan(answer!, held!) !== undefined;
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
