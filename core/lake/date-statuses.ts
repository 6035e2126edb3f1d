/**
 * How a date of a target stands, worst first; the first that fits is its status.
 *
 * - `upcoming`: lies after today in the source's time zone; nothing is expected of it.
 * - `missing`: there is no current version; as a rule nothing was ever committed. Where targets are crawled
 *   one by one, some were due.
 * - `damaged`: the files of its current version are not as they were committed, or gone.
 * - `held`: a version waits for a person to accept or reject it; the one before is current.
 * - `incomplete`: items failed in the last refresh, whether they keep rows from before (`carried`) or have
 *   none; or several items have the same rows; or items have no result yet although the day has been over for
 *   `PENDING_DAYS`; or the day is over and targets were due that were not crawled, or nobody knows.
 * - `stale`: the last run that was to refresh it did not; or nothing was crawled for some periods.
 * - `suspicious`: all that the source lists is there, but it took away items that had rows, or the list of a
 *   day that is over is improbably short.
 * - `open`: all that the source has so far is there, but its day is not over, or items have no result yet.
 * - `empty`: the source's own index says that there is nothing, or no target was due.
 * - `complete`: every item that the source lists is there, as of the last run; every target that was due is.
 *
 * Of a table of entities the list is that of the sources whose records feed it. So a date is no better than
 * theirs, and `incomplete` as long as one of its records is parked, dead, on its way or not published yet. Of
 * a feed that only messages bring nobody can list what there should be: all that came is there.
 */
export const DATE_STATUSES = [
  'upcoming',
  'missing',
  'damaged',
  'held',
  'incomplete',
  'stale',
  'suspicious',
  'open',
  'empty',
  'complete',
] as const;
export type DateStatus = (typeof DATE_STATUSES)[number];

/**
 * Statuses that disprove completeness. `suspicious` ones cast doubt on it, which is no more a proof of it.
 * `open` ones are neither complete nor incomplete.
 */
export const INCOMPLETE_STATUSES = [
  'missing',
  'damaged',
  'held',
  'incomplete',
  'stale',
] as const satisfies DateStatus[];
export type IncompleteStatus = (typeof INCOMPLETE_STATUSES)[number];
