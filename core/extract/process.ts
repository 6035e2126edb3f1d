import type { ProviderProblem } from '../ports/batch-provider.ts';
import { type Batch, type BatchCounts, moved, type Tokens } from './batch.ts';
import { type ExtractContext, providerOf } from './extract-context.ts';
import type { ExtractionFailureCode } from './extraction-failure.ts';
import { type HeldBatch, takeBatch } from './held-batch.ts';
import { costOf, PageEnds } from './page-ends.ts';
import { pageOfKey } from './page-key.ts';
import { type ResultEvent, readResults } from './read-results.ts';
import { reportBatch } from './report-batch.ts';
import { rawKeyOf, strayLineKeyOf } from './result-object.ts';

/**
 * So many lines of no page are told, by kind: a file may have nothing else. All are kept, and their number is
 * told with the batch.
 */
const STRAYS_TOLD = 3;

/**
 * Reads the results of a batch once, line by line, and puts the end of each page on record. Killed anywhere
 * and done again it leaves the same: what is on record is passed over. Results that break off are read again
 * from their beginning in a later wave.
 */
export async function processBatch(context: ExtractContext, { id }: Pick<Batch, 'id'>): Promise<void> {
  const held = await takeBatch(
    context,
    id,
    ({ state, job }) => job !== null && (state === 'submitted' || state === 'processing'),
    (batch, lease) => {
      const at = context.clock.now();
      const isTakenOver = batch.state === 'processing';
      const reason = isTakenOver ? 'whoever read its results has stopped' : 'its job has succeeded';
      return moved({ ...batch, readAt: batch.readAt ?? at }, 'processing', { at, reason, lease });
    },
  );
  const provider = held && providerOf(context, held.batch);
  if (!held || !provider) return;
  const keys = (await context.batches.members(id)).map(({ page }) => page);
  const ends = new PageEnds(context, held.batch);
  const sums = new ResultSums();
  const straysTold = new Map<ExtractionFailureCode, number>();
  // Lines of up to a million characters: a batch of thousands would hold them all until its end.
  const keepLine = async (objectKey: string, raw: string): Promise<string> => {
    const body = new TextEncoder().encode(raw);
    await context.lake.put(objectKey, body, { contentType: 'text/plain; charset=utf-8' });
    return objectKey;
  };
  const keepRaw = (key: string, raw: string) => keepLine(rawKeyOf(pageOfKey(key), id), raw);
  const lines = provider.results(held.batch.job!, context.signal);
  for await (const event of readResults(lines, keys, context.extraction.answer, keepRaw)) {
    if (!(await held.renew())) return;
    // Only with something new on record: what is read again from its beginning would come no further.
    if (ends.hasWritten && context.mustStop()) {
      await ends.flush();
      await held.leave('submitted', 'no time was left for the rest of its results');
      return;
    }
    switch (event.kind) {
      case 'problem':
        await ends.flush();
        return brokenOff(context, held, event);
      case 'valid': {
        const { key, answer, tokens } = event;
        await ends.add({ kind: 'valid', page: pageOfKey(key), answer, tokens });
        break;
      }
      case 'failed':
        await ends.add({
          kind: 'failed',
          page: pageOfKey(event.key),
          failure: event.failure,
          rawKey: event.raw,
        });
        break;
      case 'stray': {
        await keepLine(strayLineKeyOf(id, event.raw), event.raw);
        const { code, message } = event.failure;
        const named = event.key === undefined ? message : `${event.key}: ${message}`;
        const told = (straysTold.get(code) ?? 0) + 1;
        straysTold.set(code, told);
        if (told <= STRAYS_TOLD) context.tell({ kind: 'stray-line', batch: id, code, message: named });
        break;
      }
      case 'repeated':
        break;
    }
    sums.add(event);
  }
  await ends.flush();
  const { counts, tokens } = sums;
  const { prices } = context.settings;
  const costUsd = tokens && prices ? costOf(tokens, prices, held.batch.route) : null;
  const reason = 'its results are on record';
  const ended = { ...held.batch, counts, tokens, costUsd };
  // Before its end: whoever dies in between does it again.
  await reportBatch(context, moved(ended, 'done', { at: context.clock.now(), reason }));
  const isMine = await held.leave('done', reason, { counts, tokens, costUsd });
  if (isMine) context.tell({ kind: 'processed', batch: id, counts });
}

async function brokenOff(context: ExtractContext, held: HeldBatch, problem: ProviderProblem): Promise<void> {
  if (problem.cause === 'missing') {
    await withoutResults(context, held.batch, problem.message);
    return;
  }
  if (!(await held.leave('submitted', `its results broke off: ${problem.message}`))) return;
  context.tell({ kind: 'problem', batch: held.batch.id, doing: 'reading its results', problem });
}

/** A job that was paid for and has nothing to read: its pages stay until a person decides. */
export async function withoutResults(
  context: ExtractContext,
  { id, job }: Pick<Batch, 'id' | 'job'>,
  reason: string,
): Promise<void> {
  const at = context.clock.now();
  const stored = await context.batches.change(id, (before) =>
    before?.state === 'submitted' || before?.lease?.owner === context.owner
      ? moved(before, 'without-results', { at, reason })
      : undefined,
  );
  if (!stored) return;
  context.tell({ kind: 'operator', message: withoutResultsText({ id, job }, reason) });
}

export function withoutResultsText({ id, job }: Pick<Batch, 'id' | 'job'>, reason: string): string {
  return `batch ${id}: its job ${job} succeeded and has no results: ${reason}; look at the provider, then resume or clear the batch`;
}

/** What is counted while results are read. */
class ResultSums {
  readonly #counts = { succeeded: 0, failed: 0, missing: 0, repeated: 0, unknownKeys: 0, invalidLines: 0 };
  #tokens: Tokens | null = null;

  get counts(): BatchCounts {
    return this.#counts;
  }

  /** Null where the provider says nothing of them. */
  get tokens(): Tokens | null {
    return this.#tokens;
  }

  add(event: Exclude<ResultEvent<unknown>, ProviderProblem>): void {
    const counts = this.#counts;
    switch (event.kind) {
      case 'valid':
        counts.succeeded++;
        break;
      case 'repeated':
        counts.repeated++;
        break;
      case 'failed':
        counts.failed++;
        if (event.failure.code === 'MISSING_RESULT') counts.missing++;
        break;
      case 'stray':
        if (event.failure.code === 'INVALID_LINE') counts.invalidLines++;
        else counts.unknownKeys++;
    }
    const { tokens } = event;
    if (!tokens) return;
    const { input, output } = this.#tokens ?? { input: 0, output: 0 };
    this.#tokens = { input: input + tokens.input, output: output + tokens.output };
  }
}
