import type { DateStatus } from '../lake/date-statuses.ts';
import { besideRun, repeatedText, withdrawnText, withoutResult } from '../lake/item-counts.ts';
import { byteSize, counted, duration, instant, wholeNumber } from '../wording/figures.ts';
import { attention } from './attention.ts';
import type { Document, Facts, Section, Span, Table, Tone } from './document.ts';
import { failedItemsSection } from './failed-items-section.ts';
import {
  type PartitionResult,
  type PartitionSummary,
  type RunSummary,
  withdrawnFrom,
} from './run-summary.ts';
import { targetsSection } from './targets-section.ts';

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
      ...targetsSection(summary),
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
  if (run.items_withdrawn) parts.push(`${wholeNumber(run.items_withdrawn)} withdrawn`);
  if (run.items_failed > 0) parts.push(`${wholeNumber(run.items_failed)} failed`);
  if (run.held > 0) parts.push(`${counted(run.held, 'partition')} held`);
  if (run.failed > 0) parts.push(`${counted(run.failed, 'partition')} not refreshed`);
  if (skipped.length > 0) parts.push(`${counted(skipped.length, 'target')} skipped`);
  return { ...VERDICTS[run.status], text: parts.join(', ') };
}

function factsOf({ run }: RunSummary): Facts {
  const beside = besideRun(run)
    .map((text) => `, ${text}`)
    .join('');
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
          `${wholeNumber(run.items_failed)} failed${carried}${beside}`,
      ],
      ['Attempts', `${wholeNumber(run.attempts)}, ${byteSize(run.wire_bytes)} over the wire`],
      ['Run', [{ code: run.run_id }]],
    ],
  };
}

const NOTHING = '–';

interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Shown only where some partition has a number other than 0 in it. */
  readonly optional?: boolean;
  readonly cell: (result: PartitionResult) => string | number | readonly Span[];
}

// Without the index the counts are those of the version before: nothing that this run has seen.
const seen =
  (of: (result: PartitionResult) => number) =>
  (result: PartitionResult): string | number =>
    result.stats.indexRead ? of(result) : NOTHING;

const COLUMNS: readonly Column[] = [
  { title: 'Expected', align: 'right', cell: seen(({ stats }) => stats.expected) },
  { title: 'Found', align: 'right', cell: seen(({ stats }) => stats.found) },
  { title: 'Failed', align: 'right', cell: seen(({ stats }) => stats.failed) },
  { title: 'Carried over', align: 'right', cell: seen(({ stats }) => stats.carried) },
  { title: 'Pending', align: 'right', optional: true, cell: seen(({ stats }) => stats.pending ?? 0) },
  { title: 'No result', align: 'right', optional: true, cell: seen(({ stats }) => withoutResult(stats)) },
  { title: 'Withdrawn', align: 'right', optional: true, cell: (result) => withdrawnFrom(result).length },
  { title: 'Rows', align: 'right', cell: ({ rows }) => rows },
  { title: 'Result', align: 'left', cell: (result) => [{ mark: result.status, tone: toneOf(result) }] },
  { title: 'Reason', align: 'left', cell: reasonOf },
];

/** A line a partition. */
function partitionTable(partitions: readonly PartitionSummary[]): Table {
  const isShown = ({ optional, cell }: Column) =>
    !optional || partitions.some(({ result }) => result !== 'broken' && Number(cell(result)) > 0);
  const columns = COLUMNS.filter(isShown);
  // Summaries of before it was kept have none.
  const isJudged = partitions.some(({ status }) => status !== undefined);
  return {
    kind: 'table',
    columns: [
      { title: 'Partition', align: 'left' },
      ...(isJudged ? [{ title: 'Completeness', align: 'left' } as const] : []),
      ...columns.map(({ title, align }) => ({ title, align })),
    ],
    rows: partitions.map(({ name, result, status }) => [
      name,
      ...(isJudged ? [statusCell(status)] : []),
      ...columns.map((column) => (result === 'broken' ? brokenCell(column) : cellOf(column, result))),
    ]),
  };
}

function statusCell(status: DateStatus | undefined): string | readonly Span[] {
  return status === undefined ? NOTHING : [{ mark: status, tone: TONES[status] }];
}

const TONES: Readonly<Record<DateStatus, Tone>> = {
  ...{ missing: 'bad', damaged: 'bad', held: 'warn', incomplete: 'bad', stale: 'bad', suspicious: 'warn' },
  ...{ upcoming: 'quiet', open: 'quiet', empty: 'good', complete: 'good' },
};

function cellOf({ cell }: Column, result: PartitionResult): string | readonly Span[] {
  const value = cell(result);
  return typeof value === 'number' ? wholeNumber(value) : value;
}

function brokenCell({ title }: Column): string | readonly Span[] {
  if (title === 'Result') return [{ mark: 'failed', tone: 'bad' }];
  return title === 'Reason' ? 'could not be published' : NOTHING;
}

function reasonOf(result: PartitionResult): string {
  const withdrawn = withdrawnFrom(result);
  return [
    ...(result.reason === null ? [] : [result.reason]),
    ...(withdrawn.length > 0 ? [withdrawnText(withdrawn.map(({ id }) => id))] : []),
    ...(result.repeated ?? []).map(repeatedText),
    ...(result.stats.indexRead && result.sign ? [`the index says: ${result.sign}`] : []),
  ].join('; ');
}

function toneOf(result: PartitionResult): Tone {
  const { status, stats, repeated = [] } = result;
  if (status === 'failed') return 'bad';
  const isDoubtful = stats.failed > 0 || repeated.length > 0 || withdrawnFrom(result).length > 0;
  if (status === 'held' || isDoubtful) return 'warn';
  return status === 'unchanged' ? 'quiet' : 'good';
}

function glossary(): Section {
  return {
    heading: 'What the words mean',
    blocks: [
      {
        kind: 'list',
        items: [
          'completeness: how the partition was judged as the run ended, in the words of the completeness of its source',
          'committed: the partition was swapped for a new version in one step',
          'unchanged: the source was asked again and says the same; the version stays',
          'held: the new version is written beside the current one and waits for a person',
          'failed: the source could not be read; the version before, if there is one, stays current',
          'expected: items of the index that can have rows',
          'carried over: the item failed, or is pending again, and keeps the rows that it had before',
          'pending: the index lists it, its result is still to come; its partition is open for two days, then incomplete',
          'no result: the item is void or abandoned, or its page rightly has no rows; it is not expected',
          'withdrawn: it had rows, and the index no longer lists it, or as void or abandoned; its rows went, and its partition is suspicious',
        ],
      },
    ],
  };
}
