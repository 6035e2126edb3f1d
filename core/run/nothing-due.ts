import { advise } from '../advice/advise.ts';
import { stepsText } from '../advice/render.ts';
import type { Source } from '../source/source.ts';
import { canLookUp, type LeftOutReason } from '../targets/schedule-status.ts';
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
export function nothingDueText(source: Source, leftOut: readonly LeftOutTarget[]): string {
  const { name } = source;
  if (leftOut.length === 0) return `no target of ${name} is due: there is none that is meant`;
  const reasons = Object.keys(WORDS) as LeftOutReason[];
  const parts = reasons.flatMap((reason) => {
    const some = leftOut.filter((each) => each.reason === reason);
    return some.length === 0 ? [] : [`${some.length} ${WORDS[reason]}${nextText(some)}`];
  });
  const canAsk = leftOut.some(({ reason }) => canLookUp(source, reason));
  const steps = canAsk ? [stepsText(advise({ kind: 'lacking', source: name }))] : [];
  return `no target of ${name} is due: ${[...parts, ...steps].join('; ')}`;
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
