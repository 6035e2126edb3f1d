import type { ScanContext } from '../core/extract/extract-context.ts';
import { pageKeyText } from '../core/extract/page-key.ts';
import { reasonText, type ScanReason } from '../core/extract/scan.ts';
import { decidedPages, type ScanOptions } from '../core/extract/scan-now.ts';
import type { PageKey } from '../core/ports/page-library.ts';

/** How a page stands, and what came of it so far. */
export interface PageStatus {
  readonly page: PageKey;
  readonly key: string;
  readonly reason: ScanReason;
  /** `waits for page 3`, `no image: there is none of …` */
  readonly reasonText: string;
  /** Answers that ended a try of it, valid or not. */
  readonly tries: number;
  /** Counted failures since they were cleared last. */
  readonly failures: number;
  /** Code of the last one. */
  readonly lastFailure: string | null;
}

/** Every labelled page in book order, by a scan of now; they are not held together. */
export async function* eachPageStatus(
  context: ScanContext,
  options: ScanOptions = {},
): AsyncGenerator<PageStatus> {
  let whyNoImage: string | undefined;
  const asking: ScanContext = {
    ...context,
    tell: (event) => {
      if (event.kind === 'no-image') whyNoImage = event.reason;
      else context.tell(event);
    },
  };
  for await (const decision of decidedPages(asking, options)) {
    const { page, reason, hasRecord } = decision;
    const key = pageKeyText(page);
    const record = hasRecord ? (await context.pages.get(key)).page : undefined;
    yield {
      ...{ page, key, reason, tries: record?.attempts ?? 0, failures: record?.failures ?? 0 },
      reasonText: whyNoImage === undefined ? reasonText(decision) : `${reason}: ${whyNoImage}`,
      lastFailure: record?.lastFailure?.code ?? null,
    };
    whyNoImage = undefined;
  }
}

export function pageStatuses(context: ScanContext): Promise<PageStatus[]> {
  return Array.fromAsync(eachPageStatus(context));
}
