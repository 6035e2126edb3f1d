import type { ExtractContext } from '../core/extract/extract-context.ts';
import { pageKeyText } from '../core/extract/page-key.ts';
import { reasonText, type ScanReason } from '../core/extract/scan.ts';
import { decidedPages } from '../core/extract/scan-now.ts';

/** How a page stands, and what came of it so far. */
export interface PageStatus {
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

/** Every labelled page in book order, by a scan of now. */
export async function pageStatuses(context: ExtractContext): Promise<PageStatus[]> {
  const whyNoImage = new Map<string, string>();
  const asking: ExtractContext = {
    ...context,
    tell: (event) => void (event.kind === 'no-image' && whyNoImage.set(event.page, event.reason)),
  };
  const statuses: PageStatus[] = [];
  for await (const decision of decidedPages(asking)) {
    const key = pageKeyText(decision.page);
    const { attempts, failures, lastFailure } = (await context.pages.get(key)).page;
    const why = whyNoImage.get(key);
    statuses.push({
      ...{ key, reason: decision.reason, tries: attempts, failures },
      reasonText: why === undefined ? reasonText(decision) : `${decision.reason}: ${why}`,
      lastFailure: lastFailure?.code ?? null,
    });
  }
  return statuses;
}
