import pLimit from 'p-limit';
import { type DeadEntry, readDeadEntries } from '../enrich/dead-records.ts';
import { whyDead } from '../failures/claim.ts';
import { FAILURES_AT_ONCE, type FailureKey, FailureStore, keyOf, nameOf } from '../failures/failure-store.ts';
import { decodeFailedItem } from '../failures/message.ts';
import { queueDead } from '../failures/queue-failures.ts';
import { dismiss } from '../failures/settle.ts';
import { itemName } from '../lake/layout.ts';
import { type Platform, sourceNamed } from '../platform.ts';
import type { DeadLetter } from '../ports/work-queue.ts';
import { flagLookup } from '../targets/target-store.ts';
import {
  type DeadLetterEntry,
  type DeadRecordEntry,
  deadFailureEntry,
  deadRecordEntry,
  poisonEntry,
  staleEntry,
} from './dead-letter.ts';
import { dayOver, unknownPlace } from './failed-place.ts';

/** Entries that are handled together: what a crash in between leaves half done. */
const TOGETHER = 100;

type Stores = Pick<Platform, 'failedItems' | 'state' | 'sources' | 'clock'>;

/**
 * All failures that are dead, oldest first, and behind them what else is in the dead-letter queue: nothing
 * that raises its alarm stays hidden. Changes nothing.
 */
export async function readDeadLetters(platform: Stores): Promise<DeadLetterEntry[]> {
  const failures = new FailureStore(platform.state);
  const flagOf = flagLookup(platform.state, platform.clock.now());
  const about = new Map<string, { readonly key: FailureKey; readonly messages: DeadLetter[] }>();
  const poison: DeadLetterEntry[] = [];
  for await (const message of platform.failedItems.deadLetters()) {
    const decoded = decodeFailedItem(message.body);
    if (decoded.kind === 'poison') {
      poison.push(poisonEntry(message, decoded.reason, null));
      continue;
    }
    const name = nameOf(decoded.key);
    const known = about.get(name);
    if (known) known.messages.push(message);
    else about.set(name, { key: decoded.key, messages: [message] });
  }
  const dead: DeadLetterEntry[] = [];
  const now = platform.clock.now();
  for (const source of platform.sources) {
    for await (const failure of failures.list(source.name)) {
      if (failure.state !== 'dead') continue;
      const name = itemName(failure);
      dead.push(
        deadFailureEntry({
          failure,
          reason: whyDead(failure),
          flag: await flagOf(failure),
          problem: await unknownPlace(platform, keyOf(failure), failure),
          over: dayOver(source, failure.date, now),
          messages: about.get(name)?.messages ?? [],
        }),
      );
      about.delete(name);
    }
  }
  const others = await pLimit(FAILURES_AT_ONCE).map([...about.values()], async ({ key, messages }) => {
    const failure = (await failures.get(key)) ?? null;
    const problem = await unknownPlace(platform, key, failure);
    return messages.map((message) =>
      problem === undefined ? staleEntry(message, key, failure) : poisonEntry(message, problem, key),
    );
  });
  const since = ({ failure }: DeadLetterEntry) => failure?.retry?.deadAt ?? 0;
  return [...dead.sort((a, b) => since(a) - since(b)), ...others.flat(), ...poison];
}

/**
 * All dead records of these kinds, oldest first, then what else is in their dead-letter queues. Changes
 * nothing.
 */
export async function readDeadRecords(
  platform: Pick<Platform, 'state' | 'enrichmentQueue'>,
  kinds: readonly string[],
): Promise<DeadRecordEntry[]> {
  const since = ({ record }: DeadEntry) => record?.at ?? Number.MAX_SAFE_INTEGER;
  const entries = await readDeadEntries(platform, kinds);
  return entries.toSorted((a, b) => since(a) - since(b)).map(deadRecordEntry);
}

/** A dead failure that is queued again. */
export interface Redrive {
  readonly entry: DeadLetterEntry;
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
}

