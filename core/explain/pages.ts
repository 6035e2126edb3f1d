import { advise } from '../advice/advise.ts';
import { eachOnce, type Step } from '../advice/step.ts';
import { pageTexts, pendingText } from '../completeness/pages-of-day.ts';
import { counted, itsRows } from '../wording/figures.ts';
import { isoTime } from '../wording/times.ts';
import type { Answer, WhyFacts } from './facts.ts';
import type { PageFacts, WhyPages } from './page-facts.ts';
import { publishedText } from './wording.ts';

/** Why a partition of a table of pages that a model reads, or one page of it, is as it is. */
export function explainPages(facts: WhyFacts, pages: WhyPages): Answer {
  const { item, lastRefresh } = facts;
  if (item === null) return { answer: partitionText(facts, pages), next: stepsFor(facts, pages) };
  const { page } = pages;
  if (!page) {
    const answer = lastRefresh
      ? 'no publication has seen a label of it, and it was never sent'
      : `${NOT_PUBLISHED}, and it was never sent`;
    return {
      answer,
      next: advise({ kind: 'ended', as: lastRefresh ? 'pages-unseen' : 'pages-unpublished' }),
    };
  }
  return { answer: `${pageText(facts, page)}; ${rowText(facts, page)}`, next: stepsFor(facts, pages) };
}

const NOT_PUBLISHED = 'nothing of its partition is published yet';

function partitionText(facts: WhyFacts, pages: WhyPages): string {
  const { lastRefresh } = facts;
  const texts = pageTexts(pages, lastRefresh?.failed ?? 0);
  if (!lastRefresh) return ['nothing of it is published yet', ...texts].join('; ');
  const { rows, pending } = lastRefresh;
  const open = pending > 0 ? [pendingText(pages, pending)] : [];
  return [publishedText(facts, lastRefresh, counted(rows, 'row')), ...texts, ...open].join('; ');
}

function pageText(facts: WhyFacts, page: PageFacts): string {
  const { record, hasResult, batch, waitsFor } = page;
  const { result, failures } = record;
  const again = hasResult && batch ? `; asked for again, and in batch ${batch.id} (${batch.state})` : '';
  if (hasResult && stateOf(facts) === 'failed' && !page.isUnpublished)
    return `its result cannot be read${again}`;
  if (hasResult && result)
    return `read by batch ${result.batch} with ${result.model}, ${result.promptVersion}, at ${isoTime(result.at)}${again}`;
  if (hasResult) return `its result was put there by a person${again}`;
  const failed = failures > 0 ? ` after ${counted(failures, 'failure')}, the last: ${lastText(page)}` : '';
  if (batch) return `it is in batch ${batch.id} (${batch.state})${failed}`;
  if (lacksImage(facts, page)) return 'it has no image';
  if (stateOf(facts) === 'failed' && !page.isUnpublished) return `exhausted${failed}`;
  // Nobody has looked yet whether it is labelled, and whom it waits for.
  if (!facts.lastRefresh) return `it is in no batch${failed}`;
  if (waitsFor !== null) return `it waits for page ${waitsFor}, which has no result`;
  return `the next run sends it${failed}`;
}

/** What keeps it from being read is the image, and no answer of a model. */
function lacksImage(facts: WhyFacts, { hasResult, isUnpublished, record }: PageFacts): boolean {
  return stateOf(facts) === 'failed' && !hasResult && !isUnpublished && record.failures === 0;
}

function lastText({ failures }: PageFacts): string {
  const last = failures.at(-1);
  if (!last) return 'not on record any more';
  const where = last.raw === null ? '' : `, as it came in ${last.raw}`;
  return `${last.code} ${last.message} (batch ${last.batch}${where})`;
}

function rowText({ current, lastRefresh }: WhyFacts, { isUnpublished }: PageFacts): string {
  if (!lastRefresh) return NOT_PUBLISHED;
  const item = current.kind === 'version' ? current.item : null;
  const rows = item?.rows ?? 0;
  const there =
    rows === 0 ? 'it has no row in the table' : itsRows(rows, ['is in the table', 'are in the table']);
  return isUnpublished ? `${there}; what became of it is not published yet` : there;
}

function stateOf({ current }: WhyFacts): string | undefined {
  return current.kind === 'version' ? current.item?.state : undefined;
}

function stepsFor(facts: WhyFacts, pages: WhyPages): Step[] {
  const { page, labelled, unpublished, isPublished } = pages;
  if (!facts.lastRefresh) return [...advise({ kind: 'ended', as: 'pages-unpublished' })];
  const steps: Step[] = [];
  const failed = page ? Number(stateOf(facts) === 'failed') : (facts.lastRefresh?.failed ?? 0);
  const withoutImage = page ? Number(lacksImage(facts, page)) : (labelled?.noImage ?? 0);
  if (failed > 0 && withoutImage > 0) steps.push(...advise({ kind: 'ended', as: 'pages-without-image' }));
  if (failed > withoutImage) steps.push(...advise({ kind: 'ended', as: 'pages-exhausted' }));
  const isBehind = page ? page.isUnpublished : unpublished > 0 || !isPublished;
  const isWaiting = !page && (labelled?.runnable ?? 0) + (labelled?.waiting ?? 0) > 0;
  if (isBehind || isWaiting) steps.push(...advise({ kind: 'ended', as: 'pages-waiting' }));
  return eachOnce(steps);
}
