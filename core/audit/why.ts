import { partitionName } from '../lake/layout.ts';
import type { AttemptRow } from '../lake/log-tables.ts';
import { DISPOSITIONS } from '../outcome/verdict.ts';
import { decideCommand, rerunCommand, rollbackCommand, skipRemoveCommand } from '../report/commands.ts';
import type { PartitionStanding } from './partition-register.ts';
import type { WhyFacts, WhyRun } from './why-facts.ts';
import { explainItem } from './why-item.ts';
import { type Answer, remediesFor, type Step } from './why-remedies.ts';

/** The answer and what it rests on. Plain JSON. */
export interface Why extends Answer, WhyFacts {
  readonly name: string;
}

export function explain(facts: WhyFacts): Why {
  const partition = partitionName(facts.source, facts.partition);
  const name = facts.item === null ? partition : `${partition}/${facts.item}`;
  const whole = explainPartition(facts);
  return { name, ...(facts.item === null ? whole : explainItem(facts, whole)), ...facts };
}

/** Causes in the order in which they rule out the ones after them. */
const CAUSES: readonly ((facts: WhyFacts) => Answer | undefined)[] = [
  damaged,
  upcoming,
  underWay,
  leftOut,
  neverCovered,
  endedBefore,
  held,
  refreshed,
];

function explainPartition(facts: WhyFacts): Answer {
  for (const cause of CAUSES) {
    const found = cause(facts);
    if (found) return found;
  }
  return { answer: 'nothing is on record about it', next: [rerun(facts)] };
}

function damaged({ current, source, partition }: WhyFacts): Answer | undefined {
  if (current.kind !== 'damaged') return undefined;
  const command = `${rollbackCommand(source, partition)} --dry-run`;
  return {
    answer: `its current version cannot be read: ${current.message}`,
    next: [{ text: 'see what a rollback would bring back', command }],
  };
}

function upcoming({ partition, today, standing }: WhyFacts): Answer | undefined {
  if (standing || partition.date <= today) return undefined;
  return {
    answer: `its date lies in the future (today is ${today}): nothing is expected of it yet`,
    next: [],
  };
}

function underWay({ run, attempts, current }: WhyFacts): Answer | undefined {
  if (run?.status !== 'running') return undefined;
  const tried = attempts.filter(({ run_id }) => run_id === run.runId).length;
  const stays = current.kind === 'version' ? `; version ${current.version} is current until then` : '';
  return {
    answer: `run ${run.runId} has not ended (it is under way, or was interrupted) with ${tried} attempts at it so far${stays}`,
    next: [{ text: 'wait; where no process is at it any more, the same command takes the run up again' }],
  };
}

function leftOut(facts: WhyFacts): Answer | undefined {
  const { run, skip, source, partition, standing } = facts;
  const missed = run ? run.planned === 'left-out' : standing === null;
  if (!skip || !missed) return undefined;
  const who = run ? `run ${run.runId} left it out` : 'runs leave it out';
  return {
    answer: `${who}, because target ${partition.target} is skipped since ${isoTime(skip.since)}: ${skip.reason}; ${remains(facts)}`,
    next: [{ text: 'lift the flag', command: skipRemoveCommand(source, partition.target) }, rerun(facts)],
  };
}

function neverCovered(facts: WhyFacts): Answer | undefined {
  if (facts.run || facts.standing) return undefined;
  return {
    answer: 'it was never planned: no run on record has covered its date and target',
    next: [rerun(facts)],
  };
}

/** The run is over and never came to decide about the partition. */
function endedBefore(facts: WhyFacts): Answer | undefined {
  const { run, standing } = facts;
  if (!run || (standing && standing.runId >= run.runId)) return undefined;
  return {
    answer: `run ${run.runId} was to refresh it and ${ENDINGS[run.status]}${run.message ? `: ${run.message}` : ''}; ${remains(facts)}`,
    next: [rerun(facts)],
  };
}

const ENDINGS: Readonly<Record<WhyRun['status'], string>> = {
  running: 'has not ended',
  succeeded: 'ended without it',
  incomplete: 'ended without publishing it',
  failed: 'failed before it was published',
  abandoned: 'was interrupted and not taken up again',
};

function held(facts: WhyFacts): Answer | undefined {
  const { standing, source, partition } = facts;
  if (!standing?.held) return undefined;
  return {
    answer: `run ${standing.runId} held its new version back: ${standing.reason ?? 'no reason on record'}; ${remains(facts)}`,
    next: [
      {
        text: 'where the source is right, make the held version current',
        command: decideCommand('accept', source, partition),
      },
      { text: 'where it is not, drop it', command: decideCommand('reject', source, partition) },
    ],
  };
}

function refreshed(facts: WhyFacts): Answer | undefined {
  const { standing, commits } = facts;
  if (!standing) return undefined;
  const { status, runId, at, rows } = standing;
  const when = isoTime(at);
  const actor = commits.find((commit) => commit.run_id === runId)?.actor;
  const next = remediesFor(lastFailedCodes(facts), { ...facts, skipped: facts.skip !== null });
  switch (status) {
    case 'committed':
      return { answer: `run ${runId} committed it at ${when}: ${rows} rows, ${itemsText(standing)}`, next };
    case 'unchanged':
      return {
        answer: `run ${runId} checked it at ${when} and found nothing changed: ${rows} rows, ${itemsText(standing)}`,
        next,
      };
    case 'failed':
      return {
        answer: `run ${runId} could not refresh it at ${when}: ${standing.reason ?? 'no reason on record'}; ${remains(facts)}`,
        next: next.length > 0 ? next : [rerun(facts)],
      };
    case 'held':
      return {
        answer: `run ${runId} held its new version back at ${when}: ${standing.reason ?? 'no reason on record'}`,
        next,
      };
    case 'rolled_back':
      return {
        answer: `it was rolled back at ${when} (${actor ?? 'by a person'}) to version ${standing.version}: ${rows} rows`,
        next: [],
      };
    case 'accepted':
      return {
        answer: `its held version was accepted at ${when} (${actor ?? 'by a person'}): ${rows} rows`,
        next: [],
      };
    case 'rejected':
      return {
        answer: `its held version was rejected at ${when} (${actor ?? 'by a person'}); ${remains(facts)}`,
        next: [],
      };
  }
}

function itemsText({ expected, found, empty, failed, carried }: PartitionStanding): string {
  if (expected === 0) return 'the index of the day lists nothing';
  const good = `${found + empty} of ${expected ?? '?'} items found`;
  if (failed === 0) return good;
  return `${good}, ${failed} failed (${carried} of them keep their rows from before)`;
}

/** Outcomes of the items whose last try did not succeed. */
function lastFailedCodes({ attempts }: WhyFacts): AttemptRow['error_code'][] {
  const last = new Map(attempts.map((attempt) => [attempt.item_id, attempt.error_code]));
  return [...last.values()].filter((code) => DISPOSITIONS[code].verdict !== 'accept');
}

function remains({ current }: WhyFacts): string {
  if (current.kind !== 'version') return 'there is no data of it';
  return `version ${current.version} of ${current.committedAt} (${current.rows} rows) stays current`;
}

function rerun({ source, partition }: WhyFacts): Step {
  return { text: 'scrape it', command: rerunCommand(source, partition) };
}

/** `2026-11-22T10:00:00Z` */
function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
