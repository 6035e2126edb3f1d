import { advise } from '../advice/advise.ts';
import { besideText, withdrawnText } from '../lake/item-counts.ts';
import type { PartitionRecord } from '../state/partition-store.ts';
import { isoTime } from '../wording/times.ts';
import type { Answer, WhyFacts } from './facts.ts';
import { failuresClause } from './failure-history.ts';
import { remains, timesOf, whoIs } from './wording.ts';

/** What the last refresh or decision came to, with what happens to the items that it lacks. */
export function refreshed(facts: WhyFacts): Answer | undefined {
  const { lastRefresh, commits } = facts;
  if (!lastRefresh) return undefined;
  const { status, runId, at, rows } = lastRefresh;
  const [when, who] = [isoTime(at), whoIs(facts, runId)];
  const actor = commits.find((commit) => commit.run_id === runId)?.actor;
  const next = advise({ ...facts, ...timesOf(facts), kind: 'refreshed', lastRefresh });
  const clause = failuresClause(facts);
  const failed = clause === undefined ? '' : `; of its failed items, ${clause}`;
  switch (status) {
    case 'committed':
      return {
        answer: `${who} committed it at ${when}: ${rows} rows, ${itemsText(lastRefresh)}${failed}`,
        next,
      };
    case 'unchanged':
      return {
        answer: `${who} checked it at ${when} and found nothing changed: ${rows} rows, ${itemsText(lastRefresh)}${failed}`,
        next,
      };
    case 'failed':
      return {
        answer: `${who} could not refresh it at ${when}: ${lastRefresh.reason ?? 'no reason on record'}; ${remains(facts)}${failed}`,
        next,
      };
    case 'held':
      return {
        answer: `${who} held its new version back at ${when}: ${lastRefresh.reason ?? 'no reason on record'}`,
        next,
      };
    case 'rolled_back':
      return {
        answer: `it was rolled back at ${when} (${actor ?? 'by a person'}) to version ${lastRefresh.version}: ${rows} rows`,
        next,
      };
    case 'accepted':
      return {
        answer: `its held version was accepted at ${when} (${actor ?? 'by a person'}): ${rows} rows`,
        next,
      };
    case 'rejected':
      return {
        answer: `its held version was rejected at ${when} (${actor ?? 'by a person'}); ${remains(facts)}`,
        next,
      };
  }
}

function itemsText(lastRefresh: PartitionRecord): string {
  const { expected, found, failed, carried, sign, withdrawn, repeated } = lastRefresh;
  const beside = besideText(lastRefresh);
  const parts: string[] = [];
  if (expected === 0 && beside === '')
    parts.push(`the index of the day lists nothing${sign === null ? '' : ` (it says: ${sign})`}`);
  else parts.push(`${found} of ${expected ?? '?'} items found`);
  if (failed > 0) parts.push(`${failed} failed (${carried} of them keep their rows from before)`);
  if (beside !== '') parts.push(beside);
  if (withdrawn.count > 0) parts.push(withdrawnText(withdrawn.ids, withdrawn.count));
  return [...parts, ...repeated].join(', ');
}
