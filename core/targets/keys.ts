import type { Place } from '../state/collection.ts';
import type { TargetRecord } from './target.ts';

/**
 * Where everything about targets is kept, and how it is read. An index finds, and the conditional write of
 * the record decides; all of it is written in one transaction with the record.
 *
 * | partition | sort | what | read by |
 * |---|---|---|---|
 * | `targets` | `<source>#<target>` | the record | get; prefix `<source>#` |
 * | `target-events#<source>#<target>` | `<revision>#<n>` | one transition | all, oldest or newest first |
 * | `targets-due#<source>#<shard>` | `<next crawl>#<target>` | may be crawled then | up to now |
 * | `targets-skipped#<source>` | `<target>` | is flagged | all |
 * | `targets-indexed` | `<source>` | its records are in the indexes | get |
 */
export const TARGETS = 'targets';
export const INDEXED = 'targets-indexed';

/** Keys of DynamoDB take 1,000 writes a second each: a run claims as many targets as it has hosts at once. */
export const DUE_SHARDS = 4;

export function recordPlace(source: string, target: string): Place {
  return { partition: TARGETS, sort: `${source}#${target}` };
}

export function eventsPartition(source: string, target: string): string {
  return `target-events#${source}#${target}`;
}

export function duePartition(source: string, shard: number): string {
  return `targets-due#${source}#${shard}`;
}

export function skippedPartition(source: string): string {
  return `targets-skipped#${source}`;
}

/** In the order of time; milliseconds from 0. */
export function timeKey(at: number): string {
  return String(Math.max(0, Math.round(at))).padStart(15, '0');
}

/** Where a target is found when it is due; undefined where it never is by itself. */
export function duePlace(record: TargetRecord): Place | undefined {
  const { source, target, status, skip, attributes, nextCrawlAt } = record;
  if (!attributes || status === 'paused' || status === 'failed') return undefined;
  if (skip && skip.expiresAt === null) return undefined;
  const at = Math.max(nextCrawlAt ?? 0, skip?.expiresAt ?? 0);
  return { partition: duePartition(source, shardOf(target)), sort: `${timeKey(at)}#${target}` };
}

/** FNV-1a: the same for ever, on every machine. */
function shardOf(target: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(target)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % DUE_SHARDS;
}
