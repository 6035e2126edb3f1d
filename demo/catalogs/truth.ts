import { demoPages } from './books.ts';

/** What must have become of a page when nothing more can be done for it. */
export interface PageTruth {
  readonly key: string;
  readonly end: 'result' | 'exhausted' | 'waits' | 'no image';
  /** Tries that ended with an answer of the model, or with none where there should have been one. */
  readonly tries: number;
  /** Why the tries failed that did. */
  readonly code: string | null;
  /** Empty without a result. */
  readonly courses: readonly { readonly course_name: string; readonly department: string | null }[];
}

type End = Pick<PageTruth, 'end' | 'tries' | 'code'>;

const READ_AT_ONCE: End = { end: 'result', tries: 1, code: null };
const NOT_SENT = { tries: 0, code: null } as const;

/** By the rules of the trade, not by any program: three failures end the tries of a page. */
const ENDS: Readonly<Record<string, End>> = {
  'Alabama:Larch Hill College:1852:2': { end: 'result', tries: 2, code: 'TRUNCATED' },
  'Alabama:Vale Academy:1860:2': { end: 'exhausted', tries: 3, code: 'BLOCKED_CONTENT' },
  'Alabama:Vale Academy:1860:3': { end: 'waits', ...NOT_SENT },
  'New York:Brant & Dunmore Seminary:1849:3': { end: 'result', tries: 3, code: 'MISSING_RESULT' },
  'New York:Free School No. 4:1866:2': { end: 'no image', ...NOT_SENT },
  'New York:Free School No. 4:1866:3': { end: 'waits', ...NOT_SENT },
  'New York:Thornfield College:1870:1': { end: 'no image', ...NOT_SENT },
  'New York:Thornfield College:1870:2': { end: 'waits', ...NOT_SENT },
  'Ohio:Cedar Creek College:1855:3': { end: 'result', tries: 3, code: 'VALIDATION_ERROR' },
  'Ohio:Normal School at Orle:1890:4': { end: 'result', tries: 2, code: 'MISSING_RESULT' },
  'Ohio:Quill Seminary:1861:3': { end: 'exhausted', tries: 3, code: 'VALIDATION_ERROR' },
  'Ohio:Xenworth Seminary:1868:2': { end: 'result', tries: 2, code: 'API_ERROR' },
  'Ohio:Xenworth Seminary:1868:4': { end: 'result', tries: 2, code: 'EMPTY_TEXT' },
};

/** All labelled pages in book order. */
export function catalogTruth(hasFaults: boolean): PageTruth[] {
  return demoPages(hasFaults).map(({ key, courses }) => {
    const end = ENDS[key] ?? READ_AT_ONCE;
    // A page goes on with a department only where the page before is in the library, and that is read first.
    const known = courses.map(({ name, department }) => ({ course_name: name, department }));
    return { key, ...end, courses: end.end === 'result' ? known : [] };
  });
}
