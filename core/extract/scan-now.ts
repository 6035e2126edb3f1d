import type { ExtractContext } from './extract-context.ts';
import { LabelledPages } from './labelled-pages.ts';
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
  context: ExtractContext,
  { filter = {}, isOutdatedAsked = false }: ScanOptions = {},
): Promise<{ readonly decisions: Generator<ScanDecision, void>; readonly known: KnownPages }> {
  const { maxRetries, model, promptVersion } = context.settings;
  const rules: ScanRules = {
    filter,
    maxRetries,
    ...(isOutdatedAsked && { outdatedUnless: { model, promptVersion } }),
  };
  const labelled = await LabelledPages.of(context.library.labels());
  const known = await readKnownPages(context);
  return { decisions: scanPages(labelled, { ...known, hasImage: () => true }, rules), known };
}

/** Every labelled page in book order with what a run would do about it, and why; changes nothing. */
export async function* decidedPages(
  context: ExtractContext,
  options: ScanOptions = {},
): AsyncGenerator<ScanDecision> {
  for (const decision of (await scanNow(context, options)).decisions)
    yield await withImage(context, decision);
}

/** The image is looked for last, of pages that could be sent otherwise. */
export async function withImage(
  { library }: Pick<ExtractContext, 'library'>,
  decision: ScanDecision,
): Promise<ScanDecision> {
  const hasImage = decision.reason !== 'runnable' || (await library.image(decision.page)) !== undefined;
  return hasImage ? decision : { ...decision, reason: 'no image' };
}
