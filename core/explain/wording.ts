import { isRunId } from '../calendar/run-id.ts';
import type { TargetOfDay } from '../completeness/target-days.ts';
import type { DayStatus } from '../targets/target-day.ts';
import { isoTime } from '../wording/times.ts';
import type { WhyFacts } from './facts.ts';

/** What a reader of the table has meanwhile. */
export function remains({ current }: Pick<WhyFacts, 'current'>): string {
  if (current.kind !== 'version') return 'there is no data of it';
  return `version ${current.version} of ${current.committedAt} (${current.rows} rows) stays current`;
}

const ACTORS: Readonly<Record<string, string>> = {
  run: 'run',
  retry: 'the retry',
  reparse: 'the reparse',
  publication: 'the publication',
};

/** Who did something: `run 019a…`, `the retry 019a…`, or the name of a person as it is. */
export function whoIs({ commits, retries }: Pick<WhyFacts, 'commits' | 'retries'>, by: string): string {
  if (retries.includes(by)) return `the retry ${by}`;
  const actor = commits.find(({ run_id }) => run_id === by)?.actor;
  if (actor !== undefined) return ACTORS[actor] === undefined ? actor : `${ACTORS[actor]} ${by}`;
  return isRunId(by) ? `run ${by}` : by;
}

/** True where each target has its own time and the date is past: what was there then is found no more. */
export function isOver({ targets, partition, today }: WhyFacts): boolean {
  return targets !== null && partition.date < today;
}

/** What of its times advice has to know. */
export function timesOf(facts: WhyFacts): { readonly isOver: boolean; readonly isEvery: boolean } {
  return { isOver: isOver(facts), isEvery: facts.targets !== null };
}

/** How a target stood on a date, for the middle of a sentence. */
export const DAY_TEXT: Readonly<Record<DayStatus, string>> = {
  found: 'crawled whole',
  failed: 'crawled and not whole',
  due: 'due and not crawled',
  unknown: 'not on record for the date',
  skipped: 'skipped',
  paused: 'paused',
  given_up: 'given up',
  not_ready: 'not ready',
  not_due: 'not due',
};

/** `due and not crawled: never crawled` */
export function targetText({ status, reason }: Pick<TargetOfDay, 'status' | 'reason'>): string {
  return `${DAY_TEXT[status]}${reason === null ? '' : `: ${reason}`}`;
}

/** What the last publication of a table for which nothing is scraped came to. `what`: what it holds. */
export function publishedText(
  facts: WhyFacts,
  { status, runId, at, reason }: NonNullable<WhyFacts['lastRefresh']>,
  what: string,
): string {
  const [who, when] = [whoIs(facts, runId), isoTime(at)];
  const published: Readonly<Record<typeof status, string>> = {
    committed: `${who} committed it at ${when}: ${what}`,
    unchanged: `${who} looked at it at ${when} and found nothing changed: ${what}`,
    failed: `${who} could not publish it at ${when}: ${reason ?? 'no reason on record'}; ${remains(facts)}`,
    held: `${who} held its new version back at ${when}: ${reason ?? 'no reason on record'}`,
    rolled_back: `it was rolled back at ${when}: ${what}`,
    accepted: `its held version was accepted at ${when}: ${what}`,
    rejected: `its held version was rejected at ${when}: ${what}`,
  };
  return published[status];
}
