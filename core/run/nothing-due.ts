import type { LeftOutReason } from '../targets/schedule-status.ts';
import type { LeftOutTarget } from './planned-targets.ts';

/** In the order in which they are told. */
const WORDS: Readonly<Record<LeftOutReason, string>> = {
  SCHEDULED: 'scheduled',
  TOO_RECENT: 'crawled less than 2 minutes ago',
  CLAIMED: 'being crawled by another run',
  NEXT_RUN: 'left to the next run',
  SKIPPED: 'skipped',
  PAUSED: 'paused',
  FAILED: 'failed too often',
  NEEDS_URL: 'without an address',
  NEEDS_DETECTION: 'of an unknown platform',
  NEEDS_PLATFORM_ID: 'without an id at its platform',
};

/** Why a run of a source found nothing to crawl, and until when, in one line. */
export function nothingDueText(source: string, leftOut: readonly LeftOutTarget[]): string {
  if (leftOut.length === 0) return `no target of ${source} is due: there is none that is meant`;
  const reasons = Object.keys(WORDS) as LeftOutReason[];
  const parts = reasons.flatMap((reason) => {
    const some = leftOut.filter((each) => each.reason === reason);
    return some.length === 0 ? [] : [`${some.length} ${WORDS[reason]}${nextText(some)}`];
  });
  return `no target of ${source} is due: ${parts.join('; ')}`;
}

/** Minutes are rounded up: at the one that is told it is true. */
function nextText(some: readonly LeftOutTarget[]): string {
  const [first] = some
    .flatMap(({ until }) => (until === null ? [] : [Date.parse(until)]))
    .sort((a, b) => a - b);
  if (first === undefined) return '';
  const minute = new Date(Math.ceil(first / 60_000) * 60_000).toISOString().slice(0, 16);
  return `, the next at ${minute}Z`;
}