/** How long the items of one source take, at the pace that it is asked at. */
export interface RedrivePace {
  readonly source: string;
  readonly items: number;
  readonly minDelayMs: number;
  /** At least; an item that needs more than one request takes longer. */
  readonly seconds: number;
}

/** What a redrive does. A plan is a value: it can be printed, and nothing has happened yet. */
export interface RedrivePlan {
  readonly redrives: readonly Redrive[];
  readonly left: readonly { readonly entry: DeadLetterEntry; readonly why: string }[];
  readonly paces: readonly RedrivePace[];
}

/**
 * Plans to queue dead failures again, one after the other at the pace of their source: however many there
 * are, the site is asked for them no faster than in a run.
 */
export function planRedrive(
  { sources, clock }: Pick<Platform, 'sources' | 'clock'>,
  entries: readonly DeadLetterEntry[],
): RedrivePlan {
  const now = clock.now();
  const redrives: Redrive[] = [];
  const left: RedrivePlan['left'][number][] = [];
  const counts = new Map<string, number>();
  const delayOf = (source: string) => sourceNamed({ sources }, source).politeness.minDelayMs;
  for (const entry of entries) {
    const { key, obstacle } = entry;
    if (!key || obstacle !== null) {
      left.push({ entry, why: obstacle ?? 'it says nothing' });
      continue;
    }
    const before = counts.get(key.source) ?? 0;
    counts.set(key.source, before + 1);
    redrives.push({ entry, dueAt: now + before * delayOf(key.source) });
  }
  const paces = [...counts].map(([source, items]) => {
    const minDelayMs = delayOf(source);
    return { source, items, minDelayMs, seconds: Math.ceil((items * minDelayMs) / 1000) };
  });
  return { redrives, left, paces };
}

/**
 * Queues dead failures again, then removes what the dead-letter queue holds of them. Returns how many were
 * dead still. `onDone` is told how many are done.
 */
export async function redrive(
  platform: Pick<Platform, 'failedItems' | 'state' | 'clock'>,
  { redrives }: Pick<RedrivePlan, 'redrives'>,
  by: string,
  onDone: (items: number) => void = () => {},
): Promise<number> {
  let queued = 0;
  let done = 0;
  for (const group of inGroups(redrives)) {
    const sendings = group.map(({ entry, dueAt }) => ({ key: entry.key!, dueAt }));
    queued += (await queueDead(platform, sendings, by)).length;
    await platform.failedItems.purge(group.flatMap(({ entry }) => entry.messages));
    done += group.length;
    onDone(done);
  }
  return queued;
}

export interface Purged {
  readonly entries: number;
  /** Failures that were dead, and are dismissed now. */
  readonly dismissed: number;
}

/**
 * Dismisses dead failures, because nobody wants those items any more, and removes for good what the
 * dead-letter queue holds of them. What is not dead by then is left as it is.
 */
export async function purgeDeadLetters(
  { failedItems, state, clock }: Pick<Platform, 'failedItems' | 'state' | 'clock'>,
  entries: readonly DeadLetterEntry[],
  by: string,
  onDone: (entries: number) => void = () => {},
): Promise<Purged> {
  const failures = new FailureStore(state);
  let dismissed = 0;
  let done = 0;
  const close = async ({ key, status }: DeadLetterEntry): Promise<void> => {
    if (!key || status !== 'dead') return;
    const move = { at: clock.now(), by, why: 'its dead letter was purged' };
    const after = await dismiss(failures, key, move, (now) => now.state === 'dead');
    if (after?.state === 'dismissed' && after.closedAt === move.at) dismissed++;
  };
  for (const group of inGroups(entries)) {
    await pLimit(FAILURES_AT_ONCE).map(group, close);
    await failedItems.purge(group.flatMap(({ messages }) => messages));
    done += group.length;
    onDone(done);
  }
  return { entries: done, dismissed };
}

/** In their order, groups of as many as are handled together. */
function inGroups<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / TOGETHER) }, (_, n) =>
    all.slice(n * TOGETHER, (n + 1) * TOGETHER),
  );
}
