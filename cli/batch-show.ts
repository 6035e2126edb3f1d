import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepText } from '../core/advice/render.ts';
import { isActive, leaseText, strayLines } from '../core/extract/batch.ts';
import { strayLinesOf } from '../core/extract/result-object.ts';
import { reportKey } from '../core/lake/layout.ts';
import { namesText } from '../core/wording/names.ts';
import { batchRecord, extractFailureRecord } from './extract-records.ts';
import { batchAdvice, batchRow, printExtractFailures } from './extract-views.ts';
import { type ExtractionOption, withExtractRecords } from './extraction.ts';
import { NotFoundError } from './failure.ts';
import { printObject } from './json.ts';
import { counted, timeText } from './list.ts';
import { cellText } from './print.ts';
import { addressOf } from './run-summary.ts';

/** Pages that are named; `--json` has all. */
const MOST_NAMED = 10;

export async function showBatch(
  id: string,
  { extraction }: ExtractionOption,
  command: Command,
): Promise<void> {
  await withExtractRecords(command, extraction, async (records, { platform, globals: { json, place } }) => {
    const batch = (await records.batches.get(id))?.batch;
    if (!batch) throw noSuchBatch(id);
    const keys = (await records.batches.members(id)).map(({ page }) => page);
    const failures = await Array.fromAsync(records.failures.ofBatch(id, keys));
    const key = reportKey(id, 'html');
    const report = (await records.lake.head(key)) ? addressOf(platform, key) : null;
    const lines = strayLines(batch) > 0 ? addressOf(platform, strayLinesOf(id)) : null;
    const next = batchAdvice(batch, records.clock.now(), place);
    if (json) {
      return printObject({
        ...{ ...batchRecord(batch), page_keys: keys, failures: failures.map(extractFailureRecord) },
        ...{ lines, report, next },
      });
    }
    const { name, provider, model, promptVersion, job, counts, transitions, state } = batch;
    const row = batchRow(batch);
    const told: [string, unknown][] = [
      ['batch', id],
      ['state', `${state}${isActive(batch) ? ', its pages are in flight' : ''}`],
      ['job', job === null ? `none yet; its name is ${name}` : `${job}, by the name ${name}`],
      ['model', `${model} at ${provider}, prompt ${promptVersion}`],
      ['pages', `${counted(keys.length, 'page')}: ${namesText(keys, MOST_NAMED)}`],
      ['answers', counts && `${counts.succeeded} succeeded, ${counts.failed} failed`],
      ['lines', lines && `${counted(strayLines(batch), 'line')} of no page of it, kept below ${lines}`],
      ['tokens', row.tokens],
      ['cost', row.cost && `$${row.cost}`],
      ['lease', leaseText(batch, records.clock.now())],
      ...transitions.map((each): [string, unknown] => [
        'history',
        `${timeText(each.at)} ${each.state}: ${each.reason}`,
      ]),
      ['report', report],
      ...next.map((step): [string, unknown] => ['next', stepText(step)]),
    ];
    let before = '';
    for (const [title, text] of told) {
      if (text === null || text === undefined) continue;
      console.log(`${(title === before ? '' : title).padEnd(8)} ${cellText(text)}`);
      before = title;
    }
    if (failures.length > 0) printExtractFailures(failures, records.settings.maxRetries);
  });
}

export function noSuchBatch(id: string): NotFoundError {
  return new NotFoundError(`there is no batch ${JSON.stringify(id)}`, advise({ kind: 'unknown-batch' }));
}
