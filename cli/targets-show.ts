import type { Command } from 'commander';
import { nameOf } from '../core/targets/target.ts';
import { type TargetEvent, targetEvents } from '../core/targets/target-events.ts';
import { TargetStore } from '../core/targets/target-store.ts';
import { sourceOf, targetsOf, withScrapedSources } from './context.ts';
import { printObject } from './json.ts';
import { timeText } from './list.ts';
import { cellText, printTable } from './print.ts';
import { type ListedTarget, listedTarget } from './target-list.ts';
import { targetRecord } from './target-views.ts';

export async function showTarget(
  name: string,
  written: string,
  _options: object,
  command: Command,
): Promise<void> {
  await withScrapedSources(command, async (platform, { json }) => {
    const source = sourceOf(platform, name);
    const [target = written] = targetsOf(source, [written]) ?? [];
    const record = await new TargetStore(platform.state).get(source.name, target);
    const listed = listedTarget(source, record, platform.clock.now());
    const events = await Array.fromAsync(targetEvents(platform.state, source.name, target));
    if (json) return printObject({ ...targetRecord(listed), events });
    const called = nameOf(record);
    console.log(`${source.name}/${target}${called === null ? '' : `, ${cellText(called)}`}`);
    for (const [label, value] of factsOf(listed))
      if (value !== '') console.log(`  ${label.padEnd(18)}${value}`);
    if (events.length === 0) console.log('no transition is on record');
    else printTable(EVENT_COLUMNS, events.map(eventRow));
  });
}

function factsOf({ source, record, scheduleStatus }: ListedTarget): (readonly [string, string])[] {
  const { skip, claim, cadence, attributes } = { ...record, cadence: source.cadence };
  const minutes = record.crawlFrequencyMinutes ?? (cadence.kind === 'every' ? cadence.minutes : null);
  return [
    ['status', `${record.status}, ${scheduleStatus}`],
    ['skipped', skip ? skipText(skip) : ''],
    ['being crawled', claim ? `by run ${claim.runId} since ${timeText(claim.at)}` : ''],
    ['next crawl', timeText(record.nextCrawlAt)],
    ['every', minutes === null ? '' : `${minutes} minutes × ${record.backoffMultiplier}`],
    ['last crawl', timeText(record.lastCrawlAt)],
    ['last success', timeText(record.lastSuccessAt)],
    ['last failure', failureText(record)],
    [
      'failed in a row',
      `${record.consecutiveFailures} crawls; ${record.consecutiveBlocks} walls, ${record.consecutiveNotFound} not found`,
    ],
    ['attempts', `${record.totalAttempts}, of which ${record.totalSuccesses} succeeded`],
    ['records', record.recordCount === null ? '' : String(record.recordCount)],
    ['retries', record.maxRetries === null ? '' : String(record.maxRetries)],
    ['looked up', unknownText(record)],
    ['proxy', cellText(record.currentProxyId)],
    ['user agent', cellText(record.currentUserAgent)],
    ['failed at', timeText(record.failedAt)],
    ['notes', cellText(record.failureNotes)],
    ...Object.entries(attributes ?? {}).map(([name, value]) => [name, cellText(value)] as const),
  ];
}

function skipText({ reason, actor, since, expiresAt }: NonNullable<ListedTarget['record']['skip']>): string {
  const until = expiresAt === null ? '' : `, until ${timeText(expiresAt)}`;
  return `${cellText(reason)}, by ${cellText(actor)} since ${timeText(since)}${until}`;
}

function unknownText({ unknownLookUp: unknown }: ListedTarget['record']): string {
  return unknown === null ? '' : `${timeText(unknown.at)}, in vain: ${cellText(unknown.message)}`;
}

function failureText({ lastFailureAt, lastErrorCode }: ListedTarget['record']): string {
  return lastFailureAt === null ? '' : `${timeText(lastFailureAt)}, ${lastErrorCode}`;
}

const EVENT_COLUMNS = ['at', 'kind', 'from', 'to', 'reason', 'actor'].map((name) => ({ name }));

function eventRow({ at, kind, from, to, reason, actor }: TargetEvent): Record<string, unknown> {
  return { at: timeText(at), kind, from, to, reason, actor };
}
