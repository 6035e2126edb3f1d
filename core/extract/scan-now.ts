import type { ScanContext } from './extract-context.ts';
import { LabelledPages } from './labelled-pages.ts';
import { pageKeyText } from './page-key.ts';
import { RunMemory } from './run-memory.ts';
import { type ScanDecision, type ScanFilter, type ScanRules, scanPages } from './scan.ts';
import { type KnownPages, readKnownPages } from './scan-state.ts';

export interface ScanOptions {
  /** @default all books */
  readonly filter?: ScanFilter;
  /** Results of another model or prompt than the configured ones are asked for again. */
  readonly isOutdatedAsked?: boolean;
}

/** Decisions in book order, made as they are read; whether a page has an image is not looked at. */
export async function scanNow(
  context: ScanContext,
  { filter = {}, isOutdatedAsked = false }: ScanOptions,
  memory: RunMemory,
): Promise<{ readonly decisions: Generator<ScanDecision, void>; readonly known: KnownPages }> {
  const { maxRetries, model, promptVersion } = context.settings;
  const rules: ScanRules = {
    filter,
    maxRetries,
    ...(isOutdatedAsked && { outdatedUnless: { model, promptVersion } }),
  };
  const labels = context.library.labels((notice) => {
    if (memory.isNews(`${notice.kind} ${notice.path}`)) context.tell({ kind: 'label', notice });
  });
  const labelled = await LabelledPages.of(labels);
  const known = await readKnownPages(context, filter.states);
  return { decisions: scanPages(labelled, { ...known, hasImage: () => true }, rules), known };
}

/** Every labelled page in book order with what a run would do about it, and why; changes nothing. */
export async function* decidedPages(
  context: ScanContext,
  options: ScanOptions = {},
): AsyncGenerator<ScanDecision & { readonly hasRecord: boolean }> {
  const memory = new RunMemory();
  const { decisions, known } = await scanNow(context, options, memory);
  for (const decision of decisions)
    yield {
      ...(await withImage(context, decision, memory)),
      hasRecord: known.revision(decision.page) > 0,
    };
}

/** The image is looked for last, of pages that could be sent otherwise. */
export async function withImage(
  { library, tell }: Pick<ScanContext, 'library' | 'tell'>,
  decision: ScanDecision,
  memory: RunMemory,
): Promise<ScanDecision> {
  if (decision.reason !== 'runnable') return decision;
  const page = pageKeyText(decision.page);
  const image = await library.image(decision.page, (reason) => {
    if (memory.isNews(`image ${page}`)) tell({ kind: 'no-image', page, reason });
  });
  return image ? decision : { ...decision, reason: 'no image' };
}
