import { setImmediate as turn } from 'node:timers/promises';
import type { Failure } from '../../../core/failures/failure.ts';
import type { PartitionWork, Platform } from '../../../core/platform.ts';
import type { DeadLetter, QueueDepth } from '../../../core/ports/work-queue.ts';
import { publish } from '../../../core/publish/publish.ts';
import type { RetryAnswer } from '../../../core/retry/claimed-retry.ts';
import { planRedrive, type RedrivePlan, readDeadLetters, redrive } from '../../../core/retry/dead-letters.ts';
import { drain } from '../../../core/retry/drain.ts';
import { handleFailedItem } from '../../../core/retry/handle-message.ts';
import { recordFailures, scrape } from '../../../core/scrape/scrape.ts';
import { raceId } from './race-faults.ts';
import type { Session } from './session.ts';
import { DAY } from './small-site.ts';

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

/** What is due, as a worker handles it: with all its hands at once. */
export async function drainAsWorker(platform: Platform): Promise<RetryAnswer[]> {
  const answers: RetryAnswer[] = [];
  await drain(platform, { mustStop: () => false, onHandled: (_, answer) => answers.push(answer) });
  return answers;
}

/** What a test of retries does with the session that it has in hand. */
export interface QueuePlay {
  wait(minutes: number): Promise<void>;
  drain(): Promise<RetryAnswer[]>;
  /** Lets the cool-down pass so many times, and drains the queue each time. */
  waitAndDrain(times?: number): Promise<RetryAnswer[]>;
  depth(): Promise<QueueDepth>;
  /** What the dead-letter queue holds. */
  deadLetters(): Promise<DeadLetter[]>;
  /**
   * Moves every message of the dead-letter queue back as the console of AWS does it: the very body, at once.
   */
  moveBack(): Promise<void>;
  /** Puts every dead letter back as our own command does. */
  redrive(): Promise<RedrivePlan>;
  /** The failure of the nth race. */
  failure(race: number): Promise<Failure>;
}

/** `work`: who drains the queue. */
export function queuePlay(
  session: () => Session,
  work: (platform: Platform) => Promise<RetryAnswer[]> = drainOneByOne,
): QueuePlay {
  const queue = () => session().platform.failedItems;
  const wait = (minutes: number) => session().clock.sleep(minutes * MINUTE);
  const deadLetters = () => Array.fromAsync(queue().deadLetters());
  const drained = () => work(session().platform);
  return {
    wait,
    drain: drained,
    waitAndDrain: async (times = 1) => {
      const answers: RetryAnswer[] = [];
      for (let n = 0; n < times; n++) {
        await wait(COOL_DOWN_MINUTES);
        answers.push(...(await drained()));
      }
      return answers;
    },
    depth: () => queue().depth(),
    deadLetters,
    moveBack: async () => {
      const messages = await deadLetters();
      await queue().send(messages.map(({ body }) => ({ body, delayMs: 0 })));
      await queue().purge(messages);
    },
    redrive: async () => {
      const { platform } = session();
      const plan = planRedrive(platform, await readDeadLetters(platform));
      await redrive(platform, plan, 'ada');
      return plan;
    },
    failure: (race) => failureOf(session(), race),
  };
}

/** The body of a message about a failed item of `DAY`; it is due. */
export function messageAbout(more: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ version: 2, source: 'racing', value: 'gb', date: DAY, item: '1', ...more });
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

async function failureOf(session: Session, race: number): Promise<Failure> {
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
  if (!isDone) await recordFailures(platform, work);
  await publish(platform, work);
}

/**
 * The platform of somebody who falls asleep in front of the `nth` object that `isAt` knows, read or written,
 * until `wake` is called.
 */
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
