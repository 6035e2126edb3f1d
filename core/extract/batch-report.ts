import { advise } from '../advice/advise.ts';
import { stepSpans } from '../advice/render.ts';
import type { Document, Facts, Section, Table, Tone } from '../report/document.ts';
import { counted, instant, wholeNumber } from '../wording/figures.ts';
import { isoTime } from '../wording/times.ts';
import { type Batch, type BatchStateName, isActive, strayLines } from './batch.ts';
import type { LoggedFailure } from './failure-log.ts';
import { strayLinesOf } from './result-object.ts';

export interface BatchReportParts {
  readonly batch: Batch;
  readonly extraction: string;
  /** Of its answers, in any order. */
  readonly failures: readonly LoggedFailure[];
  /** So many failures end the tries of a page. */
  readonly maxRetries: number;
}

/** Nobody reads more; the log has all. */
const MOST_ROWS = 1_000;

/** What came of a batch: how many pages were read, which failed and why, and how often each has by now. */
export function batchReport(parts: BatchReportParts): Document {
  const { batch, extraction } = parts;
  return {
    title: `${extraction}, batch ${batch.id}`,
    verdict: verdictOf(batch),
    sections: [{ blocks: [factsOf(batch)] }, ...failuresOf(parts), ...retriesOf(parts), historyOf(batch)],
  };
}

function verdictOf({ state, pages, counts, transitions }: Batch): Document['verdict'] {
  if (!counts) {
    const tone: Tone = isActive({ state }) ? 'quiet' : 'bad';
    const last = transitions.at(-1)?.reason ?? '';
    return { tone, word: state, text: `${counted(pages, 'page')}, none of them read: ${last}` };
  }
  const { succeeded, failed } = counts;
  return {
    tone: failed === 0 ? 'good' : succeeded === 0 ? 'bad' : 'warn',
    word: failed === 0 ? 'whole' : succeeded === 0 ? 'nothing read' : 'partly read',
    text: `Processed ${counted(succeeded + failed, 'record')}: ${wholeNumber(succeeded)} succeeded, ${wholeNumber(failed)} failed`,
  };
}

function factsOf(batch: Batch): Facts {
  const { state, route, provider, model, promptVersion, job, counts, tokens, costUsd } = batch;
  const beside = [
    [counts?.missing, 'without a line'],
    [counts?.repeated, 'repeated lines'],
    [counts?.unknownKeys, 'lines of other pages'],
    [counts?.invalidLines, 'invalid lines'],
  ] as const;
  return {
    kind: 'facts',
    facts: [
      ['State', state],
      [
        'Job',
        job === null
          ? 'none'
          : [{ code: job }, ` at ${provider}${route === 'single' ? ', page by page' : ''}`],
      ],
      ['Model', [{ code: model }, ', prompt ', { code: promptVersion }]],
      ['Begun', instant(isoTime(batch.createdAt))],
      ...(batch.readAt === null ? [] : [['Read', instant(isoTime(batch.readAt))] as const]),
      ...(tokens
        ? [['Tokens', `${wholeNumber(tokens.input)} in, ${wholeNumber(tokens.output)} out`] as const]
        : []),
      ...(costUsd === null ? [] : [['Cost', `$${costUsd.toFixed(4)}`] as const]),
      ...beside.flatMap(([count, what]) => (count ? [[`Lines: ${what}`, wholeNumber(count)] as const] : [])),
      ...(strayLines(batch) > 0
        ? [['Kept as they came', ['below ', { code: strayLinesOf(batch.id) }, ' of the lake']] as const]
        : []),
    ],
  };
}

function failuresOf({ failures }: BatchReportParts): Section[] {
  if (failures.length === 0) return [];
  const shown = failures.slice(0, MOST_ROWS);
  const more = failures.length - shown.length;
  const table: Table = {
    kind: 'table',
    columns: [
      { title: 'Page', align: 'left' },
      { title: 'Error', align: 'left' },
      { title: 'Reason', align: 'left' },
    ],
    rows: shown.map(({ page, code, message, paths }) => [
      [{ code: page }],
      [{ mark: code, tone: 'bad' }],
      paths.length > 0 ? `${message} (${paths.join(', ')})` : message,
    ]),
  };
  return [
    {
      heading: 'Failures',
      blocks: [
        table,
        ...(more > 0 ? [{ kind: 'paragraph', text: `and ${wholeNumber(more)} more` } as const] : []),
      ],
    },
  ];
}

/** `page … is on retry 2/3`, and what to do about those that are on none any more. */
function retriesOf({ failures, maxRetries }: BatchReportParts): Section[] {
  const shown = failures.slice(0, MOST_ROWS);
  if (shown.length === 0) return [];
  const items = shown.map(({ page, attempt, code }) => [
    { code: page },
    attempt >= maxRetries
      ? ` has used up its ${counted(maxRetries, 'try', 'tries')}. `
      : ` is on retry ${attempt}/${maxRetries}.`,
    ...(attempt >= maxRetries ? stepSpans(advise({ kind: 'exhausted-page', page, code })) : []),
  ]);
  return [{ heading: 'Retries', blocks: [{ kind: 'list', items }] }];
}

function historyOf({ transitions }: Batch): Section {
  const tones: Readonly<Partial<Record<BatchStateName, Tone>>> = {
    done: 'good',
    failed: 'bad',
    expired: 'bad',
    refused: 'bad',
  };
  return {
    heading: 'History',
    blocks: [
      {
        kind: 'table',
        columns: [
          { title: 'When', align: 'left' },
          { title: 'State', align: 'left' },
          { title: 'Reason', align: 'left' },
        ],
        rows: transitions.map(({ state, at, reason }) => [
          instant(isoTime(at)),
          [{ mark: state, tone: tones[state] ?? 'quiet' }],
          reason,
        ]),
      },
    ],
  };
}
