import {
  decideCommand,
  failuresCommand,
  rerunCommand,
  rollbackCommand,
  skipRemoveCommand,
  whyCommand,
} from '../advice/commands.ts';
import { repeatedText, withdrawnText } from '../lake/item-counts.ts';
import { counted, instant } from '../wording/figures.ts';
import type { Section, Text } from './document.ts';
import {
  type PartitionResult,
  type PartitionSummary,
  type RunSummary,
  withdrawnFrom,
} from './run-summary.ts';

/**
 * Partitions that get an advice of their own; a site that is down for 90 days of three targets says it once.
 */
const MAX_ADVICES = 25;

/**
 * What went wrong, what happens next without anybody, and which command helps. No sections where nothing did.
 */
export function attention(summary: RunSummary): Section[] {
  const { run, partitions, skipped } = summary;
  const sections: Section[] = [];
  const troubled = partitions.flatMap((partition) => adviceFor(summary, partition) ?? []);
  if (troubled.length > 0) {
    const rest = troubled.length - MAX_ADVICES;
    const more =
      rest > 0 ? [`… and ${counted(rest, 'partition')} more; the table below lists them all.`] : [];
    sections.push({
      heading: 'Needs attention',
      blocks: [{ kind: 'list', items: [...troubled.slice(0, MAX_ADVICES), ...more] }],
    });
  }
  if (skipped.length > 0) {
    sections.push({
      heading: 'Skipped targets',
      blocks: [
        { kind: 'paragraph', text: 'No run asks these for anything until their flag is removed.' },
        {
          kind: 'table',
          columns: ['Target', 'Reason', 'Since', 'To scrape it again'].map((title) => ({
            title,
            align: 'left',
          })),
          rows: skipped.map(({ target, reason, since }) => [
            target,
            reason,
            instant(since),
            [{ code: skipRemoveCommand(run.source, target) }],
          ]),
        },
      ],
    });
  }
  return sections;
}

function adviceFor({ run }: RunSummary, { partition, name, result }: PartitionSummary): Text[] | undefined {
  const { source } = run;
  const why = { code: whyCommand(source, partition) };
  const next = `The next run that covers ${partition.date} tries again by itself`;
  const now = { code: rerunCommand(source, partition) };
  if (result === 'broken') {
    return [
      [
        `${name} could not be published; the version before, if there is one, stays. ${next}, or do it now: `,
        now,
        ' · ',
        why,
      ],
    ];
  }
  switch (result.status) {
    case 'held':
      return [
        [
          `${name} is held: ${result.reason ?? 'the new version is suspicious'}. The version before stays until you decide: `,
          { code: decideCommand('accept', source, partition) },
          ' or ',
          { code: decideCommand('reject', source, partition) },
        ],
      ];
    case 'failed':
      return [
        [
          `${name} was not refreshed: ${result.reason ?? 'no reason on record'}. ${kept(result)} ${next}, or do it now: `,
          now,
          ' · ',
          why,
        ],
      ];
    case 'committed':
    case 'unchanged': {
      const { failed, carried } = result.stats;
      const advices: Text[] = [];
      const rows =
        carried === 0
          ? 'no rows are there for them'
          : `${carried === failed ? 'all' : carried} keep the rows from before`;
      if (failed > 0)
        advices.push([
          `${name} lacks ${counted(failed, 'item')}: ${rows}. ${next}; see them with `,
          { code: failuresCommand(source, partition) },
        ]);
      const withdrawn = withdrawnFrom(result).map(({ id }) => id);
      if (withdrawn.length > 0)
        advices.push([
          `${name} is suspicious: ${withdrawnText(withdrawn)}. Where the source is wrong, bring them back: `,
          { code: rollbackCommand(source, partition) },
        ]);
      for (const repeated of result.repeated ?? [])
        advices.push([`${name} is not complete: ${repeatedText(repeated)} · `, why]);
      return advices.length > 0 ? advices : undefined;
    }
  }
}

function kept({ version, rows }: PartitionResult): string {
  return version === null ? 'It has no data yet.' : `The ${counted(rows, 'row')} from before stay.`;
}
