import { advise } from '../advice/advise.ts';
import { stepSpans } from '../advice/render.ts';
import type { Subject } from '../advice/subject.ts';
import { repeatedText, withdrawnText } from '../lake/item-counts.ts';
import { counted, instant } from '../wording/figures.ts';
import type { Section, Text } from './document.ts';
import {
  hasDataBefore,
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
            advise({ kind: 'flagged-target', source: run.source, target }).flatMap(({ command }) =>
              command === undefined ? [] : [{ code: command }],
            ),
          ]),
        },
      ],
    });
  }
  return sections;
}

function adviceFor({ run }: RunSummary, summary: PartitionSummary): Text[] | undefined {
  const { partition, name, result, status } = summary;
  const place = { source: run.source, partition };
  const told = (text: string, ...subjects: Subject[]): Text => [
    `${text} `,
    ...stepSpans(subjects.flatMap(advise)),
  ];
  const story: Subject = { kind: 'story', ...place };
  const held: Subject = { kind: 'held', ...place };
  const again: Subject = { kind: 'not-refreshed', ...place };
  if (result === 'broken')
    return [told(`${name} could not be published; ${keptUnseen(summary)}`, again, story)];
  switch (result.status) {
    case 'held': {
      const reason = result.reason ?? 'the new version is suspicious';
      const stays = result.version === null ? '' : ' The version before stays until you decide.';
      return [told(`${name} is held: ${reason}.${stays}`, held)];
    }
    case 'failed': {
      const reason = result.reason ?? 'no reason on record';
      // Nothing is decided by a refresh that failed: a version that waited before waits on.
      if (status === 'held')
        return [
          told(`${name} is held still, and was not refreshed: ${reason}. ${kept(result)}`, held, story),
        ];
      return [told(`${name} was not refreshed: ${reason}. ${kept(result)}`, again, story)];
    }
    case 'committed':
    case 'unchanged': {
      const { failed, carried } = result.stats;
      const advices: Text[] = [];
      const rows =
        carried === 0
          ? 'no rows are there for them'
          : `${carried === failed ? 'all' : carried} keep the rows from before`;
      if (failed > 0)
        advices.push(
          told(`${name} lacks ${counted(failed, 'item')}: ${rows}.`, { kind: 'lacks-items', ...place }),
        );
      const withdrawn = withdrawnFrom(result).map(({ id }) => id);
      if (withdrawn.length > 0)
        advices.push(
          told(`${name} is suspicious: ${withdrawnText(withdrawn)}.`, { kind: 'withdrawn', ...place }),
        );
      for (const repeated of result.repeated ?? [])
        advices.push(
          told(`${name} is not complete: ${repeatedText(repeated)}.`, { kind: 'repeated' }, story),
        );
      return advices.length > 0 ? advices : undefined;
    }
  }
}

function kept({ version, rows }: PartitionResult): string {
  if (version === null) return 'No current version of it was found.';
  return rows === 0
    ? 'The version before, without rows, stays.'
    : `The ${counted(rows, 'row')} from before stay.`;
}

function keptUnseen(summary: PartitionSummary): string {
  const has = hasDataBefore(summary);
  if (has === undefined) return 'the version before, if there is one, stays.';
  return has ? 'the version before stays.' : 'there is no version of it from before.';
}
