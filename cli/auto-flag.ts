import type { Command } from 'commander';
import { NOT_FOUND_ONCE, OF_A_PAGE } from '../core/lake/log-tables.ts';
import type { Source } from '../core/source/source.ts';
import {
  type AutoFlagThresholds,
  autoFlaggedAfter,
  autoFlagReason,
  type CountedAttempts,
  countsSince,
} from '../core/targets/auto-flag.ts';
import type { TargetRecord } from '../core/targets/target.ts';
import { TargetStore } from '../core/targets/target-store.ts';
import type { CommandPlatform } from '../runtime/platform-for.ts';
import { AttemptConditions, queryAttempts } from './attempt-query.ts';
import { count, examples, newCommand } from './command.ts';
import { withScrapedSources } from './context.ts';
import { scopeOf } from './filter.ts';
import { counted, type ListOptions, number, printList, withCsv } from './list.ts';
import { operator } from './operator.ts';
import { type TargetFilterOptions, targetMatcher, withTargetFilter } from './target-filter.ts';
import { namesIn, type TargetNames } from './target-names.ts';

interface AutoFlagOptions extends ListOptions, TargetFilterOptions, AutoFlagThresholds {
  readonly dryRun?: boolean;
}

export function autoFlagCommand(): Command {
  return withTargetFilter(withCsv(newCommand('auto-flag')))
    .argument('[source]', 'only this source')
    .option('--blocks <n>', 'walls, in all, after which a target is flagged', count, 3)
    .option('--not-found <n>', 'pages not found, in all, after which a target is flagged', count, 4)
    .option('--dry-run', 'tell who would be flagged, and flag nobody')
    .addHelpText(
      'after',
      `${examples('auto-flag --dry-run', 'auto-flag racing --blocks 5 --not-found 10', 'auto-flag --json')}\n\n` +
        'Attempts since the flag of a target was lifted last are counted; time-outs never are, and items that are not\n' +
        'there count once a day. No flag is replaced.',
    )
    .action(async (name: string | undefined, options: AutoFlagOptions, command: Command) => {
      await withScrapedSources(command, async (platform, globals) => {
        const { sources } = scopeOf(platform, name === undefined ? {} : { source: name });
        const isMeant = targetMatcher(sources, options);
        const named = namesIn(sources);
        const rows: Record<string, unknown>[] = [];
        for (const source of sources)
          for (const candidate of await candidatesOf(platform, source, options))
            if (isMeant(source.name, candidate.record.target))
              if (options.dryRun || (await flag(platform, candidate)))
                rows.push(rowOf(candidate, named(source.name, candidate.record.target)));
        const columns = [
          { name: 'source' },
          { name: 'target' },
          { name: 'name' },
          { name: 'state' },
          { name: 'reason' },
          { name: 'blocks', title: 'walls', ...number },
          { name: 'not_found', title: 'not found', ...number },
        ];
        const verb = options.dryRun ? 'would be flagged' : 'flagged';
        printList({ columns, rows, none: `no target ${verb}` }, { ...globals, ...options });
        if (rows.length > 0) console.error(`${counted(rows.length, 'target')} ${verb}`);
      });
    });
}

interface Candidate {
  readonly record: TargetRecord;
  readonly counts: CountedAttempts;
  readonly reason: string;
}

type Counts = { -readonly [Name in keyof CountedAttempts]: number };

/** Targets that have met enough and are not flagged, in the order of their ids. */
async function candidatesOf(
  platform: CommandPlatform,
  source: Source,
  thresholds: AutoFlagThresholds,
): Promise<Candidate[]> {
  const inAll = await countsOf(platform, source);
  const known = new Set(source.targets.map(({ id }) => id));
  const open: TargetRecord[] = [];
  for await (const record of new TargetStore(platform.state).list(source.name)) {
    const counts = inAll.get(record.target);
    if (!record.skip && counts && known.has(record.target) && autoFlagReason(counts, thresholds))
      open.push(record);
  }
  const lifted = new Map(open.map((record) => [record.target, countsSince(record)]));
  const since = [...lifted.values()].filter((at) => at > 0);
  // Only those whose flag was lifted have older attempts that must not count again.
  const anew =
    since.length === 0
      ? inAll
      : await countsOf(platform, source, { from: since.reduce((a, b) => Math.min(a, b)), lifted });
  return open.flatMap((record) => {
    const from = countsSince(record) === 0 ? inAll : anew;
    const counts = from.get(record.target) ?? { blocks: 0, notFound: 0 };
    const reason = autoFlagReason(counts, thresholds);
    return reason === undefined ? [] : [{ record, counts, reason }];
  });
}

/**
 * Walls and pages not found by target; robots.txt is nobody's page. `lifted`: of each target only attempts
 * after its own moment, none of which is before `from`; milliseconds.
 */
async function countsOf(
  platform: CommandPlatform,
  source: Source,
  only?: { readonly from: number; readonly lifted: ReadonlyMap<string, number> },
): Promise<ReadonlyMap<string, CountedAttempts>> {
  const wanted = new AttemptConditions({ sources: [source], target: undefined }).add(OF_A_PAGE);
  if (only) wanted.since(only.from);
  const once = `CASE WHEN status = 'not_found' THEN ${NOT_FOUND_ONCE} END`;
  const [at, by] = only ? ['attempted_at', ', attempted_at'] : ['NULL', ''];
  const rows = await queryAttempts(
    platform,
    wanted,
    (where) => `
SELECT target, ${once} AS not_found_once, ${at} AS at, count(*) AS attempts
FROM attempts WHERE status IN ('blocked', 'not_found') AND ${where} GROUP BY target, ${once}${by}`,
  );
  const found = new Map<string, Counts>();
  const counted = new Set<string>();
  for (const { target, not_found_once, at: moment, attempts } of rows as unknown as CountRow[]) {
    if (only && Date.parse(moment ?? '') <= (only.lifted.get(target) ?? Number.POSITIVE_INFINITY)) continue;
    const counts = found.get(target) ?? { blocks: 0, notFound: 0 };
    found.set(target, counts);
    if (not_found_once === null) counts.blocks += attempts;
    // The same day again: the attempts at items were made at several moments of it.
    else if (!counted.has(`${target} ${not_found_once}`)) counts.notFound += 1;
    if (not_found_once !== null) counted.add(`${target} ${not_found_once}`);
  }
  return found;
}

interface CountRow {
  readonly target: string;
  /** Of pages that were not there what tells them apart; null of walls. */
  readonly not_found_once: string | null;
  readonly at: string | null;
  readonly attempts: number;
}

/** False where the target has been flagged meanwhile, or its flag lifted. */
async function flag(platform: CommandPlatform, { record, reason }: Candidate): Promise<boolean> {
  const by = { actor: operator(), at: platform.clock.now(), reason };
  let isDone = false;
  const change = (before: TargetRecord) => {
    const after = autoFlaggedAfter(before, record, by);
    isDone = after !== before;
    return after;
  };
  await new TargetStore(platform.state).update(record.source, record.target, change, by);
  return isDone;
}

function rowOf({ record, counts, reason }: Candidate, names: TargetNames): Record<string, unknown> {
  const { source, target } = record;
  return { source, target, ...names, reason, blocks: counts.blocks, not_found: counts.notFound };
}
