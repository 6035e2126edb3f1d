import type { GeminiFaultPlan } from '../gemini/faults.ts';

const TOO_FAST = { kind: 'status', status: 429, retryDelay: '36s' } as const;

/** What goes wrong at the provider, page by page and job by job; `truth.ts` says what comes of it. */
export const CATALOG_FAULTS: GeminiFaultPlan = {
  calls: [
    // An image that is taken at the third time.
    {
      call: 'start',
      of: "New York:Ladies' Inst. of Mt. Amber:1875:4",
      fault: { kind: 'status', status: 503 },
      times: 2,
    },
    { call: 'create', fault: TOO_FAST, times: 1 },
    // A job that was started, and nobody was told.
    { call: 'create', fault: { kind: 'drop-after' }, times: 1 },
    { call: 'get', fault: { kind: 'html', status: 502 }, times: 1 },
    { call: 'download', fault: { kind: 'cut' }, times: 1 },
  ],
  jobs: [
    { job: 2, fault: 'failed' },
    { job: 4, fault: 'cancelled' },
    { job: 5, fault: 'expired' },
  ],
  lines: [
    { key: 'Alabama:Larch Hill College:1852:2', fault: 'truncated', times: 1 },
    { key: "Alabama:St. Mary's-on-the-Hill:1880:10", fault: 'doubled-line' },
    { key: 'Alabama:Vale Academy:1860:2', fault: 'blocked-answer' },
    { key: 'New York:Brant & Dunmore Seminary:1849:3', fault: 'missing-line', times: 2 },
    { key: "New York:Ladies' Inst. of Mt. Amber:1875:1", fault: 'code-fence' },
    { key: 'Ohio:Cedar Creek College:1855:3', fault: 'number-for-text', times: 2 },
    { key: 'Ohio:Normal School at Orle:1890:4', fault: 'broken-line', times: 1 },
    { key: 'Ohio:Quill Seminary:1861:3', fault: 'missing-field' },
    { key: 'Ohio:Xenworth Seminary:1868:2', fault: 'error', times: 1 },
    { key: 'Ohio:Xenworth Seminary:1868:4', fault: 'empty-text', times: 1 },
  ],
  order: 'reversed',
};

/** A label without an image, and one whose image is a page of HTML. */
export const WITHOUT_IMAGE = 'New York:Free School No. 4:1866:2';
export const NO_IMAGE = 'New York:Thornfield College:1870:1';
/** Files among the labels that label no page. */
export const NO_LABELS: readonly string[] = [
  'Alabama/Larch Hill College/1851/cover.json',
  'Alabama/Larch Hill College/1851/3.JSON',
  'Ohio/Quill Seminary/notes.json',
];

/**
 * What is left of the plan for pages that failed before, under a provider that is there no more.
 * `retryDelay`: of the client that is too fast.
 */
export function faultsLeft(
  failures: ReadonlyMap<string, number>,
  retryDelay: string = TOO_FAST.retryDelay,
): GeminiFaultPlan {
  const lines = CATALOG_FAULTS.lines!.flatMap((line) => {
    if (line.times === undefined) return [line];
    const times = line.times - (failures.get(line.key) ?? 0);
    return times > 0 ? [{ ...line, times }] : [];
  });
  const calls = CATALOG_FAULTS.calls!.map((each) =>
    each.fault === TOO_FAST ? { ...each, fault: { ...TOO_FAST, retryDelay } } : each,
  );
  return { ...CATALOG_FAULTS, calls, lines };
}
