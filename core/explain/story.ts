import { advise } from '../advice/advise.ts';
import { whyHeld } from '../completeness/date-status.ts';
import { itemName, partitionName } from '../lake/layout.ts';
import { ROBOTS_ID } from '../lake/log-tables.ts';
import { counted } from '../wording/figures.ts';
import { namesText } from '../wording/names.ts';
import { isoTime } from '../wording/times.ts';
import { explainEntities } from './entities.ts';
import type { Answer, WhyFacts, WhyRun } from './facts.ts';
import { explainItem } from './item.ts';
import { explainPages } from './pages.ts';
import { refreshed } from './refreshed.ts';
import { DAY_TEXT, isOver, remains, targetText, whoIs } from './wording.ts';

/** The answer and what it rests on. Plain JSON. */
export interface Why extends Answer, WhyFacts {
  readonly name: string;
}

export function explain(facts: WhyFacts): Why {
  const { source, partition, item } = facts;
  const name = item === null ? partitionName(source, partition) : itemName({ source, ...partition, item });
  const { entities, pages } = facts;
  if (entities) return { name, ...(damaged(facts) ?? explainEntities(facts, entities)), ...facts };
  if (pages) return { name, ...(damaged(facts) ?? explainPages(facts, pages)), ...facts };
  const whole = explainPartition(facts);
  const told = item === null ? whole : explainItem(facts, whole);
  const targets = targetsClause(facts);
  return { name, ...told, ...(targets && { answer: `${told.answer}; ${targets}` }), ...facts };
}

/** How the targets stood that day, where each has its own time; nothing where all that were due are found. */
function targetsClause({ targets, item }: WhyFacts): string | undefined {
  if (!targets) return undefined;
  if (item !== null) {
    const [own] = targets;
    return own && `target ${own.target} ${targetText(own)}`;
  }
  const groups = Map.groupBy(targets, ({ status }) => status);
  const parts = [...groups].flatMap(([status, group]) =>
    status === 'found' || status === 'not_due'
      ? []
      : [`${group.length} ${DAY_TEXT[status]} (${namesText(group.map(({ target }) => target))})`],
  );
  return parts.length > 0 ? `of its targets ${parts.join(', ')}` : undefined;
}

/** Causes in the order in which they rule out the ones after them. */
const CAUSES: readonly ((facts: WhyFacts) => Answer | undefined)[] = [
  damaged,
  upcoming,
  interrupted,
  laterToday,
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
  return {
    answer: 'nothing is on record about it',
    next: advise({ ...facts, isOver: isOver(facts), kind: 'unscraped' }),
  };
}

function damaged({ current, source, partition }: WhyFacts): Answer | undefined {
  if (current.kind !== 'damaged') return undefined;
  return {
    answer: `its current version cannot be read: ${current.message}`,
    next: advise({ kind: 'damage', mends: current.mends, source, partition }),
  };
}

function upcoming({ partition, today, lastRefresh }: WhyFacts): Answer | undefined {
  if (lastRefresh || partition.date <= today) return undefined;
  return {
    answer: `its date lies in the future (today is ${today}): nothing is expected of it yet`,
    next: [],
  };
}

/** Targets were crawled whole on a day that is over, and are not in its version. */
function interrupted(facts: WhyFacts): Answer | undefined {
  const { targets, current, run, lastRefresh } = facts;
  const found = targets?.filter(({ status }) => status === 'found').length ?? 0;
  const items = current.kind === 'version' ? current.items : 0;
  // A later crawl takes the place of that of the date in the record of its target: then the run tells.
  const isAbandoned = run?.status === 'abandoned' && !lastRefresh;
  if (!isOver(facts) || lastRefresh?.held || (found <= items && !isAbandoned)) return undefined;
  const who = run && run.status !== 'succeeded' ? `run ${run.runId}` : 'a run';
  const lost =
    found > items
      ? `: ${counted(found, 'target')} crawled whole, and ${counted(items, 'item')} published`
      : '';
  return {
    answer: `${who} was interrupted there${lost}; ${remains(facts)}`,
    next: hasFetched(facts)
      ? advise({ ...facts, kind: 'interrupted' })
      : advise({ ...facts, isOver: true, kind: 'unscraped' }),
  };
}

/** Whether there is a capture to parse again: a run may have died before its first page came. */
function hasFetched({ attempts, targets }: WhyFacts): boolean {
  const isFound = targets?.some(({ status }) => status === 'found') ?? false;
  return isFound || attempts.some(({ item_id, capture }) => capture !== null && item_id !== ROBOTS_ID);
}

/** Today, of targets each of which has its own time: none of them is due yet. */
function laterToday({ targets, partition, today, now, run, lastRefresh }: WhyFacts): Answer | undefined {
  if (run || lastRefresh || !targets || partition.date !== today) return undefined;
  const due = targets.filter(({ status }) => status === 'due');
  const isAhead = due.every(({ dueAt }) => dueAt !== null && dueAt > now);
  if (due.length === 0 || !isAhead || targets.some(({ status }) => status === 'found')) return undefined;
  return { answer: `its day is not over, and ${counted(due.length, 'target')} due later today`, next: [] };
}

function underWay(facts: WhyFacts): Answer | undefined {
  const { run, attempts, current } = facts;
  if (run?.status !== 'running') return undefined;
  const tried = attempts.filter(({ run_id }) => run_id === run.runId).length;
  const stays = current.kind === 'version' ? `; version ${current.version} is current until then` : '';
  return {
    answer: `run ${run.runId} has not ended (it is under way, or was interrupted) with ${tried} attempts at it so far${stays}`,
    next: advise({ kind: 'under-way', isOver: isOver(facts) }),
  };
}

function leftOut(facts: WhyFacts): Answer | undefined {
  const { run, skip, lastRefresh } = facts;
  const missed = run ? run.planned === 'left-out' : lastRefresh === null;
  if (!skip || !missed) return undefined;
  const who = run ? `run ${run.runId} left it out` : 'runs leave it out';
  return {
    answer: `${who}, because target ${skip.target} is skipped since ${isoTime(skip.since)}: ${skip.reason}; ${remains(facts)}`,
    next: advise({ ...facts, isOver: isOver(facts), kind: 'unscraped' }),
  };
}

function neverCovered(facts: WhyFacts): Answer | undefined {
  if (facts.run || facts.lastRefresh) return undefined;
  return {
    answer: 'it was never planned: no run on record has covered its date and target',
    next: advise({ ...facts, isOver: isOver(facts), kind: 'unscraped' }),
  };
}

/** The run is over and never came to decide about the partition. */
function endedBefore(facts: WhyFacts): Answer | undefined {
  const { run, lastRefresh } = facts;
  if (!run || (lastRefresh && lastRefresh.runId >= run.runId)) return undefined;
  return {
    answer: `run ${run.runId} was to refresh it and ${ENDINGS[run.status]}${run.message ? `: ${run.message}` : ''}; ${remains(facts)}`,
    next: advise({ ...facts, isOver: isOver(facts), kind: 'unscraped' }),
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
  const { lastRefresh, commits } = facts;
  if (!lastRefresh?.held) return undefined;
  // A refresh that failed since is the last on record, and held nothing.
  const by = commits.find(({ status }) => status === 'held')?.run_id ?? lastRefresh.runId;
  return {
    answer: `${whoIs(facts, by)} held its new version back: ${whyHeld(lastRefresh)}; ${remains(facts)}`,
    next: advise({ ...facts, kind: 'held' }),
  };
}
