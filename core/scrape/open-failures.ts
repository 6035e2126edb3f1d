import pLimit from 'p-limit';
import { timeOfId } from '../calendar/run-id.ts';
import { type FailedItem, orderOf } from '../failures/failure.ts';
import { FAILURES_AT_ONCE, FailureStore } from '../failures/failure-store.ts';
import { queueFailures } from '../failures/queue-failures.ts';
import type { PartitionJob } from '../job.ts';
import type { ItemResult } from '../lake/scrape-result.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { DISPOSITIONS } from '../outcome/policy.ts';
import { targetOf } from '../source/partition.ts';
import type { Item } from '../source/source.ts';
import type { Checkpoint } from './checkpoint.ts';
import { walkItem } from './item-walk.ts';
import type { RecordedAttempts } from './recorded-attempts.ts';

const UNASKED = { code: 'UNKNOWN_ERROR', message: 'it was not asked for before the run gave up' } as const;

type FailedNow = FailedItem & { readonly outcome: Outcome };

/**
 * Opens a failure for each page that used up its tries and for each item that nobody came to ask for
 * (`unasked`), and queues those that are tried again by themselves. `index`: its page that failed.
 */
export async function openFailures(
  context: PartitionJob,
  recorded: RecordedAttempts,
  index: Checkpoint | undefined,
  items: readonly ItemResult[],
  unasked: readonly Item[],
): Promise<void> {
  const { platform, source, partition, runId } = context;
  const requests = new Map(items.map(({ item }) => [item.id, item]));
  const pages = items.flatMap(({ item }) => failedPageOf(item, recorded.items) ?? []);
  const tried = [...(index ? [index] : []), ...pages]
    .filter(({ outcome }) => DISPOSITIONS[outcome.code].opensFailure)
    .map(
      ({ attempt, item, outcome }): FailedNow => ({
        item: item.id,
        target: targetOf(item, partition),
        url: attempt.url,
        ...requestOf(requests.get(item.id), attempt.url, source.baseUrl),
        tries: recorded.failed.get(item.id)!.toSorted((a, b) => orderOf(a) - orderOf(b)),
        capture: attempt.capture,
        outcome,
      }),
    );
  const failed = [...tried, ...unasked.map((item) => unaskedItem(context, item))];
  const failures = new FailureStore(platform.state);
  if (failed.length > 0) await failures.mark(source.name, partition);
  const opened = await pLimit(FAILURES_AT_ONCE).map(failed, async ({ outcome, ...each }) => ({
    failure: await failures.open(source.name, partition, each, runId),
    outcome,
    at: each.tries.at(-1)!.at,
  }));
  if (failed.length > 0) await failures.mark(source.name, partition);
  await queueFailures(context, opened);
}

function unaskedItem({ source, partition, runId }: PartitionJob, item: Item): FailedNow {
  const url = new URL(item.url, source.baseUrl).href;
  const { code, message } = UNASKED;
  return {
    item: item.id,
    target: targetOf(item, partition),
    url,
    ...requestOf(item, url, source.baseUrl),
    tries: [{ at: timeOfId(runId), runId, code, message }],
    capture: null,
    outcome: UNASKED,
  };
}

/**
 * The page that keeps an item from being whole; undefined where it is, or where nobody asked for that page.
 */
function failedPageOf(item: Item, tried: RecordedAttempts['items']): Checkpoint | undefined {
  const pages = tried.get(item.id);
  const walk = walkItem(item, (page) => pages?.get(page)?.learned);
  return walk.kind === 'next' ? pages?.get(walk.page) : undefined;
}

/** How a failed item is asked for, where that is more than a GET of the address of its failure. */
function requestOf(
  item: Item | undefined,
  failedUrl: string,
  baseUrl: string | undefined,
): Pick<FailedItem, 'request'> {
  if (!item) return {};
  const { id: _, target: __, ...request } = item;
  const url = new URL(request.url, baseUrl).href;
  const isPlain = !request.method && !request.headers && request.body === undefined && url === failedUrl;
  return isPlain ? {} : { request: { ...request, url } };
}
