import { setImmediate as turn } from 'node:timers/promises';
import { readCaptures } from '../../../core/capture/warc.ts';
import type { PartitionWork, Platform } from '../../../core/pipeline/platform.ts';
import { publish } from '../../../core/pipeline/publish.ts';
import { handleFailedItem, type RetryAnswer } from '../../../core/pipeline/retry-items.ts';
import { giveUp, scrape } from '../../../core/pipeline/scrape.ts';
import type { Failure } from '../../../core/work/failure.ts';
import { currentRows, type ReadRow } from './lake-reading.ts';
import { raceId } from './race-faults.ts';
import type { Session } from './session.ts';

export const MINUTE = 60_000;
/** A run asks four times: a fault of exactly so many requests leaves the rest to a retry. */
export const IN_A_RUN = 4;
/** A little longer than the cool-down. */
export const COOL_DOWN_MINUTES = 46;
/** A little longer than a claim lasts, and than a message is hidden. */
export const CLAIM_MINUTES = 16;

/** One delivery of the queue, to its end; undefined where none is due. */
export async function deliver(platform: Platform): Promise<RetryAnswer | undefined> {
  const [delivery] = await platform.failedItems.receive({ max: 1, visibilityMs: 15 * MINUTE });
  return delivery && handleFailedItem(platform, delivery);
}

/** One message after the other until none is due. */
export async function drainOneByOne(platform: Platform): Promise<RetryAnswer[]> {
  const answers: RetryAnswer[] = [];
  for (let answer = await deliver(platform); answer; answer = await deliver(platform)) answers.push(answer);
  return answers;
}

export const kindsOf = (answers: readonly RetryAnswer[]) => answers.map(({ kind }) => kind);

/** What dies with `killed` in front of each write whose name matches. */
export async function killedBefore(session: Session, name: RegExp, deed: () => Promise<unknown>) {
  session.onWrite = (write) => {
    if (name.test(write.name)) throw new Error('killed');
  };
  const end = await deed().then(
    () => 'lived',
    (error: Error) => error.message,
  );
  session.onWrite = () => {};
  if (end !== 'killed') throw new Error(`it should have been killed: ${end}`);
}

export async function failureOf(session: Session, race: number): Promise<Failure> {
  return (await session.failures()).find(({ item }) => item === raceId(session, race))!;
}

/** Scrapes and publishes one partition as the state machine does, without its waits. */
export async function playPartition(platform: Platform, work: PartitionWork): Promise<void> {
  let isDone = false;
  for (let round = 0; round < IN_A_RUN && !isDone; round++)
    isDone = await scrape(platform, work).then(
      ({ done }) => done,
      () => false,
    );
  if (!isDone) await giveUp(platform, work);
  await publish(platform, work);
}

/** Addresses of all pages that the site was asked for, in order; robots.txt is none. */
function pagesAsked({ site }: Session): string[] {
  return site.requests.map(({ path }) => path).filter((path) => path !== '/robots.txt');
}

/** Attempts on record at pages. */
async function pagesOnRecord(session: Session): Promise<ReadRow[]> {
  return (await session.attempts()).filter(({ item_id }) => item_id !== 'robots.txt');
}

/** The addresses on record, one for each request that the site saw; and what the lake says about captures that are none. */
export async function recordOf(
  session: Session,
): Promise<{ asked: string[]; onRecord: string[]; lost: string[] }> {
  const rows = await pagesOnRecord(session);
  const onRecord = rows.map(({ url }) => new URL(String(url)).pathname);
  const places = rows
    .filter(({ capture }) => capture !== null)
    .map(({ capture, url }) => ({ place: String(capture), url: String(url) }));
  for (const row of [...(await currentRows(session.directory)).values()].flat())
    places.push({ place: String(row._capture), url: String(row._source_url) });
  const known = new Map<string, string>();
  for await (const { key } of session.platform.lake.list('captures/')) {
    const file = await session.platform.lake.get(key);
    for await (const { offset, capture } of readCaptures(file!.body))
      known.set(`${key}#${offset}`, capture.response.url);
  }
  const lost = places.filter(({ place, url }) => known.get(place) !== url).map(({ place }) => place);
  return { asked: pagesAsked(session).toSorted(), onRecord: onRecord.toSorted(), lost };
}

/** The platform of somebody who falls asleep in front of the `nth` object that `isAt` knows, read or written, until `wake` is called. */
export function drowsy<P extends Platform>(
  platform: P,
  nth: number,
  isAt: (method: string, key: string) => boolean,
): { readonly platform: P; readonly asleep: Promise<void>; wake(): void } {
  const asleep = Promise.withResolvers<void>();
  const woken = Promise.withResolvers<void>();
  let seen = 0;
  const lake = new Proxy(platform.lake, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'get' && name !== 'put') return value.bind(target);
      return async (...args: unknown[]) => {
        if (isAt(String(name), String(args[0])) && ++seen === nth) {
          asleep.resolve();
          await woken.promise;
          await turn();
        }
        return value.apply(target, args);
      };
    },
  });
  return { platform: { ...platform, lake }, asleep: asleep.promise, wake: () => woken.resolve() };
}
