import type { ProviderProblem } from '../ports/batch-provider.ts';
import type { LabelNotice } from '../ports/page-library.ts';
import { counted } from '../wording/figures.ts';
import { namesText } from '../wording/names.ts';
import { isoTime } from '../wording/times.ts';
import type { BatchCounts, BatchStateName } from './batch.ts';
import type { ExtractionFailureCode } from './extraction-failure.ts';

/** What happens while pages are extracted. `batch`: its id. */
export type ExtractEvent =
  | { readonly kind: 'claimed'; readonly batch: string; readonly pages: number }
  /** Freed again, and not counted: it comes with the next scan. */
  | {
      readonly kind: 'left-out';
      readonly batch: string;
      readonly page: string;
      readonly reason: string;
      /** The provider will not take its image: asked again in this run it would say the same. */
      readonly isRefused: boolean;
    }
  /** Of the library: once a run. */
  | { readonly kind: 'label'; readonly notice: LabelNotice }
  | { readonly kind: 'no-image'; readonly page: string; readonly reason: string }
  /** What a prompt should have been told of the page before cannot be read. */
  | { readonly kind: 'no-context'; readonly page: string; readonly reason: string }
  | { readonly kind: 'submitted'; readonly batch: string; readonly job: string; readonly pages: number }
  /** The answer to a submission was lost, and its job was found under the name of the batch. */
  | { readonly kind: 'adopted'; readonly batch: string; readonly job: string }
  | { readonly kind: 'duplicate-cancelled'; readonly batch: string; readonly job: string }
  /** A job of a batch that has another, or was given up; it may be paid for: a person should look. */
  | {
      readonly kind: 'duplicate-remains';
      readonly batch: string;
      readonly job: string;
      readonly reason: string;
    }
  | { readonly kind: 'lease-lost'; readonly batch: string }
  /** Somebody else works on it, or has died at it: it is waited for. `lease`: who, and until when. */
  | { readonly kind: 'leased'; readonly batch: string; readonly lease: string }
  | { readonly kind: 'processed'; readonly batch: string; readonly counts: BatchCounts }
  /** A line of results that belongs to no page of the batch. */
  | {
      readonly kind: 'stray-line';
      readonly batch: string;
      readonly code: ExtractionFailureCode;
      readonly message: string;
    }
  | {
      readonly kind: 'page-failed';
      readonly batch: string;
      readonly page: string;
      readonly code: ExtractionFailureCode;
      readonly message: string;
      /** 1 for the first; `maxRetries` is the last. */
      readonly attempt: number;
      readonly maxRetries: number;
    }
  | {
      readonly kind: 'ended';
      readonly batch: string;
      readonly state: BatchStateName;
      readonly reason: string;
    }
  /** Will be tried again by itself. */
  | {
      readonly kind: 'problem';
      readonly batch: string;
      readonly doing: string;
      readonly problem: ProviderProblem;
    }
  /** The provider takes nothing of what is sent: key, model. The run ends with it. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Waits for a person. */
  | { readonly kind: 'operator'; readonly message: string }
  /** Fewer pages than the provider takes in a job. `until`: milliseconds, null for ever. */
  | {
      readonly kind: 'held';
      readonly pages: number;
      readonly minimum: number;
      readonly until: number | null;
    }
  | { readonly kind: 'one-by-one'; readonly pages: number; readonly minimum: number };

/** One line for a person. */
export function extractEventText(event: ExtractEvent): string {
  switch (event.kind) {
    case 'claimed':
      return `batch ${event.batch}: ${counted(event.pages, 'page')} claimed`;
    case 'left-out':
      return `batch ${event.batch}: ${event.page} is left out: ${event.reason}`;
    case 'label':
      return `label ${event.notice.path}: ${event.notice.reason}`;
    case 'no-image':
      return `${event.page}: no image: ${event.reason}`;
    case 'no-context':
      return `${event.page}: asked without what the page before says: ${event.reason}`;
    case 'submitted':
      return `batch ${event.batch}: ${counted(event.pages, 'page')} submitted as ${event.job}`;
    case 'adopted':
      return `batch ${event.batch}: its job was submitted before, and found again: ${event.job}`;
    case 'duplicate-cancelled':
      return `batch ${event.batch}: a second job of it is cancelled: ${event.job}`;
    case 'duplicate-remains':
      return `batch ${event.batch}: cancel its job ${event.job} by hand: ${event.reason}`;
    case 'lease-lost':
      return `batch ${event.batch}: another orchestrator has taken it over`;
    case 'leased':
      return `batch ${event.batch}: ${event.lease}`;
    case 'processed':
      return `batch ${event.batch}: ${countsText(event.counts)}`;
    case 'stray-line':
      return `batch ${event.batch}: a line of no page of it: ${event.code} (${event.message})`;
    case 'page-failed':
      return `${event.page}: ${event.code} (${event.message}), try ${event.attempt}/${event.maxRetries}`;
    case 'ended':
      return `batch ${event.batch}: ${event.state}: ${event.reason}`;
    case 'problem':
      return `batch ${event.batch}: ${event.doing}: ${event.problem.message}; tried again later`;
    case 'refused':
      return `nothing more is submitted: ${event.message}`;
    case 'operator':
      return event.message;
    case 'held': {
      const until = event.until === null ? '' : `, at most until ${isoTime(event.until)}`;
      return `${counted(event.pages, 'page waits', 'pages wait')} until there are the ${event.minimum} of a job${until}`;
    }
    case 'one-by-one':
      return `${counted(event.pages, 'page has', 'pages have')} waited long enough for the ${event.minimum} of a job: asked one by one`;
  }
}

function countsText({
  succeeded,
  failed,
  missing,
  repeated,
  unknownKeys,
  invalidLines,
}: BatchCounts): string {
  const also = [
    [missing, 'without a line'],
    [repeated, 'repeated lines'],
    [unknownKeys, 'lines of other pages'],
    [invalidLines, 'invalid lines'],
  ].flatMap(([count, what]) => (count ? [`${count} ${what}`] : []));
  const rest = also.length > 0 ? ` (${namesText(also)})` : '';
  return `${counted(succeeded + failed, 'page')}: ${succeeded} succeeded, ${failed} failed${rest}`;
}
