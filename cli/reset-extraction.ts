import type { Command } from 'commander';
import { stepText } from '../core/advice/render.ts';
import { resetExtraction } from '../core/extract/operate-pages.ts';
import type { ResetPlan } from '../core/run/reset.ts';
import { isStack } from '../runtime/platform-for.ts';
import { adviseAt } from './advice.ts';
import { type ConfirmOptions, isDryRun, refuseUnconfirmed } from './confirmation.ts';
import { withExtractRecords } from './extraction.ts';
import { printObject } from './json.ts';
import { number } from './list.ts';
import { printTable } from './print.ts';

/** A row a kind of thing that is forgotten, and what that costs. */
export function extractionRows({
  batches,
  active,
  pages,
  failures,
}: ResetPlan['extraction']): { what: string; count: number; cost: string }[] {
  const lost = `; the answers of ${active} are lost, and their pages paid for again`;
  return [
    {
      what: 'batches of pages',
      count: batches,
      cost: `no longer listed; their reports stay in the lake${active > 0 ? lost : ''}`,
    },
    {
      what: 'pages of books',
      count: pages,
      cost: 'counts at zero: what was exhausted is tried again; every result stays, and counts as done',
    },
    {
      what: 'failed answers',
      count: failures,
      cost: 'no longer listed; as they came they stay in the lake',
    },
  ];
}

/** Forgets what extraction knows, and nothing else: results, reports, failed answers stay in the lake. */
export async function resetExtractionHere(asked: ConfirmOptions, command: Command): Promise<void> {
  const isDry = isDryRun(asked);
  await withExtractRecords(command, undefined, async (records, { platform, globals }) => {
    const { active, batches, pages, failures, documents } = await resetExtraction(records, {
      isDryRun: isDry,
    });
    const place = isStack(platform) ? `the stack ${platform.resources.stack}` : platform.directory;
    if (globals.json) {
      printObject({ dryRun: isDry, place, documents, active, batches, pages, failures });
      return refuseUnconfirmed(asked, documents);
    }
    if (documents === 0) {
      console.log(`${place} has no state of extraction: there is nothing to forget`);
      return;
    }
    printTable(
      [{ name: 'what' }, { name: 'count', ...number }, { name: 'cost', title: 'what that costs' }],
      extractionRows({ batches, active, pages, failures }),
    );
    console.log(
      `the state of extraction in ${place} ${isDry ? 'would be forgotten; nothing was changed' : 'is forgotten'}`,
    );
    if (!isDry) return;
    const words = ['reset', '--only', 'extraction'];
    for (const step of adviseAt(globals.place, { kind: 'dry-run', words })) console.log(stepText(step));
    refuseUnconfirmed(asked, documents);
  });
}
