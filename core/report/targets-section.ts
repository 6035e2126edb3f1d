import { DAY_STATUSES, type DayStatus, type TargetsOfDay } from '../targets/target-day.ts';
import { counted, wholeNumber } from '../wording/figures.ts';
import { namesText } from '../wording/names.ts';
import type { Block, Section } from './document.ts';
import type { RunSummary } from './run-summary.ts';

/** Values that are shown. */
const MAX_ROWS = 100;
const COUNTS = ['expected', ...DAY_STATUSES] as const;

/** Where each target has its own time: how they stand on the date of the run. No section otherwise. */
export function targetsSection({ targets = [] }: RunSummary): Section[] {
  if (targets.length === 0) return [];
  const isThere = (name: (typeof COUNTS)[number]) =>
    ['expected', 'found', 'failed', 'due'].includes(name) || targets.some((value) => value[name] > 0);
  const columns = COUNTS.filter(isThere);
  const blocks: Block[] = [
    {
      kind: 'paragraph',
      text: 'Expected are those that are due before the day ends: found, failed, and still to be crawled (due).',
    },
    {
      kind: 'table',
      columns: [
        { title: 'Value', align: 'left' },
        ...columns.map((name) => ({ title: titleOf(name), align: 'right' as const })),
        { title: 'Which', align: 'left' },
      ],
      rows: targets
        .slice(0, MAX_ROWS)
        .map((value) => [value.value, ...columns.map((name) => wholeNumber(value[name])), whichText(value)]),
    },
  ];
  const rest = targets.length - MAX_ROWS;
  if (rest > 0) blocks.push({ kind: 'paragraph', text: `… and ${counted(rest, 'value')} more` });
  return [{ heading: 'Targets', blocks }];
}

function titleOf(name: string): string {
  return `${name[0]!.toUpperCase()}${name.slice(1).replace('_', ' ')}`;
}

/** Names of those that are not as they should be. */
function whichText({ names }: TargetsOfDay): string {
  const told: readonly DayStatus[] = ['failed', 'skipped', 'paused', 'given_up', 'not_ready'];
  return told
    .flatMap((status) => {
      const ids = names[status] ?? [];
      return ids.length === 0 ? [] : [`${status.replace('_', ' ')}: ${namesText(ids)}`];
    })
    .join('; ');
}
