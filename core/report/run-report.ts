import { attention } from './attention.ts';
import type { Document, Facts, Section, Span, Table, Tone } from './document.ts';
import { failedItemsSection } from './failed-items-section.ts';
import { byteSize, counted, duration, instant, wholeNumber } from './figures.ts';
import type { PartitionResult, PartitionSummary, RunSummary } from './run-summary.ts';

/** The report of one run: what it was asked, what came of it, and what is left for a person to do. */
export function runReport(summary: RunSummary): Document {
  const { run } = summary;
  return {
    title: `${run.source}, ${run.window_start} to ${run.window_end}`,
    verdict: verdictOf(summary),
    sections: [
      { blocks: [factsOf(summary)] },
      ...attention(summary),
      ...failedItemsSection(summary),
      { heading: 'Partitions', blocks: [partitionTable(summary.partitions)] },
      glossary(),
    ],
  };
}

const VERDICTS = {
  succeeded: { tone: 'good', word: 'complete' },
  incomplete: { tone: 'warn', word: 'incomplete' },
  failed: { tone: 'bad', word: 'failed' },
} as const satisfies Record<RunSummary['run']['status'], { tone: Tone; word: string }>;

function verdictOf({ run, skipped }: RunSummary): Document['verdict'] {
  const fresh = run.committed + run.unchanged;
  const parts = [
    `${wholeNumber(fresh)} of ${counted(run.partitions, 'partition')} fresh`,
    `${wholeNumber(run.items_found)} of ${counted(run.items_expected, 'item')} found`,
  ];
  if (run.items_failed > 0) parts.push(`${wholeNumber(run.items_failed)} failed`);
  if (run.held > 0) parts.push(`${counted(run.held, 'partition')} held`);
  if (run.failed > 0) parts.push(`${counted(run.failed, 'partition')} not refreshed`);
  if (skipped.length > 0) parts.push(`${counted(skipped.length, 'target')} skipped`);
  return { ...VERDICTS[run.status], text: parts.join(', ') };
}

function factsOf({ run }: RunSummary): Facts {
  const carried = run.items_carried > 0 ? `, ${wholeNumber(run.items_carried)} of them carried over` : '';
  return {
    kind: 'facts',
    facts: [
      [
        'Window',
        `${run.window_start} to ${run.window_end}${run.forced ? ', every page in full (--force)' : ''}`,
      ],
      ['Started', instant(run.started_at)],
      ['Duration', duration(Date.parse(run.finished_at) - Date.parse(run.started_at))],
      [
        'Partitions',
        `${wholeNumber(run.partitions)}: ${wholeNumber(run.committed)} committed, ${wholeNumber(run.unchanged)} unchanged, ` +
          `${wholeNumber(run.held)} held, ${wholeNumber(run.failed)} failed`,
      ],
      [
        'Items',
        `${wholeNumber(run.items_expected)} expected, ${wholeNumber(run.items_found)} found, ` +
          `${wholeNumber(run.items_failed)} failed${carried}`,
      ],
      ['Attempts', `${wholeNumber(run.attempts)}, ${byteSize(run.wire_bytes)} over the wire`],
      ['Run', [{ code: run.run_id }]],
    ],
  };
}

const LEFT = ['Partition', 'Result', 'Reason'];
const COLUMNS = ['Partition', 'Expected', 'Found', 'Failed', 'Carried over', 'Rows', 'Result', 'Reason'];

/** A line a partition. Items that rightly have no rows (a void race) count as found. */
function partitionTable(partitions: readonly PartitionSummary[]): Table {
  return {
    kind: 'table',
    columns: COLUMNS.map((title) => ({ title, align: LEFT.includes(title) ? 'left' : 'right' })),
    rows: partitions.map(({ name, result }) => [name, ...cellsOf(result)]),
  };
}

const NOTHING = '–';

function cellsOf(result: PartitionResult | 'broken'): (string | readonly Span[])[] {
  if (result === 'broken') {
    return [...Array(5).fill(NOTHING), [{ mark: 'failed', tone: 'bad' }], 'could not be published'];
  }
  const { stats, status, rows, reason } = result;
  // Without the index the counts are those of the version before: nothing that this run has seen.
  const seen = (count: number) => (stats.indexRead ? wholeNumber(count) : NOTHING);
  return [
    seen(stats.expected),
    seen(stats.found + stats.empty),
    seen(stats.failed),
    seen(stats.carried),
    wholeNumber(rows),
    [{ mark: status, tone: toneOf(result) }],
    reason ?? '',
  ];
}

function toneOf({ status, stats }: PartitionResult): Tone {
  if (status === 'failed') return 'bad';
  if (status === 'held' || stats.failed > 0) return 'warn';
  return status === 'unchanged' ? 'quiet' : 'good';
}

function glossary(): Section {
  return {
    heading: 'What the words mean',
    blocks: [
      {
        kind: 'list',
        items: [
          'committed: the partition was swapped for a new version in one step',
          'unchanged: the source was asked again and says the same; the version stays',
          'held: the new version is written beside the current one and waits for a person',
          'failed: the source could not be read; the version before, if there is one, stays current',
          'carried over: the item failed and keeps the rows that it had before',
        ],
      },
    ],
  };
}
