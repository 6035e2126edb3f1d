import type { BookProgress } from '../extract/book-progress.ts';
import { counted } from '../wording/figures.ts';

/** What is known of a date of a table of pages beside its last publication. */
export interface PagesOfDay {
  /** Its labelled pages as the last scan saw them; null where none has seen it. */
  readonly labelled: Omit<BookProgress, 'state' | 'school' | 'year'> | null;
  /** Pages that ended a try and are not published yet. */
  readonly unpublished: number;
  /** False where the labelled pages are not published as the scan saw them. */
  readonly isPublished: boolean;
}

/** What keeps a date from being complete, and takes a person or a publication, a text each. */
export function pageTexts({ labelled, unpublished, isPublished }: PagesOfDay, failed: number): string[] {
  const { exhausted = 0, noImage = 0 } = labelled ?? {};
  const unreadable = failed - exhausted - noImage;
  const problems = [
    ...(exhausted > 0 ? [`${counted(exhausted, 'page')} exhausted`] : []),
    ...(noImage > 0 ? [`${counted(noImage, 'page')} without an image`] : []),
    ...(unreadable > 0 ? [`${counted(unreadable, 'result')} that cannot be read`] : []),
  ];
  if (unpublished > 0) return [...problems, `${counted(unpublished, 'change')} not published yet`];
  return isPublished
    ? problems
    : [...problems, 'its labelled pages are not published yet as the last scan saw them'];
}

/** What is still to come, in one text. */
export function pendingText({ labelled }: PagesOfDay, pending: number): string {
  const { inFlight = 0, waiting = 0, runnable = 0 } = labelled ?? {};
  const where = [
    ...(inFlight > 0 ? [`${inFlight} in a batch`] : []),
    ...(waiting > 0 ? [`${waiting} ${waiting === 1 ? 'waits' : 'wait'} for the page before`] : []),
    ...(runnable > 0 ? [`${runnable} to be sent`] : []),
  ];
  const have = `${counted(pending, 'page')} ${pending === 1 ? 'has' : 'have'} no result yet`;
  return where.length === 0 ? have : `${have}: ${where.join(', ')}`;
}
