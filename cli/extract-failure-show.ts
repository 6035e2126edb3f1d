import type { Command } from 'commander';
import { advise } from '../core/advice/advise.ts';
import { stepText } from '../core/advice/render.ts';
import type { Step } from '../core/advice/step.ts';
import { isActive } from '../core/extract/batch.ts';
import type { ExtractRecords } from '../core/extract/extract-context.ts';
import { pageOfKey } from '../core/extract/page-key.ts';
import type { PageState } from '../core/extract/page-store.ts';
import { resultKeyOf } from '../core/extract/result-object.ts';
import { adviseAt, type Place } from './advice.ts';
import { pageNamed } from './extract-force.ts';
import { extractFailureRecord } from './extract-records.ts';
import { withExtractRecords } from './extraction.ts';
import { NotFoundError } from './failure.ts';
import { printObject } from './json.ts';
import { counted, timeText } from './list.ts';
import { cellText } from './print.ts';
import { addressOf } from './run-summary.ts';

/** A page that failed: each of its failed answers, what came of it since, and what to do. */
export async function showExtractFailures(name: string, command: Command): Promise<void> {
  const key = pageNamed(name);
  await withExtractRecords(command, undefined, async (records, { platform, globals: { json, place } }) => {
    const failures = await Array.fromAsync(records.failures.of(key));
    const { page } = await records.pages.get(key);
    if (failures.length === 0)
      throw new NotFoundError(
        `no failed answer of ${cellText(key)} is on record`,
        advise({ kind: 'no-such-pages' }),
      );
    const result = resultKeyOf(pageOfKey(key));
    const hasResult = (await records.lake.head(result)) !== undefined;
    const status = await statusOf(records, page, hasResult);
    const next = nextFor(key, status, place);
    if (json)
      return printObject({
        ...{ page_key: key, status, failures: page.failures, tries: page.attempts },
        ...{ batch_id: page.batch, result: hasResult ? addressOf(platform, result) : null },
        ...{ failed_answers: failures.map(extractFailureRecord), next },
      });
    const { maxRetries } = records.settings;
    const lines: [string, unknown][] = [
      ['page', key],
      ['status', status],
      ['tries', `${counted(page.attempts, 'answer')}; ${page.failures} of ${maxRetries} failures count`],
      ['result', hasResult ? addressOf(platform, result) : undefined],
      ['batch', page.batch],
      ...failures.flatMap(({ at, code, message, paths, batch, attempt, model, promptVersion, raw }) => [
        ['failed', `${timeText(at)} ${code}, try ${attempt}/${maxRetries}: ${message}`] as [string, unknown],
        ['', paths.length > 0 ? `what does not fit: ${paths.join(', ')}` : undefined] as [string, unknown],
        ['', `${model}, prompt ${promptVersion}, batch ${batch}`] as [string, unknown],
        ['', raw === null ? undefined : `as it came: ${addressOf(platform, raw)}`] as [string, unknown],
      ]),
      ...next.map((step): [string, unknown] => ['next', stepText(step)]),
    ];
    for (const [title, text] of lines)
      if (text !== undefined && text !== null) console.log(`${title.padEnd(8)} ${cellText(text)}`);
  });
}

type Status = 'done' | 'in flight' | 'exhausted' | 'failed';

async function statusOf(
  { batches, settings }: ExtractRecords,
  { batch, failures, isForced }: PageState,
  hasResult: boolean,
): Promise<Status> {
  if (hasResult && !isForced) return 'done';
  const holder = batch === null ? undefined : (await batches.get(batch))?.batch;
  if (holder && isActive(holder)) return 'in flight';
  return failures >= settings.maxRetries ? 'exhausted' : 'failed';
}

function nextFor(page: string, status: Status, place: Place): Step[] {
  if (status === 'failed') return adviseAt(place, { kind: 'failed-page' });
  if (status !== 'exhausted') return [];
  return adviseAt(place, { kind: 'exhausted-page', page, code: null });
}
